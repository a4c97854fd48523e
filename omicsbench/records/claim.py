"""A results folder has one writer at a time; readers are never refused.

The claim is a lock on ``.lock`` in the folder, which the kernel frees when its holder dies. Where a
file system's locks do not reach other machines, or there are none, the holder is known by its
heartbeat: it touches the file every BEAT_S, and one not heard of for LEASE_S has lost its claim.
Why so: docs/decisions/one-writer-a-folder.md.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.owned.owner import (
    Owner,
    is_named,
    lock,
    read_owner,
    this_process,
    write_owner,
)
from omicsbench.records import disk

CLAIM_FILE = ".lock"
BEAT_S = 10.0
LEASE_S = 120.0
SETTLE_S = 0.5  # without locks: until what another process wrote at the same moment is seen
OTHERWISE = "wait for it, stop it, or choose another folder"


class Claim:
    """A results folder held by this process. ``lost`` is set if it no longer is."""

    def __init__(self, folder: Path, handle: int, owner: Owner) -> None:
        self.folder = folder
        self.token = owner.token
        self.lost = threading.Event()
        self._handle = handle
        self._end = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()

    def error(self) -> StoreError:
        """What became of a claim that is lost."""
        now = read_owner(self.folder / CLAIM_FILE)
        if now:
            return StoreError(f"Stopped: {self.folder} is now filled by {now}; leave it to that.")
        return StoreError(
            f"Stopped: {self.folder}, or {CLAIM_FILE} in it, was removed; run the suite again."
        )

    def _beat(self) -> None:
        while not self._end.wait(BEAT_S):
            if not is_claimed(self.folder, self.token):
                self.lost.set()
                return
            with contextlib.suppress(OSError):
                os.utime(self._handle)

    def release(self) -> None:
        """Let the folder go, and leave nothing in it."""
        self._end.set()
        self._beating.join()
        with contextlib.suppress(OSError):
            if is_claimed(self.folder, self.token):
                (self.folder / CLAIM_FILE).unlink()
        os.close(self._handle)


@contextlib.contextmanager
def claimed(folder: Path, command: str) -> Iterator[Claim]:
    """Hold an existing results folder against other writers.

    Raises StoreError, in one sentence, if another process holds it, or it cannot be written.
    """
    try:
        claim = _claim(folder, this_process(command))
    except OSError as error:
        raise disk.explained(folder / CLAIM_FILE, error) from error
    try:
        yield claim
    finally:
        claim.release()


def is_claimed(folder: Path, token: str) -> bool:
    """Whether the claim of this token still stands; yes where it cannot be told."""
    path = folder / CLAIM_FILE
    owner = read_owner(path)
    if owner is None:
        with contextlib.suppress(OSError):
            return path.exists()
        return True
    return owner.token == token


def _claim(folder: Path, owner: Owner) -> Claim:
    path = folder / CLAIM_FILE
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            locked = lock(handle)
            before = read_owner(handle)
            if locked is False:
                raise StoreError(f"{folder} is being filled by {_named(before)}; {OTHERWISE}.")
            if not is_named(handle, path):  # its last holder has just let it go
                os.close(handle)
                continue
            if before:
                _refuse_living(folder, before, bool(locked))
            write_owner(handle, owner)
            if locked is None:
                _settle(folder, handle, owner)
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(handle)
            raise
        return Claim(folder, handle, owner)


def _refuse_living(folder: Path, before: Owner, locked: bool) -> None:
    """Raises StoreError unless who held the folder is gone. ``locked``: locks work here."""
    if before.is_here:
        if not locked and before.lives():
            raise StoreError(f"{folder} is being filled by {before}; {OTHERWISE}.")
        return
    silent = _silent_s(folder)
    if silent < LEASE_S:
        raise StoreError(
            f"{folder} is being filled by {before}, heard of {max(silent, 0):.0f} s ago; "
            f"{OTHERWISE}; if that machine is gone, try again in {LEASE_S - silent:.0f} s."
        )
    print(f"{folder} is taken over from {before}, silent for {silent:.0f} s.", file=sys.stderr)


def _silent_s(folder: Path) -> float:
    """Seconds since the last heartbeat, by the clock of the file system."""
    with tempfile.TemporaryFile(dir=folder) as fresh:
        return os.fstat(fresh.fileno()).st_mtime - (folder / CLAIM_FILE).stat().st_mtime


def _settle(folder: Path, handle: int, owner: Owner) -> None:
    """Without locks, the last of two that wrote at the same moment holds the folder."""
    time.sleep(SETTLE_S)
    now = read_owner(folder / CLAIM_FILE)
    if now is None or now.token != owner.token:
        raise StoreError(f"{folder} is being filled by {_named(now)}; {OTHERWISE}.")


def _named(owner: Owner | None) -> str:
    return str(owner) if owner else "another process"
