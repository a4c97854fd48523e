"""What the command line shows while a suite runs: a bar with an estimate of the time left."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from omicsbench.planning.plan import Planned
from omicsbench.records.spec import RunRecord, RunSpec, Status

BASE_WEIGHT = 200  # cells: a run costs something even on few of them
SAME_REQUEST_S = 3.0
AGAIN_S = 0.05
ENDING = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGXCPU,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
TRIALS = 20  # about what a search by the clock does, where nothing tells how many


class Progress:
    """Observer of a suite. A run weighs as much as its cells, so that the estimate holds."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr)
        self.bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[runs]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            speed_estimate_period=120,
        )
        self.task = self.bar.add_task("preparing", total=None, runs="")
        self.done = self.failed = self.total = 0

    def __enter__(self) -> Progress:
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def dataset(self, name: str, share: float) -> None:
        self.bar.update(self.task, description=f"preparing {name}", total=1, completed=share)

    def start(self, todo: Sequence[Planned], done: int) -> None:
        self.total, self.done, self.failed = len(todo), 0, 0
        weight = sum(_weight(p.spec) for p in todo)
        self.console.print(
            f"{self.total} runs to do" + (f", {done} done or set aside" if done else ""),
            highlight=False,
        )
        notes = {(p.spec.dataset, n) for p in todo for n in p.prepared.facts.notes}
        for name, note in sorted(notes):
            self.console.print(f"{name}: {note}", markup=False, highlight=False, soft_wrap=True)
        self.bar.reset(self.task, description="starting", total=max(weight, 1), runs="")

    def record(self, record: RunRecord) -> None:
        self.done += 1
        if record.status not in (Status.OK, Status.SKIPPED):
            self.failed += 1
            spec = record.spec
            self.console.print(
                f"{record.status}: {spec.label} on {spec.dataset}, n = {spec.size}, "
                f"repeat {spec.repeat}: {record.reason}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        failed = f", {self.failed} failed" if self.failed else ""
        self.bar.update(
            self.task,
            advance=_weight(record.spec),
            description=f"{record.spec.label} on {record.spec.dataset}",
            runs=f"{self.done}/{self.total} runs{failed}",
        )


class Steps:
    """One line that says what is being done; a line for each step where nobody watches."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr)
        self.status = self.console.status("")

    def __enter__(self) -> Steps:
        if self.console.is_terminal:
            self.status.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.status.stop()

    def __call__(self, step: str) -> None:
        if self.console.is_terminal:
            self.status.update(escape(step))
        else:
            self.console.print(step, markup=False, highlight=False, soft_wrap=True)


def _weight(spec: RunSpec) -> int:
    fits = 1 + (spec.tuning.trials or TRIALS) if spec.tuning else 1
    return fits * (spec.size + BASE_WEIGHT)


@contextmanager
def observing_signals() -> Iterator[None]:
    """Whatever a batch system sends to end a job stops a suite as Ctrl-C does.

    What comes again within seconds is the same request: `timeout` sends its signal twice, and the
    kernel repeats SIGXCPU. Once a stop got through, further ones are ignored, so that the process
    ends in its own way. Signals that were ignored (SIGHUP under `nohup`) stay so. Python swallows
    what is raised within a `__del__`, a weak reference's callback or a hook of a fork, the request
    to stop as well: it is made once more, when the program is out of there.
    """
    last = -math.inf
    number_heard = signal.SIGINT

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last, number_heard
        now = time.monotonic()
        if now - last > SAME_REQUEST_S:
            last, number_heard = now, signal.Signals(number)
            raise KeyboardInterrupt(number_heard.name)

    def swallowed(what: sys.UnraisableHookArgs) -> None:
        nonlocal last
        if not issubclass(what.exc_type, KeyboardInterrupt):
            usual_hook(what)
            return
        last = -math.inf
        threading.Timer(AGAIN_S, signal.raise_signal, [number_heard]).start()

    heard = [n for n in ENDING if signal.getsignal(n) not in (signal.SIG_IGN, None)]
    replaced = {number: signal.signal(number, stop) for number in heard}
    usual_hook, sys.unraisablehook = sys.unraisablehook, swallowed
    try:
        yield
    finally:
        sys.unraisablehook = usual_hook
        for number, handler in replaced.items():
            signal.signal(number, handler if last == -math.inf else signal.SIG_IGN)
