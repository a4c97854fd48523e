"""What is predicted to exceed its budget by far does not run, unless forced: real workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omicsbench.registry import Registry, discover
from omicsbench.runner import run_suite
from omicsbench.spec import RunRecord, Status
from omicsbench.suite import Suite, make_suite

SLOW = """
import time
from omicsbench.plugin import method
@method(name="slow", family="deep", summary="Sleeps, ever longer.", source="tests")
class Slow:
    "Sleeps (n / 100)^3 seconds, and notes each fit."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        with open({log!r}, "a") as log:
            log.write(f"{{len(X)}}\\n")
        time.sleep((len(X) / 100) ** 3)
        return self
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")
"""
LIMIT_S = 3.0


def _suite(*sizes: int, **more: Any) -> Suite:
    settings: dict[str, Any] = {
        "name": "slow", "pipelines": ["slow"], "repeats": 2, "n_components": 2,
        "datasets": [{"name": "linear_control(n=400)", "sizes": sizes}],
        "metrics": ["knn_recall"], "timeout_s": LIMIT_S, "memory_gb": 2, "threads": 1,
    }  # fmt: skip
    return make_suite(settings | more)


class Place:
    """A results folder, the slow method, and the sizes it was fitted at."""

    def __init__(self, folder: Path) -> None:
        self.out, self.log, plugins = folder / "out", folder / "fits.log", folder / "plugins"
        plugins.mkdir()
        (plugins / "slow.py").write_text(SLOW.format(log=str(self.log)))
        self.registry: Registry = discover([plugins])

    def run(self, suite: Suite, **more: Any) -> list[RunRecord]:
        self.log.write_text("")
        return run_suite(suite, self.out, registry=self.registry, **more)

    def fitted(self) -> list[int]:
        return sorted({int(n) for n in self.log.read_text().split()} - {64})  # of the warm-up


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("budget"))


def test_what_would_exceed_its_limit_by_far_is_not_run(place: Place) -> None:
    records = place.run(_suite(50, 80, 120, 250))
    assert place.fitted() == [50, 80, 120]
    assert [r.status for r in records] == [Status.OK] * 6 + [Status.SKIPPED] * 2
    left = records[-1]
    assert str(left.reason).startswith("predicted to exceed its time limit of 3 s: about ")
    assert str(left.reason).endswith(" from 3 sizes up to 120 on the same data set")
    costs = left.predicted
    assert LIMIT_S < costs["wall_s_low"] < costs["wall_s"] < costs["wall_s_high"]
    assert 8 < costs["wall_s"] < 30, "15.6 s is what it would take"
    assert costs["peak_rss_bytes"] > 0
    assert left.limits["timeout_s"] == LIMIT_S
    assert all(r.predicted == {} for r in records[:6])


def test_the_same_command_leaves_it_out_and_a_stored_run_is_enough_to_tell(place: Place) -> None:
    first = place.run(_suite(50, 80, 120, 250))
    assert place.fitted() == []
    more = place.run(_suite(50, 80, 120, 240, 250))
    assert place.fitted() == [], "predicted from what was stored before"
    assert [r.status for r in more[6:]] == [Status.SKIPPED] * 4
    assert more[-1] == first[-1]


def test_force_runs_it(place: Place) -> None:
    records = place.run(_suite(50, 80, 120, 250), force=True)
    assert place.fitted() == [250], "what is done is not done again"
    assert [r.status for r in records[6:]] == [Status.TIMEOUT] * 2
    assert records[6].predicted == {}
    again = place.run(_suite(50, 80, 120, 250))
    assert again == records
    assert place.fitted() == []


def test_a_raised_limit_is_a_second_chance(tmp_path: Path) -> None:
    place = Place(tmp_path)
    datasets = [{"name": "linear_control(n=400)", "sizes": [20, 40, 60, 110]}]
    short = place.run(_suite(datasets=datasets, timeout_s=0.5, repeats=1))
    assert short[-1].status is Status.SKIPPED, short[-1].reason
    assert place.fitted() == [20, 40, 60]
    long = place.run(_suite(datasets=datasets, timeout_s=10, repeats=1))
    assert long[-1].status is Status.OK
    assert place.fitted() == [110]


def test_an_edited_method_is_not_judged_by_what_it_was(place: Place, tmp_path: Path) -> None:
    edited = tmp_path / "plugins"
    edited.mkdir()
    (edited / "slow.py").write_text(SLOW.format(log=str(place.log)).replace("** 3", "** 0.1 * 0"))
    records = run_suite(_suite(50, 250), place.out, registry=discover([edited]))
    assert {r.status for r in records} == {Status.OK}
