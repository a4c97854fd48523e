"""Several contestants: who is the best, who shares the error, who is there for comparison only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from omicsbench.metrics import METRICS
from omicsbench.metrics.known import facts
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import OwnMetric, RunRecord, Tuning
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Outcome, Verdict
from studies import DEEP, OTHER, PCA, SIZES, flat, one, run, study

RECALL = "knn_recall"
WIDE = "net(n_components=10, width=512)"
REFERENCE = Analysis(reference="pca")


def judged(records: Iterable[RunRecord], **options: Any) -> dict[tuple[str, str, bool], Verdict]:
    """Verdicts by deep side, simple side and whether the deep one is the best of all."""
    found = verdicts(records, REFERENCE, **options)
    return {(v.deep, v.against, v.best): v for v in found}


def studied(curves: dict[str, float], **common: Any) -> list[RunRecord]:
    return study({name: flat(at) for name, at in curves.items()}, metric=RECALL, **common)


def test_the_best_of_several_has_verdicts_of_its_own_and_the_whole_level() -> None:
    found = judged(studied({DEEP: 0.6, WIDE: 0.4, PCA: 0.5, OTHER: 0.45}))
    assert found.keys() == {
        (DEEP, against, best) for against in ("reference", "best_simple") for best in (True, False)
    } | {(WIDE, "reference", False), (WIDE, "best_simple", False)}
    best = found[DEEP, "reference", True]
    assert (best.contenders, best.alpha, best.simple) == (2, 0.05, PCA)
    # The other is clearly behind: the whole level for either.
    assert found[DEEP, "reference", False].alpha == 0.05
    assert found[WIDE, "reference", False].alpha == 0.05
    assert next(iter(found)) == (DEEP, "reference", True), "the best first"
    assert (best.rivals, found[DEEP, "best_simple", True].rivals) == (1, 2)


def test_contestants_judged_one_by_one_share_the_level_as_holm_does() -> None:
    """The clearest of two in the running is tested at half the level, the other at the whole."""
    found = judged(studied({DEEP: 0.6, WIDE: 0.51, PCA: 0.5}))
    assert found[DEEP, "reference", False].alpha == 0.025
    assert found[WIDE, "reference", False].alpha == 0.05
    assert found[DEEP, "reference", True].alpha == 0.05, "of all there is one claim"


def test_who_is_ahead_may_differ_from_size_to_size() -> None:
    traded = {
        DEEP: (0.8, 0.3),
        WIDE: (0.3, 0.8),
        PCA: (0.5, 0.5),
    }
    records = [
        r
        for size, place in ((100, 0), (300, 1))
        for r in studied({name: at[place] for name, at in traded.items()}, sizes=(size,))
    ]
    v = next(v for v in verdicts(records, REFERENCE) if v.best)
    assert v.outcome is Outcome.AHEAD_FROM_SMALLEST, "at each size some one is"


def test_a_side_is_ahead_only_of_each_of_the_other() -> None:
    one_each = judged(studied({DEEP: 0.6, PCA: 0.5, OTHER: 0.7}))
    assert one_each[DEEP, "reference", True].outcome is Outcome.AHEAD_FROM_SMALLEST
    assert one_each[DEEP, "best_simple", True].outcome is Outcome.BEHIND


def test_an_only_contestant_is_the_best() -> None:
    found = judged(studied({DEEP: 0.6, PCA: 0.5}))
    assert found.keys() == {(DEEP, "reference", True), (DEEP, "best_simple", True)}
    v = found[DEEP, "reference", True]
    assert (v.contenders, v.alpha, v.is_control) == (1, 0.05, False)


def test_a_deep_control_shares_no_error_and_is_never_the_best() -> None:
    control = [
        r.model_copy(update={"is_control": r.spec.pipeline == WIDE and r.spec.repeat == 0})
        for r in studied({DEEP: 0.6, WIDE: 0.9, PCA: 0.5})
    ]
    found = judged(control)
    assert found[WIDE, "reference", False].is_control
    assert found[WIDE, "reference", False].alpha == 0.05
    assert found[DEEP, "reference", True].alpha == 0.05
    assert found[DEEP, "reference", True].contenders == 1
    assert len(found) == 4


def test_a_verdict_names_its_terms() -> None:
    v = one(studied({DEEP: 0.6, PCA: 0.5}, dataset="cells"))
    assert (v.dataset, v.task, v.device, v.metric) == ("cells", "embed", "cpu", RECALL)
    assert (v.output_dim, v.margin, v.tuning) == (10, METRICS[RECALL].margin, "")
    assert (v.unit, v.folds, v.rope, v.own_metric) == ("", False, None, None)
    assert (v.against, v.outcome, v.extrapolation) == (
        "reference",
        Outcome.AHEAD_FROM_SMALLEST,
        None,
    )
    assert v.reason == ""
    assert v.needed is None


def test_margins_of_the_suite_come_before_those_of_the_metric() -> None:
    wide = Analysis(reference="pca", margins={RECALL: 0.2})
    v = one(studied({DEEP: 0.6, PCA: 0.5}), analysis=wide)
    assert (v.margin, v.outcome) == (0.2, Outcome.EQUAL)


def test_what_may_come_is_guessed_for_the_best_only_and_where_it_is_not_ahead() -> None:
    curves = {DEEP: flat(0.48), WIDE: flat(0.4), PCA: flat(0.5)}
    guessed = {
        key: v.extrapolation is not None
        for key, v in judged(study(curves, metric=RECALL)).items()
        if v.against == "reference"
    }
    assert guessed == {
        (DEEP, "reference", True): True,
        (DEEP, "reference", False): False,
        (WIDE, "reference", False): False,
    }
    anew = judged(study(curves, metric=RECALL, features_per_size=True))
    assert all(v.extrapolation is None for v in anew.values())


def test_folds_have_a_rope() -> None:
    v = one(studied({DEEP: 0.6, PCA: 0.5}, split="kfold"))
    assert v.folds
    assert v.rope is not None
    assert v.rope.mean == pytest.approx(0.1, abs=0.005)
    assert v.rope.p_ahead > 0.99


def test_tuned_runs_compete_with_tuned_runs() -> None:
    tuning = Tuning(trials=3, metric=RECALL)
    tuned = studied({DEEP: 0.7, PCA: 0.5}, tuning=tuning)
    found = verdicts([*tuned, *studied({DEEP: 0.6, PCA: 0.5})], REFERENCE)
    assert sorted({v.tuning for v in found}) == ["", str(tuning)]
    assert all(v.interval[0] == 100 for v in found)


def test_the_shortest_pipeline_of_a_method_is_the_reference() -> None:
    long, short = "pca(n_components=10, solver='full')", PCA
    found = judged(studied({DEEP: 0.6, long: 0.3, short: 0.5}))
    assert found[DEEP, "reference", True].simple == short


def test_dimensions_are_compared_each_by_itself() -> None:
    flat_ones = studied({DEEP: 0.6, PCA: 0.5}, dataset="data")
    drawn = [
        run(name, n, r, {RECALL: at}, family=family, output_dim=2)
        for name, family, at in (("net(2)", "deep", 0.3), ("pca(2)", "simple", 0.5))
        for n in SIZES
        for r in range(5)
    ]
    found = judged([*flat_ones, *drawn])
    assert {(v.output_dim, v.deep, v.simple, v.contenders) for v in found.values()} == {
        (2, "net(2)", "pca(2)", 1),
        (10, DEEP, PCA, 1),
    }


def test_a_pipeline_has_the_dimension_of_its_largest_size() -> None:
    """A small cohort may not have as many directions as were asked for."""
    records = [
        r.model_copy(update={"output_dim": 5}) if r.spec.size == 100 else r
        for r in studied({DEEP: 0.6, PCA: 0.5}, sizes=(100, 300))
        if r.spec.size == 100 or r.spec.repeat == 0
    ]
    v = one(records, min_repeats=2)
    assert v.output_dim == 10
    assert [d.pairs for d in v.differences] == [5, 1]


def test_each_contestant_is_judged_at_the_sizes_it_was_given() -> None:
    wide = studied({WIDE: 0.6}, sizes=SIZES[:2])
    found = judged([*studied({DEEP: 0.4, PCA: 0.5}), *wide])
    assert [d.size for d in found[WIDE, "reference", False].differences] == list(SIZES[:2])
    assert found[WIDE, "reference", False].largest == 300
    best = next(v for v in found.values() if v.best and v.against == "reference")
    assert [d.size for d in best.differences] == list(SIZES)
    assert best.deep == f"{WIDE}, then {DEEP}"


def test_two_pairs_are_the_fewest_that_may_carry_a_claim() -> None:
    records = studied({DEEP: 0.9, PCA: 0.1}, repeats=2)
    assert one(records, min_repeats=2).outcome is Outcome.AHEAD_FROM_SMALLEST
    assert "at least 5 are needed" in one(records).sentence
    assert one(records).needed is None, "two do not tell how many would"


def test_a_metric_of_ones_own_is_judged_as_its_runs_describe_it() -> None:
    own = {"own": OwnMetric(**facts(METRICS[RECALL]) | {"title": "Own recall", "margin": 0.05})}
    records = [
        r.model_copy(update={"scores": {"own": r.scores[RECALL]}, "own_metrics": own})
        for r in studied({DEEP: 0.6, PCA: 0.5})
    ]
    v = one(records)
    assert (v.metric, v.margin, v.scored_by.title) == ("own", 0.05, "Own recall")
    assert v.own_metric is not None
