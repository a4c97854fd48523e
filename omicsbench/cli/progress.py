"""What the command line shows while a suite runs: how far it is, and what time is left."""

from __future__ import annotations

import math
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
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

from omicsbench._version import __version__
from omicsbench.cli.log import Log
from omicsbench.planning.plan import Planned
from omicsbench.records.command import without
from omicsbench.records.spec import RunRecord, RunSpec, Status

BASE_WEIGHT = 200  # cells: a run costs something even on few of them
EVERY_S = 30.0  # between two lines where nobody watches
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


class Said(StrEnum):
    """How much is said while a suite runs."""

    QUIET = "quiet"  # nothing
    USUAL = "usual"  # how far it is, notes and failures
    VERBOSE = "verbose"  # each run, too


class Progress:
    """Observer of a suite: a bar, or, where nobody watches, a line from time to time.

    A run weighs as much as its cells, so that the estimate of the time left holds. ``log`` is the
    results folder beside whose records all is written down.
    """

    def __init__(self, said: Said = Said.USUAL, log: Path | None = None) -> None:
        self.console = Console(file=sys.stderr, quiet=said is Said.QUIET)
        self.verbose = said is Said.VERBOSE
        self.log = Log(log)
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
        self.weight = self.weight_done = 0
        self.started = time.monotonic()
        self.running: dict[tuple[str, str, int, int], float] = {}
        self.preparing = ""
        self._end = threading.Event()
        self._telling = threading.Thread(target=self._tell_now_and_then, daemon=True)

    def __enter__(self) -> Progress:
        self.log.write(f"omicsbench {__version__}: {called()}")
        if self.console.is_terminal:
            self.bar.start()
        else:
            self._telling.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self.console.is_terminal:  # else an empty line would be written
            self.bar.stop()
        self._end.set()
        self.log.write(f"ended: {type(error).__name__}: {error}" if error else "ended")
        self.log.close()

    def say(self, line: str) -> None:
        self.log.write(line)
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def dataset(self, name: str, share: float) -> None:
        self.preparing = f"preparing {name}, {share:.0%} done"
        self.bar.update(self.task, description=f"preparing {name}", total=1, completed=share)

    def start(self, todo: Sequence[Planned], done: int) -> None:
        self.log.open()
        self.total, self.done, self.failed = len(todo), 0, 0
        self.weight, self.weight_done = sum(_weight(p.spec) for p in todo), 0
        self.started, self.preparing = time.monotonic(), ""
        self.say(f"{self.total} runs to do" + (f", {done} done or set aside" if done else ""))
        notes = {(p.spec.dataset, n) for p in todo for n in p.prepared.facts.notes}
        for name, note in sorted(notes):
            self.say(f"{name}: {note}")
        self.bar.reset(self.task, description="starting", total=max(self.weight, 1), runs="")

    def begin(self, spec: RunSpec) -> None:
        self.running[_place(spec)] = time.monotonic()
        self.bar.update(self.task, description=f"{spec.label} on {spec.dataset}")

    def record(self, record: RunRecord) -> None:
        spec = record.spec
        self.done += 1
        self.weight_done += _weight(spec)
        began = self.running.pop(_place(spec), None)
        spent = f", {time.monotonic() - began:.1f} s" if began else ""
        why = f": {record.reason}" if record.reason else ""
        line = (
            f"{record.status}: {spec.label} on {spec.dataset}, n = {spec.size}, "
            f"repeat {spec.repeat}{spent}{why}"
        )
        failed = record.status not in (Status.OK, Status.SKIPPED)
        self.failed += failed
        if failed or self.verbose:
            self.say(line)
        else:
            self.log.write(line)
        self.bar.update(self.task, advance=_weight(spec), runs=self._counted())

    def _counted(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done}/{self.total} runs{failed}"

    def _tell_now_and_then(self) -> None:
        while not self._end.wait(EVERY_S):
            if self.total or self.preparing:
                self.say(self.state())

    def state(self) -> str:
        """In one line what is done, what is left and what runs."""
        if not self.total:
            return self.preparing
        parts = [self._counted(), f"{self.total - self.done} left"]
        if self.weight_done:
            each = (time.monotonic() - self.started) / self.weight_done
            parts[-1] += f" (about {_long(each * (self.weight - self.weight_done))})"
        now = time.monotonic()
        runs = [
            f"{label} on {dataset}, n = {size} for {_long(now - began)}"
            for (label, dataset, size, _), began in list(self.running.items())
        ]
        return ", ".join(parts) + (f"; running: {'; '.join(runs)}" if runs else "")


def called(*dropped: str) -> str:
    """The command line as it was called, but for options that are dropped with their values.

    Bytes of a file's name that are no text are shown as such.
    """
    words = shlex.join(["omicsbench", *without(sys.argv[1:], *dropped)])
    return words.encode(errors="backslashreplace").decode()


def _place(spec: RunSpec) -> tuple[str, str, int, int]:
    return spec.label, spec.dataset, spec.size, spec.repeat


def _long(seconds: float) -> str:
    """Seconds up to two minutes, minutes up to two hours, then hours."""
    units = ((7200, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
    return next(f"{seconds / per:.0f} {unit}" for least, per, unit in units if seconds >= least)


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
