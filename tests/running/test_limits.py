"""What is predicted to exceed its budget by far does not run, unless forced: real workers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from command import inside
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.running.job import Manner
from omicsbench.running.runner import run_suite

SLOW = """
import os, time
from omicsbench.plugin import method
@method(name="slow", family="deep", summary="Sleeps, ever longer.", source="tests")
class Slow:
    "Sleeps (n / 100)^3 seconds, and notes each fit."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        with open(os.environ["SLOW_LOG"], "a") as log:
            log.write(f"{len(X)}\\n")
        time.sleep((len(X) / 100) ** 3)
        return self
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")
"""
LIMIT_S = 3.0


def _suite(*sizes: int, **more: Any) -> Suite:
    settings: dict[str, Any] = {
        "name": "slow",
        "pipelines": ["slow"],
        "repeats": 2,
        "n_components": 2,
        "datasets": [{"name": "linear_control(n=400)", "sizes": sizes}],
        "metrics": ["knn_recall"],
        "timeout_s": LIMIT_S,
        "memory_gb": 2,
        "threads": 1,
    }
    return make_suite(settings | more)


class Place:
    """A results folder, the slow method, and the sizes it was fitted at."""

    def __init__(self, folder: Path) -> None:
        self.out, self.log = folder / "out", folder / "fits.log"
        self.plugins = folder / "plugins"
        self.plugins.mkdir()
        (self.plugins / "slow.py").write_text(SLOW)

    def run(self, suite: Suite, **more: Any) -> tuple[list[RunRecord], list[int]]:
        """The records, and the sizes at which the method was fitted (warm-up left out)."""
        self.log.write_text("")
        os.environ["SLOW_LOG"] = str(self.log)
        records = run_suite(suite, self.out, registry=discover([self.plugins]), **more)
        return records, sorted({int(n) for n in self.log.read_text().split()} - {64})


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, list[RunRecord], list[int]]:
    """Sizes up to 120 run, and 250 would take five times the limit."""
    place = Place(tmp_path_factory.mktemp("budget"))
    return place, *place.run(_suite(50, 80, 120, 250))


@pytest.fixture
def place(first: tuple[Place, list[RunRecord], list[int]], tmp_path: Path) -> Place:
    """A copy of what was run first."""
    place = Place(tmp_path)
    shutil.copytree(first[0].out, place.out)
    return place


def test_what_would_exceed_its_limit_by_far_is_not_run(
    first: tuple[Place, list[RunRecord], list[int]],
) -> None:
    _, records, fitted = first
    assert fitted == [50, 80, 120]
    assert [r.status for r in records] == [Status.OK] * 6 + [Status.SKIPPED] * 2
    left = records[-1]
    assert str(left.reason).startswith("predicted to exceed its time limit of 3 s: about ")
    assert str(left.reason).endswith(" from 3 sizes up to 120 on the same data set")
    costs = left.predicted
    assert LIMIT_S < costs["wall_s_low"] < costs["wall_s"] < costs["wall_s_high"]
    assert 8 < costs["wall_s"] < 30, "15.6 s is what it would take"
    assert 0 < costs["fit_s"] < costs["wall_s_high"]
    assert costs["peak_rss_bytes"] > 0
    assert left.limits.timeout_s == LIMIT_S
    assert all(r.predicted == {} for r in records[:6])


def test_the_same_command_leaves_it_out_and_stored_runs_are_enough_to_tell(place: Place) -> None:
    again, fitted = place.run(_suite(50, 80, 120, 250))
    assert fitted == []
    more, fitted = place.run(_suite(50, 80, 120, 240, 250))
    assert fitted == [], "predicted from what was stored before"
    assert [r.status for r in more[6:]] == [Status.SKIPPED] * 4
    assert more[-1] == again[-1]


def test_force_runs_it(place: Place) -> None:
    records, fitted = place.run(_suite(50, 80, 120, 250, repeats=1), manner=Manner(force=True))
    assert fitted == [250], "what is done is not done again"
    assert [r.status for r in records[3:]] == [Status.TIMEOUT]
    assert records[3].predicted == {}
    again, fitted = place.run(_suite(50, 80, 120, 250, repeats=1))
    assert again == records
    assert fitted == []
    beyond, fitted = place.run(_suite(50, 80, 120, 250, 270, repeats=1))
    assert fitted == []
    assert "and a limit exceeded at 250" in str(beyond[-1].reason)


def test_the_command_line_says_so_and_takes_force(place: Place, tmp_path: Path) -> None:
    content = _suite(50, 80, 120, 250, repeats=1).model_dump(exclude_unset=True)
    lines = [f"{key} = {value!r}" for key, value in content.items() if key != "datasets"]
    lines += ["[[datasets]]", "name = 'linear_control(n=400)'", "sizes = [50, 80, 120, 250]"]
    (tmp_path / "slow.toml").write_text(
        "\n".join(lines)
        .replace("('slow',)", "['slow']")
        .replace("('knn_recall',)", "['knn_recall']")
    )
    command = (
        "run",
        tmp_path / "slow.toml",
        "--plugins",
        place.plugins,
        "--out",
        place.out,
        "--no-report",
    )
    done = inside(*command)
    assert "0 runs to do" in done.stderr
    assert "1 skipped: predicted to exceed its time limit of 3 s: about " in done.stdout
    assert "--force runs what is predicted to exceed its limits." in done.stdout
    forced = inside(*command, "--force")
    assert forced.returncode == 0, forced.stderr
    assert "1 timeout: exceeded its time limit of 3 s" in forced.stdout


def test_a_raised_limit_is_a_second_chance(place: Place) -> None:
    short, fitted = place.run(_suite(50, 80, 120, 220, repeats=1))
    assert short[-1].status is Status.SKIPPED, short[-1].reason
    assert fitted == []
    long, fitted = place.run(_suite(50, 80, 120, 220, repeats=1, timeout_s=60))
    assert long[-1].status is Status.OK
    assert fitted == [220]
    assert 0.5 < short[-1].predicted["wall_s"] / long[-1].phases.fit_s < 2


def test_an_edited_method_is_not_judged_by_what_it_was(place: Place) -> None:
    code = (place.plugins / "slow.py").read_text()
    (place.plugins / "slow.py").write_text(code.replace("/ 100) ** 3", "/ 100) ** 3 * 0"))
    records, _ = place.run(_suite(50, 250))
    assert {r.status for r in records} == {Status.OK}
