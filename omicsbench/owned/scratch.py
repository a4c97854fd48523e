"""Temporary folders that outlive no process for long.

Each is removed when its process is done with it. What a killed one left, folder and orphaned
processes that work in it, goes when the next folder is made: by the same user, on the same machine,
in the same place (``TMPDIR``).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

from omicsbench.owned.owner import lock, read_owner, this_process, write_owner

PREFIX = "omicsbench-"
OWNER_FILE = ".owner"
WORKPLACE = "TMPDIR"  # of a process that works in such a folder


@contextlib.contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """A folder for this process alone, removed at the end of the block."""
    remove_stale(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-"))
    try:
        with _held(folder, purpose):
            yield folder
    finally:
        _remove(folder)


def remove_stale(place: Path) -> list[Path]:
    """Remove the scratch folders in ``place`` whose process is gone; returns what is removed."""
    stale = [folder for folder in place.glob(f"{PREFIX}*") if _is_stale(folder)]
    for folder in stale:
        _end_orphans(folder)
        _remove(folder)
    return stale


def _remove(folder: Path) -> None:
    """Remove a folder, also where a method took away the permission to."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        with contextlib.suppress(OSError):
            folder.chmod(0o700)
            for path, names, _ in os.walk(folder):
                for inner in (Path(path) / name for name in names):
                    if not inner.is_symlink():
                        inner.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _held(folder: Path, purpose: str) -> Iterator[None]:
    """Hold a new folder. Its file says so from the moment at which it has its name."""
    handle, unnamed = tempfile.mkstemp(prefix=f"{OWNER_FILE}.", dir=folder)
    try:
        lock(handle)
        write_owner(handle, this_process(purpose))
        Path(unnamed).rename(folder / OWNER_FILE)
        yield
    finally:
        os.close(handle)


def _is_stale(folder: Path) -> bool:
    """Whether the process that made a folder is known to be gone; never of another machine's."""
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        handle = os.open(folder / OWNER_FILE, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        owner = read_owner(handle)
        if owner is None or not owner.is_here:
            return False
        free = lock(handle)
        return not owner.lives() if free is None else free
    finally:
        os.close(handle)


def _end_orphans(folder: Path) -> None:
    """Kill what a method had started, if it outlived the processes that should have ended it."""
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            place = process.environ().get(WORKPLACE)
            if place and Path(place).is_relative_to(folder.resolve()):
                process.send_signal(signal.SIGKILL)
