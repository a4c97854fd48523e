"""Two sets of records: what counts as worse, what only warns, what never passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from answer_runs import ONE, again, base
from omicsbench.records.spec import RunRecord, Status
from omicsbench.tracking.compare import Alarm, Change, Comparison, Strictness, compare_records
from omicsbench.tracking.lost_runs import MISSING, NOT_MEASURED, REPEATED

STATES = ["regression", "improvement", "no change", "not comparable"]


def scaled(r: RunRecord, factor: float) -> dict[str, Any]:
    p = r.phases
    return {
        "phases": p.model_copy(
            update={"fit_s": p.fit_s * factor, "transform_s": p.transform_s * factor}
        )
    }


def flagged(found: Comparison) -> set[str]:
    return {change.pipeline for change in found.regressions}


def test_the_same_scores_measured_again_pass() -> None:
    found = compare_records(base(), again())
    assert (found.alarm, found.lost, found.pairs) == (Alarm.NONE, (), len(base()))
    told = [c for c in found.changes if c.state != "not comparable"]  # CPU clocks tick too coarsely
    assert len(told) > 0.98 * len(found.changes)
    assert {(c.state, c.p) for c in told} == {("no change", 1.0)}


def test_lower_scores_of_one_pipeline() -> None:
    rng = np.random.default_rng(0)

    def worse(r: RunRecord) -> dict[str, Any]:
        return {
            "scores": {
                k: v + (0.03 if k == "reconstruction_mse" else -0.03) + rng.normal(0, 0.01)
                for k, v in r.scores.items()
            }
        }

    found = compare_records(base(), again(worse))
    assert found.alarm is Alarm.REGRESSION
    assert flagged(found) == {ONE}
    told = {c.subject for c in found.changes if c.pipeline == ONE and not c.relative}
    assert len({c.subject for c in found.regressions}) > 0.9 * len(told)
    one = next(c for c in found.regressions if c.quantity == "knn_recall")
    assert one.low < one.effect < one.high < 0
    assert one.head - one.base == pytest.approx(one.effect)
    rng = np.random.default_rng(0)
    back = compare_records(again(worse), base())
    assert back.alarm is Alarm.NONE
    better = {c.subject for c in back.changes if c.state == "improvement"}
    assert better == {c.subject for c in found.regressions}


def test_an_error_that_rises_is_worse() -> None:
    found = compare_records(
        base(),
        again(
            lambda r: {
                "scores": r.scores | {"reconstruction_mse": r.scores["reconstruction_mse"] + 0.05}
            }
        ),
    )
    assert {c.quantity for c in found.regressions} == {"reconstruction_mse"}


def test_within_the_tolerance_nothing_is_worse_however_significant() -> None:
    found = compare_records(
        base(), again(lambda r: {"scores": {k: v - 0.004 for k, v in r.scores.items()}})
    )
    assert found.alarm is Alarm.NONE
    strict = Strictness({"score": 0.001})
    assert (
        compare_records(
            base(),
            again(lambda r: {"scores": {k: v - 0.004 for k, v in r.scores.items()}}),
            strictness=strict,
        ).alarm
        is Alarm.REGRESSION
    )


def test_noise_without_a_change_of_the_mean_does_not_count() -> None:
    rng = np.random.default_rng(1)
    alarms = sum(
        compare_records(
            base(),
            again(lambda r: {"scores": {k: v + rng.normal(0, 0.05) for k, v in r.scores.items()}}),
        ).alarm
        is not Alarm.NONE
        for _ in range(20)
    )
    assert alarms <= 3  # of 20 at 5 %: more has a chance of 1.6 %


def test_memory_blocks_and_time_warns() -> None:
    hungry = compare_records(
        base(), again(lambda r: {"peak_rss_bytes": int(r.peak_rss_bytes * 1.3)})
    )
    assert hungry.alarm is Alarm.REGRESSION
    assert {c.quantity for c in hungry.regressions} == {"peak_rss_bytes"}
    assert all(c.effect == pytest.approx(1.3, abs=1e-3) for c in hungry.regressions)
    deep = "autoencoder(10, depth=2)"
    slow = again(lambda r: scaled(r, 2.0), deep)
    found = compare_records(base(), slow)
    assert (found.alarm, flagged(found)) == (Alarm.NONE, set())
    assert {c.pipeline for c in found.warnings} == {deep}
    assert flagged(compare_records(base(), slow, strictness=Strictness(interleaved=True))) == {deep}


def test_a_machine_that_is_slower_in_all_is_not_a_slower_method() -> None:
    deep = "autoencoder(10, depth=2)"
    busy = again(lambda r: scaled(r, 2.0) | {"reference_s": 0.008, "cpu_s": 2 * r.cpu_s}, deep)
    assert not compare_records(base(), busy).warnings


@pytest.mark.parametrize(
    ("name", "value", "unlike"),
    [
        ("cpu", "another", {"time"}),
        ("cores", 64, {"time"}),
        ("python", "3.99.1", {"time", "memory"}),
        ("python", "{own}.999", set()),
        ("platform", "Plan9-1-amd64", {"time", "memory"}),
    ],
)
def test_costs_of_another_machine_are_not_comparable(
    name: str, value: Any, unlike: set[str]
) -> None:
    own = ".".join(base()[0].environment.python.split(".")[:2])
    value = value.format(own=own) if isinstance(value, str) else value
    moved = [
        r.model_copy(update={"environment": r.environment.model_copy(update={name: value})})
        for r in again()
    ]
    found = compare_records(base(), moved)
    kinds = {"peak_rss_bytes": "memory", "wall_s": "time", "cpu_s": "time"}
    untold = [c for c in found.changes if c.state == "not comparable" and c.pairs > 1]
    assert {kinds[c.quantity] for c in untold} == unlike
    assert all(c.reason for c in untold)
    assert found.alarm is Alarm.NONE


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.OK])
def test_a_run_that_newly_fails_never_passes(status: Status) -> None:
    victim = next(r for r in base() if r.spec.pipeline == ONE)
    broken = [
        r.model_copy(update={"status": status, "reason": "planted", "scores": {}})
        if r.key == victim.key
        else r
        for r in again()
    ]
    found = compare_records(base(), broken)
    assert found.alarm is Alarm.LOST
    assert [(x.status, x.reason, x.size) for x in found.lost] == [
        (status.value, "planted", victim.spec.size)
    ]
    mended = compare_records(broken, base())
    assert (mended.alarm, mended.mended) == (Alarm.NONE, 1)
    assert (
        compare_records(broken, [r.model_copy(update={"started_at": "x"}) for r in broken]).lost
        == ()
    )


def test_what_is_missing_never_passes() -> None:
    found = compare_records(base(), again()[1:])
    assert (found.alarm, [x.status for x in found.lost]) == (Alarm.LOST, [MISSING])
    without = again(lambda r: {"scores": {k: v for k, v in r.scores.items() if k != "knn_recall"}})
    found = compare_records(base(), without)
    assert found.alarm is Alarm.LOST
    assert {x.pipeline for x in found.lost} == {ONE}
    assert all("kNN recall" in x.reason for x in found.lost)


def test_nothing_measured_is_told_from_fine() -> None:
    same = compare_records(base(), base())
    assert same.alarm is Alarm.NOT_COMPARABLE
    assert {x.status for x in same.lost} == {NOT_MEASURED}
    assert compare_records(base(), []).alarm is Alarm.NOT_COMPARABLE
    other = [
        r.model_copy(update={"spec": r.spec.model_copy(update={"dataset": "another"})})
        for r in again()
    ]
    found = compare_records(base(), other)
    assert (found.alarm, found.new) == (Alarm.NOT_COMPARABLE, len(base()))
    half = [a if i % 2 else b for i, (a, b) in enumerate(zip(base(), again(), strict=True))]
    assert compare_records(base(), half).alarm is Alarm.LOST


def test_a_method_that_returns_an_earlier_result() -> None:
    first: dict[tuple[str, int], RunRecord] = {}

    def previous(r: RunRecord) -> dict[str, Any]:
        kept = first.setdefault((r.spec.dataset, r.spec.size), r)
        return {"scores": kept.scores, "scores_se": kept.scores_se}

    found = compare_records(base(), again(previous))
    assert found.alarm is Alarm.LOST
    assert {(x.status, x.pipeline) for x in found.lost} == {(REPEATED, ONE)}
    # What rightly repeats itself, in BASE too, is not held against it.
    assert compare_records(again(previous), base()).lost == ()
    steady = again(previous)
    anew = [r.model_copy(update={"started_at": r.started_at + "2"}) for r in steady]
    assert compare_records(steady, anew).alarm is Alarm.NONE


def test_new_code_and_new_data_pair_with_the_old() -> None:
    def renamed(r: RunRecord) -> RunRecord:
        spec = r.spec.model_copy(
            update={
                "pipeline_id": "0" * 16,
                "dataset_id": "1" * 16,
                "metrics": (*r.spec.metrics, "more"),
            }
        )
        return r.model_copy(update={"spec": spec, "key": spec.key})

    found = compare_records(base(), [renamed(r) for r in again()])
    assert (found.alarm, found.pairs) == (Alarm.NONE, len(base()))
    assert sum("other content" in note for note in found.notes) == 2  # data sets


def test_a_single_pair_is_no_test() -> None:
    alone = [r for r in base() if r.spec.repeat == 0]
    anew = [r.model_copy(update={"started_at": "later"}) for r in alone]
    found = compare_records(alone, anew)
    assert {c.state for c in found.changes} == {"not comparable"}
    assert found.alarm is Alarm.NOT_COMPARABLE


def test_the_p_values_are_those_of_scipy() -> None:
    rng = np.random.default_rng(2)
    noisy = again(
        lambda r: {"scores": {k: v + rng.normal(-0.01, 0.02) for k, v in r.scores.items()}}
    )
    found = compare_records(base(), noisy)
    scores = [c for c in found.changes if not c.relative and c.quantity != "reconstruction_mse"]
    after = {r.key: r for r in noisy}
    raw = {}
    for change in (c for c in found.changes if c.state != "not comparable"):
        both = [
            (r.scores[change.quantity], after[r.key].scores[change.quantity])
            for r in base()
            if (r.spec.dataset, r.spec.pipeline, r.spec.size) == change.subject[:3]
            and change.quantity in r.scores
        ]
        if both and any(a != b for a, b in both):
            a, b = np.array(both).T
            tail = "greater" if change.quantity == "reconstruction_mse" else "less"
            raw[change.subject] = float(stats.ttest_rel(b, a, alternative=tail).pvalue)
        else:
            raw[change.subject] = 1.0
    adjusted = dict(zip(raw, stats.false_discovery_control(list(raw.values())), strict=True))
    assert len(scores) > 50
    for change in scores:
        assert change.p == pytest.approx(adjusted[change.subject], abs=1e-9)


@given(st.permutations(range(24)))
def test_the_order_of_records_does_not_matter(order: list[int]) -> None:
    few = [r for r in base() if r.spec.repeat < 2 and r.spec.size <= 150][:24]
    anew = [r.model_copy(update={"started_at": r.started_at + "1"}) for r in few]
    shuffled = [anew[i] for i in order if i < len(anew)]
    assert compare_records(few, shuffled).changes == compare_records(few, anew).changes


def test_the_worst_come_first() -> None:
    found = compare_records(
        base(), again(lambda r: {"scores": {k: v - 0.1 for k, v in r.scores.items()}})
    )
    states = [c.state for c in found.changes]
    assert states == sorted(states, key=STATES.index)
    assert all(isinstance(c, Change) for c in found.changes)
