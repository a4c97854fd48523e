"""Temporary files of a process and of what it started, weighed when the disk has lost as much."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from shutil import disk_usage

import psutil

BLOCK = 512  # bytes, of st_blocks


SHARE = 0.5  # of what is free, for the temporary files of all jobs together


def disk_share(folder: str, jobs: int) -> float:
    """Bytes that the temporary files of one of several jobs may take."""
    place = Path(folder)
    while not place.exists():  # it is made when it is needed
        place = place.parent
    return disk_usage(place).free * SHARE / jobs


class DiskUse:
    """What the temporary files of a process take, as far as it may be more than ``limit`` bytes."""

    def __init__(self, folder: Path, limit: float) -> None:
        """``folder`` is that of its temporary files. Raises OSError if it is not there."""
        self.folder = folder
        self.limit = limit
        self._free = disk_usage(folder).free

    def exceeds(self, everyone: Iterable[psutil.Process]) -> bool:
        """Whether the files in the folder, and those of ``everyone`` that have no name, do.

        Asked without cost as long as the disk as a whole has lost less.
        """
        try:
            if self._free - disk_usage(self.folder).free <= self.limit:
                return False
            device = self.folder.stat().st_dev
        except OSError:  # the process removed it
            return False
        return _named(self.folder) + _nameless(everyone, device) > self.limit


def _named(folder: Path) -> int:
    total = 0
    for place, _, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, file)).st_blocks * BLOCK  # noqa: PTH118
    return total


def _nameless(everyone: Iterable[psutil.Process], device: int) -> int:
    """Bytes of open files that were deleted; only where the system tells of them in /proc."""
    found = {}
    for process in everyone:
        with contextlib.suppress(OSError):
            for link in Path(f"/proc/{process.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    file = link.stat()
                    if stat.S_ISREG(file.st_mode) and not file.st_nlink and file.st_dev == device:
                        found[file.st_ino] = file.st_blocks * BLOCK
    return sum(found.values())
