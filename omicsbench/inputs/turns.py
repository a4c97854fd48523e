"""One process at a time downloads a file; the others wait, but for nobody who stands still."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from omicsbench.errors import DataError

HELD_S = 900.0  # without a byte: longer than a download that obeys its limits can take to give up
POLL_S = 0.2


@contextlib.contextmanager
def alone(file: Path, part: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """A lock on ``file``, held in ``.NAME.lock`` beside it, gone with the process that holds it.

    Whoever waits is told so. Raises DataError, in one sentence, once ``part`` has not grown for
    long: its process is stopped, or hangs.
    """
    lock = file.with_name(f".{file.name}.lock")
    handle = _taken(lock, file, part, tell)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink(missing_ok=True)
        os.close(handle)


def _taken(lock: Path, file: Path, part: Path, tell: Callable[[str], None]) -> int:
    """A handle that holds the lock."""
    told = False
    seen, since = _size(part), time.monotonic()
    while True:
        handle = _open(lock)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        except OSError:  # a network file system without locks
            return handle
        else:
            if _is_at(handle, lock):
                return handle
            os.close(handle)  # of a lock that its holder has just removed
            continue
        if not told:
            tell(f"Waiting for another download of {file} to end.")
            told = True
        if (now := _size(part)) != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() - since > HELD_S:
            raise DataError(
                f"Another process downloads {file.name}, and nothing of it has arrived for "
                f"{HELD_S / 60:g} minutes: end that process (it holds {lock}) and fetch again."
            )
        time.sleep(POLL_S)


def _open(lock: Path) -> int:
    try:  # to write: locks of network file systems ask for it
        return os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:  # another user's
        return os.open(lock, os.O_RDONLY)


def _is_at(handle: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), lock.stat())
    except FileNotFoundError:
        return False


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
