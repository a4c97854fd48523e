"""What ends a worker from outside is no result: real signals, to real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from omicsbench.planning.plan import Planned
from omicsbench.planning.suite import Suite, load_suite, make_suite
from omicsbench.records import store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.running.job import Manner
from omicsbench.running.runner import Interrupted, run_suite

TARGETS = """
import os, signal, sys, time
from pathlib import Path
from omicsbench.plugin import method

NUMBER, WHEN, TIMES, NOTES = map(os.environ.get, ("NUMBER", "WHEN", "TIMES", "NOTES"))

def strike(phase):
    "Be struck by a signal in this phase: so many times, noted in a file, or every time."
    struck = len(Path(NOTES).read_text()) if NOTES and Path(NOTES).exists() else 0
    if WHEN == phase and (not NOTES or struck < int(TIMES)):
        if NOTES:
            open(NOTES, "a").write("x")
        os.kill(os.getpid(), int(NUMBER))
        time.sleep(30)

if "omicsbench.running.worker" in sys.orig_argv:
    strike("starting")

class Base:
    "The first columns."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        return self
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")

@method(name="struck", family="simple", summary="x", source="x")
class Struck(Base):
    "Is struck while warming up, or at 100 rows."
    def fit(self, X):
        strike("running" if len(X) == 100 else "warming" if len(X) == 64 else "small")
        return self

@method(name="dawdles", family="simple", summary="x", source="x")
class Dawdles(Base):
    "Takes forever from 100 rows on, but heeds an interruption as some trainers do."
    def fit(self, X):
        if len(X) >= 100 and "DAWDLE" in os.environ:
            try:
                time.sleep(3600)
            except KeyboardInterrupt:
                pass
        return self
"""
SIZES = (70, 100, 110)
# Whole suites that are stopped and resumed: docs/promises.md has what stands on them.
promised = (pytest.mark.slow, pytest.mark.promise)


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("targets")
    (folder / "targets.py").write_text(TARGETS)
    return folder


def _suite(*pipelines: str, **more: Any) -> Suite:
    settings: dict[str, Any] = {
        "name": "struck",
        "pipelines": pipelines,
        "repeats": 1,
        "datasets": [{"name": "linear_control(n=300)", "sizes": SIZES}],
        "metrics": ["knn_recall"],
        "threads": 1,
    }
    return make_suite(settings | more)


def _scores(records: list[RunRecord]) -> dict[str, dict[str, float]]:
    return {record.key: record.scores for record in records}


@pytest.fixture(scope="module")
def undisturbed(plugins: Path, tmp_path_factory: pytest.TempPathFactory) -> list[RunRecord]:
    out = tmp_path_factory.mktemp("undisturbed")
    suite = _suite("struck(2)", "dawdles(2)", "dawdles(3)")
    records = run_suite(suite, out, registry=discover([plugins]))
    assert {record.status for record in records} == {Status.OK}, {r.reason for r in records}
    return records


@pytest.mark.parametrize(
    ("number", "when", "times", "isolate"),
    [
        (signal.SIGTERM, "running", 1, False),
        (signal.SIGHUP, "starting", 1, False),
        (signal.SIGXCPU, "running", 1, True),
        (signal.SIGKILL, "warming", 2, False),
        (signal.SIGKILL, "starting", 2, False),
    ],
)
def test_a_run_whose_worker_is_ended_from_outside_is_done_again(
    tmp_path: Path,
    plugins: Path,
    undisturbed: list[RunRecord],
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    when: str,
    times: int,
    isolate: bool,
) -> None:
    notes = tmp_path / "struck"
    told = {"NUMBER": number.value, "WHEN": when, "TIMES": times, "NOTES": notes}
    for name, value in told.items():
        monkeypatch.setenv(name, str(value))
    registry = discover([plugins])
    records = run_suite(
        _suite("struck(2)"), tmp_path, registry=registry, manner=Manner(isolate_runs=isolate)
    )
    assert notes.read_text() == "x" * times
    assert [r.status for r in records] == [Status.OK] * 3, [r.reason for r in records]
    assert _scores(records).items() <= _scores(undisturbed).items()
    noted = [n for r in records for n in r.notes if number.name in n]
    assert noted == [f"done again, as {number.name} had ended the worker"]


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("starting", marks=promised),
        pytest.param("warming", marks=promised),
        "running",
    ],
)
def test_a_method_that_signals_itself_fails_without_taking_others_along(
    tmp_path: Path, plugins: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Believed at the second time, and not for good: the same command tries once more."""
    monkeypatch.setenv("NUMBER", str(int(signal.SIGTERM)))
    monkeypatch.setenv("WHEN", when)
    suite = _suite("struck(2)", datasets=[{"name": "linear_control(n=300)", "sizes": [70, 100]}])
    records = run_suite(suite, tmp_path, registry=discover([plugins]))
    ends = [Status.OK if when == "running" else Status.CRASHED, Status.CRASHED]
    assert [r.status for r in records] == ends
    assert "the process was killed by SIGTERM" in str(records[1].reason)
    monkeypatch.delenv("WHEN")
    again = run_suite(suite, tmp_path, registry=discover([plugins]))
    assert {r.status for r in again} == {Status.OK}


SUITE = """
name = "struck"
pipelines = ["dawdles(2)", "dawdles(3)"]
datasets = [{name = "linear_control(n=300)", sizes = [70, 100, 110]}]
repeats = 1
metrics = ["knn_recall"]
threads = 1
jobs = 2
"""


