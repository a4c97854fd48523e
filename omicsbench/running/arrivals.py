"""Records that other machines write into the results folder: told of as they are seen here."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.records.spec import RunRecord
from omicsbench.records.store import read_record

LEAST_S = 2.0  # between two looks
SHARE = 20.0  # of a look's own time, that passes at least until the next one


class Arrivals:
    """The records of some runs that are written from now on, each told of once."""

    def __init__(self, out: Path, keys: Iterable[str]) -> None:
        self._folder = out / "runs"
        self._waiting = {f"{key}.json" for key in keys}
        self._next = 0.0
        self._before = self._seen()

    def tell(self, on_record: Callable[[RunRecord], None], now: bool = False) -> None:
        """Hand over what has come; not too often, as a folder may be large, unless ``now``."""
        begun = time.monotonic()
        if not self._waiting or (begun < self._next and not now):
            return
        for name, when in self._seen().items():
            if self._before.get(name) == when:
                continue
            with contextlib.suppress(StoreError, FileNotFoundError):  # it is read at the end again
                on_record(read_record(self._folder / name))
            self._waiting.discard(name)
        self._next = time.monotonic() + max(LEAST_S, SHARE * (time.monotonic() - begun))

    @property
    def waits(self) -> bool:
        """Whether some have not come yet."""
        return bool(self._waiting)

    def _seen(self) -> dict[str, int]:
        """When each that is waited for was written, in nanoseconds of the file system's clock."""
        found = {}
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.name in self._waiting:
                        found[entry.name] = entry.stat().st_mtime_ns
        return found
