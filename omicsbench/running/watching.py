"""A progress bar of a suite for Python sessions: in a terminal, or in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from omicsbench.planning.plan import Planned
from omicsbench.records.spec import RunRecord, Status
from omicsbench.running.runner import Observer

LAYOUT = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} runs, {elapsed}{postfix}"


class ProgressBar:
    """Observer of a suite. Runs grow with n, so it names no time that is left."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._failed = 0

    def dataset(self, name: str, share: float) -> None:
        """Preparing takes its time, and has no runs yet."""
        self._open(total=1, layout="{desc} {elapsed}")
        self._bar.set_description_str(f"preparing {name}, {share:.0%}")

    def start(self, todo: Sequence[Planned], done: int) -> None:
        self.close()
        self._open(total=len(todo), layout=LAYOUT)
        self._bar.set_description_str("starting")

    def record(self, record: RunRecord) -> None:
        self._failed += record.status not in (Status.OK, Status.SKIPPED)
        if self._failed:
            self._bar.set_postfix_str(f"{self._failed} failed", refresh=False)
        self._bar.set_description_str(f"{record.spec.label} on {record.spec.dataset}")
        self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _open(self, total: int, layout: str) -> None:
        from tqdm.auto import tqdm

        if self._bar is None:
            self._bar = tqdm(total=total, bar_format=layout, file=sys.stderr)


@contextmanager
def watched(observer: Observer | None, progress: bool | None) -> Iterator[Observer | None]:
    """The observer that was given; else a bar, if it is wanted. None: where somebody watches."""
    if observer is not None or not (_somebody() if progress is None else progress):
        yield observer
        return
    bar = ProgressBar()
    try:
        yield bar
    finally:
        bar.close()


def _somebody() -> bool:
    """Whether this is a notebook, or errors go to a terminal."""
    return "ipykernel" in sys.modules or sys.stderr.isatty()