class Driver:
    """A suite that runs from the command line, in a session of its own, with two workers."""

    def __init__(self, folder: Path, plugins: Path, *options: str) -> None:
        self.out = folder / "out"
        self.suite = folder / "struck.toml"
        self.suite.write_text(SUITE)
        command = [sys.executable, "-P", "-m", "omicsbench", "run", str(self.suite)]
        command += ["--plugins", str(plugins), "--out", str(self.out), "--no-report", *options]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | {"DAWDLE": "1"},
        )

    def workers(self) -> list[psutil.Process]:
        """Its workers that live."""
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.Error):  # gone meanwhile
                if "omicsbench.running.worker" in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 90
        while not condition():
            assert self.process.poll() is None, self.process.communicate()[1]
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.05)

    def until_it_dawdles(self) -> list[psutil.Process]:
        self.wait(lambda: len(store.stored(self.out)) == 2 and len(self.workers()) == 2)
        time.sleep(0.5)
        self.seen = self.workers()
        return self.seen

    def end(self) -> str:
        """What it said until it ended; nothing of it is left."""
        try:
            said = self.process.communicate(timeout=60)[1]
        finally:
            self.process.kill()
        assert not psutil.wait_procs(self.seen, timeout=10)[1]
        return said


def _resume(driver: Driver, plugins: Path, undisturbed: list[RunRecord]) -> None:
    """The same suite goes on: two runs are kept, and the scores are those of one go."""
    kept = store.stored(driver.out)
    assert len(kept) == 2
    suite = load_suite(str(driver.suite))
    records = run_suite(suite, driver.out, registry=discover([plugins]))
    assert len(records) == 6
    assert {record.key: record for record in records if record.key in kept} == kept
    assert _scores(records).items() <= _scores(undisturbed).items()


@pytest.mark.parametrize(
    ("number", "order", "options"),
    [
        pytest.param(signal.SIGINT, "driver", (), marks=promised),
        (signal.SIGTERM, "driver group", ()),  # what `timeout` does
        pytest.param(signal.SIGTERM, "workers driver", ("--isolate", "run"), marks=promised),
        (signal.SIGHUP, "group workers", ()),
        pytest.param(signal.SIGXCPU, "workers group driver driver", (), marks=promised),
    ],
)
def test_a_signal_to_all_interrupts_the_suite_and_is_nobodys_result(
    tmp_path: Path,
    plugins: Path,
    undisturbed: list[RunRecord],
    number: signal.Signals,
    order: str,
    options: tuple[str, ...],
) -> None:
    driver = Driver(tmp_path, plugins, *options)
    workers = driver.until_it_dawdles()
    for target in order.split():
        if target == "driver":
            driver.process.send_signal(number)
        elif target == "group":
            os.killpg(driver.process.pid, number)
        else:
            for worker in workers:
                with contextlib.suppress(ProcessLookupError):  # the driver was faster
                    os.killpg(worker.pid, number)
        time.sleep(0.05)
    said = driver.end()
    assert driver.process.returncode == 130, said
    assert "Traceback" not in said
    by = "" if number == signal.SIGINT else f" by {number.name}"
    assert f"Stopped{by}. 2 of 6 runs are kept in {driver.out}" in said
    assert "the same command goes on from there" in said
    _resume(driver, plugins, undisturbed)


def test_a_stop_while_data_are_prepared_says_how_to_go_on(tmp_path: Path, plugins: Path) -> None:
    class Impatient:
        def dataset(self, name: str, share: float) -> None:
            raise KeyboardInterrupt("SIGTERM")

        def start(self, todo: Sequence[Planned], done: int) -> None: ...

        def record(self, record: RunRecord) -> None: ...

    said = "Stopped by SIGTERM while the data were prepared; the same command goes on"
    with pytest.raises(Interrupted, match=said):
        run_suite(_suite("struck(2)"), tmp_path, registry=discover([plugins]), observer=Impatient())


def test_an_interrupted_fit_is_not_taken_for_a_whole_one(tmp_path: Path, plugins: Path) -> None:
    driver = Driver(tmp_path, plugins)
    workers = driver.until_it_dawdles()
    for worker in workers:
        worker.send_signal(signal.SIGINT)
    driver.wait(lambda: len({w.pid for w in driver.workers()} - {w.pid for w in workers}) == 2)
    assert len(store.stored(driver.out)) == 2
    driver.process.send_signal(signal.SIGTERM)
    assert "2 of 6 runs are kept" in driver.end()


@pytest.mark.slow
@pytest.mark.promise
def test_time_in_which_the_driver_was_suspended_does_not_count(
    tmp_path: Path, plugins: Path
) -> None:
    """As by Ctrl-Z, or a batch system that lets another job go first."""
    driver = Driver(tmp_path, plugins, "--timeout", "4")
    workers = driver.until_it_dawdles()
    everyone = [psutil.Process(driver.process.pid), *workers]
    for process in everyone:
        process.suspend()
    time.sleep(5)
    for process in everyone:
        process.resume()
    time.sleep(1)
    assert len(store.stored(driver.out)) == 2, "no time limit was exceeded"
    driver.process.send_signal(signal.SIGTERM)
    assert "2 of 6 runs are kept" in driver.end()
