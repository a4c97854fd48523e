"""A contestant that cannot be paid at a size counts there with what fewer samples gave it."""

from __future__ import annotations

import pytest

from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.exports import recommendation_table
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import Recommendation, recommendations
from omicsbench.verdict.verdict import Outcome, Verdict
from studies import Curve, flat, run, study

METRIC, SMALL, LARGE = "knn_recall", 300, 3_000
MIDDLE = {"net(0)": flat(0.45), "net(1)": flat(0.5), "pca(1)": flat(0.4), "pca(2)": flat(0.41)}


def headline(records: list[RunRecord]) -> Verdict:
    found = verdicts(records)
    return next(v for v in found if v.best and v.against == "best_simple")


def too_dear(name: str, curve: Curve, status: Status = Status.TIMEOUT) -> list[RunRecord]:
    """Runs at the smaller size, and one that failed at the larger."""
    family = "deep" if name.startswith("net") else "simple"
    failed = run(name, LARGE, 0, None, family=family, status=status)
    return [*study({name: curve}, sizes=[SMALL], seed=9, metric=METRIC), failed]


def test_deep_is_not_ahead_because_its_best_rival_is_too_dear() -> None:
    records = study(MIDDLE, sizes=[SMALL, LARGE], metric=METRIC)
    assert headline(records).outcome.ahead
    v = headline([*records, *too_dear("pca(9)", flat(0.6))])
    assert v.outcome is Outcome.BEHIND
    assert v.largest == LARGE
    assert v.last.mean == pytest.approx(-0.1, abs=0.01)
    assert "pca(9) ended as 1 timeout, and counts with what it reached at n = 300" in v.last.note


def test_the_same_holds_of_the_deep_side() -> None:
    records = study(MIDDLE | {"net(2)": flat(0.3)}, sizes=[SMALL, LARGE], metric=METRIC)
    assert headline([*records, *too_dear("net(9)", flat(0.7))]).last.mean == pytest.approx(
        0.29, abs=0.01
    )


def test_one_that_is_weaker_changes_nothing() -> None:
    records = study(MIDDLE, sizes=[SMALL, LARGE], metric=METRIC)
    before, after = headline(records), headline([*records, *too_dear("pca(9)", flat(0.2))])
    assert (before.outcome, before.n_star) == (after.outcome, after.n_star)


def test_one_that_crashed_tells_nothing_of_fewer_samples() -> None:
    records = study(MIDDLE, sizes=[SMALL, LARGE], metric=METRIC)
    v = headline([*records, *too_dear("pca(9)", flat(0.6), Status.ERROR)])
    assert v.last.mean == pytest.approx(0.09, abs=0.01)


def test_a_size_that_nobody_of_a_side_could_pay_does_not_count() -> None:
    deep = study({"net(1)": flat(0.5)}, sizes=[SMALL, LARGE], metric=METRIC)
    simple = [r for name in ("pca(1)", "pca(2)") for r in too_dear(name, flat(0.4))]
    v = headline([*deep, *simple])
    assert v.largest == SMALL


def test_a_size_between_that_was_not_tried_does_not_matter() -> None:
    middle = (SMALL + LARGE) // 2
    records = study(MIDDLE, sizes=[SMALL, middle, LARGE], metric=METRIC)
    v = headline([*records, *too_dear("pca(9)", flat(0.6))])
    assert v.last.mean == pytest.approx(-0.1, abs=0.01)
    assert recommended([*records, *too_dear("pca(9)", flat(0.6))]).overall.pipeline == "pca(9)"


def recommended(records: list[RunRecord]) -> Recommendation:
    (found,) = recommendations(records)
    return found


def test_one_that_is_too_dear_is_recommended_on_fewer_samples() -> None:
    records = study(MIDDLE, sizes=[SMALL, LARGE], metric=METRIC)
    assert recommended(records).overall.pipeline == "net(1)"
    found = recommended([*records, *too_dear("pca(9)", flat(0.6))])
    assert (found.overall.pipeline, found.size, found.trained_on["pca(9)"]) == (
        "pca(9)",
        LARGE,
        SMALL,
    )
    assert found.named("pca(9)") == "pca(9) on 300 samples"
    assert found.named("net(1)") == "net(1)"
    assert set(recommendation_table([found]).trained_on) == {SMALL}
    assert list(found.families)[:3] == ["pca(1)", "pca(2)", "pca(9)"], "the last of its family"
    assert (found.seconds["pca(9)"], found.seconds["pca(1)"]) == (None, 0.0)


def test_one_that_crashed_at_the_larger_size_is_not_recommended() -> None:
    records = study(MIDDLE, sizes=[SMALL, LARGE], metric=METRIC)
    found = recommended([*records, *too_dear("pca(9)", flat(0.6), Status.ERROR)])
    assert "pca(9)" not in found.families
    assert found.trained_on == {}


def test_one_that_was_not_tried_at_the_larger_size_is_not_recommended() -> None:
    records = study(MIDDLE, sizes=[SMALL, LARGE], metric=METRIC)
    small = study({"pca(9)": flat(0.6)}, sizes=[SMALL], seed=9, metric=METRIC)
    assert "pca(9)" not in recommended([*records, *small]).families
