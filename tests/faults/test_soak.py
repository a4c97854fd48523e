"""A driver that does thousands of runs takes no more of the machine at the end than before."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from hostile_suite import plugins
from watched import Watched

SIZES = [30, 40, 50, 60, 70]
SUITE = """
name = "soak"
pipelines = ["honest_method", "honest_method(3)"]
repeats = {repeats}
n_components = 2
metrics = ["knn_recall"]
scored = 50
background = 50
threads = 1
jobs = 2
[[datasets]]
name = "linear_control(n=2000)"
sizes = {sizes}
"""
LIMIT_S = 7200.0
MORE_BYTES = 24 * 2**20  # between a fifth of the runs and the last ones
MORE_THINGS = 3  # open files, processes, temporary files: as some come and go


@dataclass(frozen=True)
class Taken:
    """What the driver, and all that it started, take of the machine at one moment."""

    driver_bytes: int
    others_bytes: int
    handles: int
    processes: int
    files: int

    @classmethod
    def by(cls, command: Watched) -> Taken:
        driver, others = psutil.Process(command.process.pid), command.alive()
        return cls(
            driver.memory_info().rss,
            max((process.memory_info().rss for process in others), default=0),
            driver.num_fds(),
            len(others),
            len(list(command.temporary.rglob("*"))),
        )


@pytest.mark.slow
def test_many_runs_in_one_driver(
    tmp_path: Path, request: pytest.FixtureRequest, tell: Callable[[str, str, str], None]
) -> None:
    wanted = request.config.getoption("--soak", None) or 500
    repeats = max(2, wanted // (2 * len(SIZES)))
    runs = 2 * len(SIZES) * repeats
    suite = tmp_path / "soak.toml"
    suite.write_text(SUITE.format(repeats=repeats, sizes=SIZES))
    words = ["--plugins", plugins(tmp_path, ()), "--out", tmp_path / "out", "--no-report"]
    command = Watched(tmp_path, "run", suite, *words)
    try:
        seen = _watch(command, tmp_path / "out" / "runs", runs)
        assert command.wait(60) == 0, command.words()
        assert command.left() == []
        assert command.files() == []
    finally:
        command.end()
    assert len(list((tmp_path / "out" / "runs").iterdir())) == runs
    early = [taken for done, taken in seen if 0.2 * runs <= done < 0.4 * runs]
    late = [taken for done, taken in seen if done >= 0.8 * runs]
    assert early, "it was too fast to be watched"
    assert late, "it was too fast to be watched"
    before, after = _most(early), _most(late)
    assert after.driver_bytes - before.driver_bytes < MORE_BYTES, (before, after)
    assert after.others_bytes - before.others_bytes < MORE_BYTES, (before, after)
    assert after.handles - before.handles <= MORE_THINGS, (before, after)
    assert after.processes - before.processes <= MORE_THINGS, (before, after)
    assert after.files - before.files <= MORE_THINGS, (before, after)
    tell(
        "small runs in one driver",
        f"{runs}",
        f"from the second fifth to the last: driver {_mib(before.driver_bytes)} to "
        f"{_mib(after.driver_bytes)} MiB, largest worker {_mib(before.others_bytes)} to "
        f"{_mib(after.others_bytes)} MiB, open files {before.handles} to {after.handles}, "
        f"processes {before.processes} to {after.processes}, temporary files {before.files} to "
        f"{after.files}",
    )


def _watch(command: Watched, folder: Path, runs: int) -> list[tuple[int, Taken]]:
    """What is taken, by the number of runs that are done."""
    seen = []
    deadline = time.monotonic() + LIMIT_S
    while command.process.poll() is None and time.monotonic() < deadline:
        done = len(list(folder.iterdir())) if folder.is_dir() else 0
        try:
            seen.append((done, Taken.by(command)))
        except (psutil.Error, OSError):  # it ended while it was looked at
            continue
        time.sleep(0.2)
    return seen


def _most(taken: list[Taken]) -> Taken:
    names = Taken.__dataclass_fields__
    return Taken(**{name: max(getattr(one, name) for one in taken) for name in names})


def _mib(size: int) -> str:
    return f"{size / 2**20:.0f}"
