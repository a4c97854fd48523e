"""One change told in full: its state, effect and interval, its tolerance, and what is noted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from measured import HERE, SCORES, base, head, moved, side
from omicsbench.metrics import METRICS
from omicsbench.metrics.known import facts
from omicsbench.records.facts import Environment
from omicsbench.records.spec import OwnMetric, Phases, RunRecord, Status
from omicsbench.tracking.compare import (
    Alarm,
    Change,
    Comparison,
    Strictness,
    compare_records,
    unlike_machine,
)

COSTS = {"wall_s", "cpu_s", "peak_rss_bytes"}


def changes(found: Comparison) -> dict[str, Change]:
    return {change.quantity: change for change in found.changes}


def environment(**update: Any) -> Environment:
    return HERE.model_copy(update=update)


def elsewhere(**update: Any) -> list[RunRecord]:
    return head(lambda repeat: {"environment": environment(**update)})


def test_a_fall_of_a_score_is_told_in_full() -> None:
    change = changes(compare_records(base(), head(moved(knn_recall=-0.1))))["knn_recall"]
    assert change.subject == ("d", "p", 10, "knn_recall")
    assert change.state == "regression"
    assert (change.base, change.head) == pytest.approx((0.502, 0.402))
    assert change.effect == pytest.approx(-0.1)
    assert change.low < change.effect < change.high < -0.0995
    assert (change.tolerance, change.pairs, change.blocks) == (0.01, 5, True)
    assert not change.lower_is_better
    assert not change.relative
    assert change.reason == ""
    noise = np.array([-0.0002, -0.0001, 0.0, 0.0001, 0.0002])
    p = stats.ttest_1samp(0.1 + noise, 0, alternative="greater").pvalue
    assert change.p == pytest.approx(6 * p), "the least of six p-values, five of them one"


def test_a_rise_of_a_cost_is_a_ratio() -> None:
    def hungry(repeat: int) -> dict[str, Any]:
        return {"peak_rss_bytes": round((1.5 + 0.001 * repeat) * 100 * 2**20)}

    change = changes(compare_records(base(), head(hungry)))["peak_rss_bytes"]
    assert (change.state, change.blocks, change.warns) == ("regression", True, False)
    assert change.relative
    assert change.lower_is_better
    assert change.effect == pytest.approx(1.502, abs=1e-4)
    assert 1.5 < change.low < change.effect < change.high < 1.504
    assert change.tolerance == 0.15
    assert change.head / change.base == pytest.approx(1.502)
    later = [r.model_copy(update={"started_at": "2026-01-03T00:00:00"}) for r in base()]
    assert changes(compare_records(head(hungry), later))["peak_rss_bytes"].state == "improvement"


@pytest.mark.parametrize(
    ("extra", "state"), [(0, "no change"), (8 * 2**20, "no change"), (9 * 2**20, "regression")]
)
def test_a_share_of_little_memory_is_not_worth_an_alarm(extra: int, state: str) -> None:
    def of(size: int) -> Any:
        return lambda repeat: {"peak_rss_bytes": size + repeat}

    small = 10 * 2**20
    before = [r.model_copy(update=of(small)(r.spec.repeat)) for r in base()]
    found = changes(compare_records(before, head(of(small + extra))))
    assert found["peak_rss_bytes"].state == state


@pytest.mark.parametrize("quantity", ["wall_s", "cpu_s"])
def test_milliseconds_are_not_worth_a_warning(quantity: str) -> None:
    def seconds(value: float) -> Any:
        if quantity == "cpu_s":
            return lambda repeat: {"cpu_s": value + 1e-6 * repeat}
        return lambda repeat: {"phases": Phases(fit_s=value + 1e-6 * repeat)}

    before = [r.model_copy(update=seconds(0.004)(r.spec.repeat)) for r in base()]
    assert changes(compare_records(before, head(seconds(0.0089))))[quantity].state == "no change"
    more = changes(compare_records(before, head(seconds(0.0095))))[quantity]
    assert more.state == "regression"
    assert more.warns
    assert not more.blocks


def test_a_change_as_large_as_the_tolerance_is_none() -> None:
    strict = Strictness({"knn_recall": 0.1002})
    found = compare_records(base(), head(moved(knn_recall=-0.1)), strictness=strict)
    assert changes(found)["knn_recall"].state == "no change"
    strict = Strictness({"knn_recall": 0.0998, "score": 0.9})
    found = compare_records(base(), head(moved(knn_recall=-0.1)), strictness=strict)
    assert changes(found)["knn_recall"].state == "regression", "its own goes before its kind's"
    noisy = Strictness({"knn_recall": 0.01}, {"p": {"knn_recall": 0.2}})
    found = compare_records(base(), head(moved(knn_recall=-0.1)), strictness=noisy)
    assert changes(found)["knn_recall"].state == "no change"
    assert changes(found)["knn_recall"].tolerance == 0.2
    other = Strictness({"knn_recall": 0.01}, {"q": {"knn_recall": 0.2}})
    found = compare_records(base(), head(moved(knn_recall=-0.1)), strictness=other)
    assert changes(found)["knn_recall"].state == "regression"


@pytest.mark.parametrize(
    ("kind", "quantity"), [("memory", "peak_rss_bytes"), ("time", "wall_s"), ("score", "ari")]
)
def test_tolerances_of_a_kind_are_of_no_other(kind: str, quantity: str) -> None:
    strict = Strictness({kind: 0.6})
    assert strict.tolerance("p", quantity) == 0.6
    others = {"peak_rss_bytes": 0.15, "wall_s": 0.1, "ari": METRICS["ari"].margin}
    for name in others.keys() - {quantity}:
        assert strict.tolerance("p", name) == others[name]


def test_a_share_is_meant_either_way() -> None:
    """Costs are compared by their logarithms, and 15 % more is 1.15 times as much."""
    for factor, state in ((1.149, "no change"), (1.151, "regression")):
        rss = {"peak_rss_bytes": round(factor * 100 * 2**20)}
        found = changes(compare_records(base(), head(lambda repeat, rss=rss: rss)))
        assert found["peak_rss_bytes"].state == state


def test_times_are_brought_to_the_speed_of_the_machine_unless_taken_in_turn() -> None:
    slow = head(lambda repeat: {"phases": Phases(fit_s=4.0, transform_s=2.0), "reference_s": 0.008})
    found = changes(compare_records(base(), slow))
    assert found["wall_s"].state == "no change"
    assert found["wall_s"].head == pytest.approx(3.0)
    assert found["cpu_s"].head == pytest.approx(2.0)
    assert found["peak_rss_bytes"].head == 100 * 2**20
    as_taken = changes(compare_records(base(), slow, strictness=Strictness(interleaved=True)))
    assert (as_taken["wall_s"].state, as_taken["wall_s"].blocks) == ("regression", True)
    assert as_taken["wall_s"].head == pytest.approx(6.0)
    unknown = [r.model_copy(update={"reference_s": None}) for r in base()]
    assert changes(compare_records(unknown, slow))["wall_s"].head == pytest.approx(6.0)
    untimed = [r.model_copy(update={"reference_s": None}) for r in slow]
    assert changes(compare_records(base(), untimed))["wall_s"].head == pytest.approx(6.0)


def test_what_is_too_short_for_the_clock_is_not_compared() -> None:
    for of in ("base", "head"):
        zero = [r.model_copy(update={"cpu_s": 0.0}) for r in (base() if of == "base" else head())]
        found = compare_records(*((zero, head()) if of == "base" else (base(), zero)))
        assert changes(found).keys() == {*SCORES, "wall_s", "peak_rss_bytes"}


@pytest.mark.parametrize(
    ("update", "kinds", "reason"),
    [
        ({"cpu": "cpu B"}, {"time"}, "another machine: cpu cpu A and cpu B"),
        ({"cores": 4}, {"time"}, "another machine: cores 8 and 4"),
        (
            {"threads": {"openmp": 2}},
            {"time"},
            "another machine: threads {'openmp': 1} and {'openmp': 2}",
        ),
        ({"jobs": 2}, {"time"}, "another machine: jobs 1 and 2"),
        ({"python": "3.12.7"}, {"time", "memory"}, "python 3.11 and 3.12"),
        ({"python": "3.11.9"}, set(), ""),
        (
            {"platform": "Linux-6.1-aarch64-with-glibc2.36"},
            {"time", "memory"},
            "platform Linux x86_64 glibc2.36 and Linux aarch64 glibc2.36",
        ),
        (
            {"platform": "Linux-6.1-x86_64-with-musl"},
            {"time", "memory"},
            "platform Linux x86_64 glibc2.36 and Linux x86_64 musl",
        ),
        ({"platform": "Linux-6.9-x86_64-with-glibc2.36"}, set(), ""),
    ],
)
def test_which_machines_are_alike(update: dict[str, Any], kinds: set[str], reason: str) -> None:
    other = environment(**update)
    for of in ("time", "memory"):
        assert unlike_machine(HERE, other, of) == (reason if of in kinds else "")  # type: ignore[arg-type]
    told = changes(compare_records(base(), elsewhere(**update)))
    untold = {q for q, change in told.items() if change.state == "not comparable"}
    names = {"time": {"wall_s", "cpu_s"}, "memory": {"peak_rss_bytes"}}
    assert untold == {name for kind in kinds for name in names[kind]}
    assert {told[name].reason for name in untold} <= {reason}


def test_what_cannot_be_compared_still_has_its_numbers() -> None:
    twice = {"peak_rss_bytes": 200 * 2**20, "environment": environment(python="3.12.1")}
    found = changes(compare_records(base(), head(lambda repeat: twice)))
    change = found["peak_rss_bytes"]
    assert (change.base, change.head, change.effect) == (100 * 2**20, 200 * 2**20, 2.0)
    assert np.isnan([change.low, change.high, change.p]).all()
    assert (change.tolerance, change.pairs, change.blocks) == (0.15, 5, False)
    assert change.lower_is_better
    single = compare_records(base()[:1], head(moved(knn_recall=-0.1))[:1])
    assert single.alarm is Alarm.NOT_COMPARABLE
    alone = changes(single)["knn_recall"]
    assert (alone.state, alone.reason) == ("not comparable", "a single pair: no test")
    assert alone.effect == pytest.approx(-0.1002)
    assert not alone.lower_is_better
    assert changes(single)["reconstruction_mse"].lower_is_better


def test_two_pairs_are_a_test() -> None:
    found = changes(compare_records(base()[:2], head(moved(knn_recall=-0.1))[:2]))
    assert found["knn_recall"].state == "regression"
    assert found["knn_recall"].pairs == 2


def test_changes_come_by_gravity_and_those_that_only_warn_after_the_others() -> None:
    worse = head(
        lambda repeat: (
            moved(knn_recall=-0.1, trustworthiness=0.1)(repeat)
            | {"phases": Phases(fit_s=9.0 + 0.01 * repeat), "environment": HERE}
        )
    )
    found = compare_records(base(), worse)
    assert [(c.state, c.quantity) for c in found.changes] == [
        ("regression", "knn_recall"),
        ("regression", "wall_s"),
        ("improvement", "trustworthiness"),
        ("no change", "peak_rss_bytes"),
        ("no change", "reconstruction_mse"),
        ("no change", "cpu_s"),
    ]
    assert [c.quantity for c in found.regressions] == ["knn_recall"]
    assert [c.quantity for c in found.warnings] == ["wall_s"]


def test_sides_keep_their_names_and_what_is_new_or_mended_is_counted() -> None:
    failed = [r.model_copy(update={"status": Status.CRASHED, "scores": {}}) for r in base()[:1]]
    found = compare_records([*failed, *base()[1:4]], head(), names=("v1", "a branch"))
    assert (found.base, found.head) == ("v1", "a branch")
    assert (found.pairs, found.mended, found.new, found.lost) == (3, 1, 1, ())
    assert (compare_records(base(), head()).base, compare_records(base(), head()).head) == (
        "base",
        "head",
    )


def test_of_several_versions_of_a_run_the_newest_counts() -> None:
    older = [
        r.model_copy(update={"started_at": "2025-01-01T00:00:00", "scores": {"knn_recall": 0.0}})
        for r in base()
    ]
    for records in ([*older, *base()], [*base(), *older]):
        found = compare_records(records, head())
        assert found.alarm is Alarm.NONE
        assert found.pairs == 5


def own_metric(direction: str, margin: float) -> dict[str, OwnMetric]:
    told = {"title": "Own", "direction": direction, "margin": margin}
    return {"own": OwnMetric(**facts(METRICS["ari"]) | told)}


@pytest.mark.parametrize(
    ("direction", "margin", "state"),
    [
        ("max", 0.05, "regression"),
        ("max", 0.2, "no change"),
        ("min", 0.05, "improvement"),
    ],
)
def test_metrics_of_ones_own_are_compared_as_their_records_describe_them(
    direction: str, margin: float, state: str
) -> None:
    own = own_metric(direction, margin)

    def scored(by: float) -> Any:
        return lambda repeat: {"scores": {"own": 0.5 + by}, "own_metrics": own}

    before = side(1, scored(0.0))
    change = changes(compare_records(before, head(scored(-0.1))))["own"]
    assert (change.state, change.tolerance) == (state, margin)
    assert change.lower_is_better == (direction == "min")
    single = changes(compare_records(before[:1], head(scored(-0.1))[:1]))["own"]
    assert (single.tolerance, single.lower_is_better) == (margin, direction == "min")


def test_alarms_say_in_words_what_is_wrong() -> None:
    assert [str(alarm) for alarm in Alarm] == [
        "none",
        "regression",
        "nothing comparable was measured",
        "runs lost",
    ]


def test_notes_tell_what_else_differs_each_thing_once() -> None:
    assert compare_records(base(), head()).notes == ()
    other = head(
        lambda repeat: {
            "environment": environment(
                packages={"scipy": "1.13", "numpy": "2.1", "torch": "3"}, git="0123abc-dirty"
            )
        },
        protocol=99,
        dataset_id="2",
        metric_versions={"own": "2", "my": "2", "same": "1", "new": "1"},
    )
    before = base(metric_versions={"own": "1", "my": "1", "same": "1", "old": "1"})
    assert compare_records(before, other).notes == (
        "The protocol has another number: scores may differ for that reason alone.",
        "d has other content, or is prepared otherwise.",
        "my was edited: its scores may differ for that reason alone.",
        "own was edited: its scores may differ for that reason alone.",
        "numpy 2.0 in BASE, 2.1 in HEAD.",
        "scipy 1.12 in BASE, 1.13 in HEAD.",
        "HEAD ran from a changed checkout: no revision names its code.",
    )
