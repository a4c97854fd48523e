"""Trends tell planted changes, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from histories import PIPELINES, REVISIONS, at, digits_runs, grown, seen, worsen
from omicsbench.records.spec import RunRecord, Status
from omicsbench.tracking.history import entries, joined
from omicsbench.tracking.trends import trends


@pytest.fixture(scope="module")
def real() -> list[RunRecord]:
    return digits_runs()


def test_nothing_changed_nothing_found(real: list[RunRecord]) -> None:
    assert grown(real, REVISIONS).findings == ()


@pytest.mark.parametrize(
    ("quantity", "worse", "size", "since"),
    [
        ("balanced_accuracy", {"score": 0.03}, -0.03, REVISIONS - 1),
        ("peak_rss_bytes", {"memory": 1.3}, 0.3, REVISIONS - 1),
        ("wall_s", {"time": 1.5}, 0.5, REVISIONS - 4),
    ],
)
def test_a_planted_step_is_found_with_its_range(
    real: list[RunRecord], quantity: str, worse: dict[str, Any], size: float, since: int
) -> None:
    found = grown(real, since, **worse)
    steps = seen(found, quantity)
    assert {(f.where[2], f.where[3]) for f in steps} == {("mlp", 50), ("mlp", 300)}
    for f in steps:
        assert (f.before, f.after, f.worse) == (since - 1, since, True)
        assert f.size == pytest.approx(size, abs=0.05)
        assert f.low <= f.size <= f.high
    assert all(f.where[2] == "mlp" for f in found.findings)


def test_an_improvement_is_told_as_one_and_comes_last(real: list[RunRecord]) -> None:
    found = grown(real, 8, memory=0.7)
    steps = seen(found, "peak_rss_bytes")
    assert len(steps) == 2
    assert not any(f.worse for f in steps)
    assert [f.worse for f in found.findings] == sorted((f.worse for f in found.findings), key=bool)


def test_failures_and_their_end_are_told(real: list[RunRecord]) -> None:
    crashed = [f for f in grown(real, 9, crash=True).findings if f.kind == "failing"]
    assert {(f.before, f.after, f.worse) for f in crashed} == {(8, 9, True)}
    assert {f.detail for f in crashed} == {"all ok, then 5 crashed"}
    made = [entries(worsen(at(real, i), "mlp", crash=i < 3))[0][0] for i in range(6)]
    mended = [f for f in trends(made).findings if f.kind == "failing"]
    assert {(f.before, f.after, f.worse) for f in mended} == {(2, 3, False)}


def test_a_repeat_that_fails_moves_no_mean(real: list[RunRecord]) -> None:
    """The mean of the other repeats is another number, and is not compared."""
    made = []
    for place in range(6):
        runs = at(real, place)
        if place == 5:
            runs = [
                r.model_copy(update={"status": Status.TIMEOUT, "scores": {}})
                if r.spec.repeat == 0
                else r
                for r in runs
            ]
        made += entries(runs)[0]
    found = trends(made).findings
    assert {f.kind for f in found} == {"failing"}
    assert {f.detail for f in found} == {"all ok, then 1 timeout"}


def test_what_vanishes_is_missing(real: list[RunRecord]) -> None:
    few = [r for r in real if r.spec.pipeline != "mlp"]
    made = [entries(at(few if place >= 2 else real, place))[0][0] for place in range(4)]
    gone = trends(made).findings
    assert {(f.kind, f.where[2], f.before, f.after) for f in gone} == {("missing", "mlp", 1, 2)}
    # Another suite that never had it is not to blame.
    made = [entries(at(few, i, suite="short") if i == 3 else at(real, i))[0][0] for i in range(4)]
    assert trends(made).findings == ()


def test_machines_are_never_joined_but_for_scores(real: list[RunRecord]) -> None:
    """A machine that is half as fast and hungrier is another machine, not a regression."""
    made = []
    for place in range(REVISIONS):
        other = place % 2
        runs = at(real, place, environment={"cpu": "slow"} if other else {})
        if other:
            for pipeline in PIPELINES:
                runs = worsen(runs, pipeline, time=2, memory=2)
        made += entries(runs)[0]
    found = trends(joined(made))
    assert found.findings == ()
    assert len(found.machines) == 2
    for s in found.series:
        costs = s.quantity in ("wall_s", "cpu_s", "peak_rss_bytes")
        assert bool(s.machine) == costs
        assert len(s.points) == (REVISIONS / 2 if costs else REVISIONS)


def test_other_data_begin_a_new_series(real: list[RunRecord]) -> None:
    made = []
    for place in range(6):
        runs = at(real, place)
        if place >= 3:
            for pipeline in PIPELINES:
                runs = worsen(runs, pipeline, score=0.2)
            runs = [
                r.model_copy(update={"spec": r.spec.model_copy(update={"dataset_id": "new"})})
                for r in runs
            ]
        made += entries(runs)[0]
    found = trends(made)
    assert found.findings == ()
    assert all({p.group for p in s.points} == {0, 1} for s in found.series)


def test_changed_libraries_are_named_beside_a_change(real: list[RunRecord]) -> None:
    made = []
    for place in range(6):
        runs = worsen(at(real, place), "mlp", score=0.05 if place >= 4 else 0)
        packages = runs[0].environment.packages | ({"numpy": "99"} if place >= 4 else {})
        runs = [
            r.model_copy(
                update={"environment": r.environment.model_copy(update={"packages": packages})}
            )
            for r in runs
        ]
        made += entries(runs)[0]
    found = trends(made)
    assert found.findings
    assert all(f.libraries[0].endswith("→ 99") for f in found.findings)
    assert list(found.libraries[found.machines[0].id]) == [4]
