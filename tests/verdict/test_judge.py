"""Verdicts on synthetic learning curves whose crossover is known."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.metrics.base import METRICS, Metric
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.verdict.choose import is_reference
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Outcome, Verdict
from studies import DEEP, JUDGED, MARGIN, OTHER, PCA, SIZES, Curve, flat, one, run, study


def _toy(name: str, direction: str) -> Metric:
    return Metric(name, name, (None, None), direction, "tests", "labels", float, (), MARGIN)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def toy_metrics() -> Iterable[None]:
    """Two metrics that differ in direction only, with a margin exact in binary."""
    METRICS.update(toy_max=_toy("toy_max", "max"), toy_min=_toy("toy_min", "min"))
    yield
    del METRICS["toy_max"], METRICS["toy_min"]


@pytest.mark.parametrize("metric", ["toy_max", "toy_min"])
@pytest.mark.parametrize(
    ("deep", "outcome", "n_star"),
    [
        (flat(0.6), Outcome.AHEAD_FROM_SMALLEST, 100),
        (flat(0.4), Outcome.BEHIND, None),
        (lambda n: 0.6 if n >= 1000 else 0.4, Outcome.AHEAD_FROM, 1000),
        (lambda n: 0.6 if n >= 3000 else 0.4, Outcome.AHEAD_FROM, 3000),
        # Ahead, behind, ahead again: only the last crossing lasts.
        (lambda n: 0.4 if n == 1000 else 0.6, Outcome.AHEAD_FROM, 3000),
        (lambda n: 0.4 if n == 3000 else 0.6, Outcome.BEHIND, None),
        # Better or worse, but by less than the margin.
        (flat(0.5 + MARGIN / 2), Outcome.EQUAL, None),
        (flat(0.5 - MARGIN / 2), Outcome.EQUAL, None),
    ],
)
def test_known_crossovers(deep: Curve, outcome: Outcome, n_star: int | None, metric: str) -> None:
    v = one(study({DEEP: deep, PCA: flat(0.5)}, metric=metric))
    assert (v.outcome, v.n_star) == (outcome, n_star)
    assert v.interval == (n_star, n_star)
    least = min(v.p_ahead or 0, v.p_behind or 0, v.p_equal or 0)
    assert v.p_claim == least <= 0.025, "of three claims the one that is shown"
    assert (v.smallest, v.largest, v.repeats, v.margin) == (100, 3000, 5, MARGIN)
    assert [d.mean for d in v.differences] == pytest.approx(
        [deep(n) - 0.5 for n in SIZES], abs=0.005
    )


def test_a_noisy_tie_is_open() -> None:
    v = one(study({DEEP: flat(0.5 + MARGIN), PCA: flat(0.5)}, noise=0.05))
    assert v.outcome is Outcome.OPEN
    assert (v.n_star, v.simple_from, v.p_claim) == (None, None, None)
    assert "reaches beyond the margin" in v.sentence


def test_simple_is_ahead_from_a_size_on_as_deep_is() -> None:
    v = one(study({DEEP: lambda n: 0.4 if n >= 1000 else 0.6, PCA: flat(0.5)}))
    assert (v.outcome, v.simple_from, v.standing) == (Outcome.BEHIND, 1000, "behind")
    assert v.p_claim == v.p_behind


def test_an_uncertain_crossover_has_a_wide_interval() -> None:
    gain = {100: -0.1, 300: 0.01, 1000: 0.03, 3000: 0.2}
    v = one(study({DEEP: lambda n: 0.5 + gain[n], PCA: flat(0.5)}, noise=0.02, repeats=6))
    assert v.outcome is Outcome.AHEAD_FROM
    assert v.n_star is not None
    low, high = v.interval
    assert low is not None
    assert high is not None
    assert low <= v.n_star <= high
    assert low < high


def test_copies_have_no_winner() -> None:
    for seed in range(20):
        v = one(study({DEEP: flat(0.5), PCA: flat(0.5)}, noise=0.02, seed=seed))
        assert v.standing in ("equal", "open")
    same = study({PCA: flat(0.5)})
    copies = [run(DEEP, r.spec.size, r.spec.repeat, r.scores, family="deep") for r in same]
    assert one([*same, *copies]).outcome is Outcome.EQUAL


def test_few_false_claims_at_the_margin() -> None:
    """At a true difference equal to the margin, ahead is claimed in about 2.5 % of studies."""
    rng = np.random.default_rng(0)
    records = []
    for i in range(400):
        for r in range(5):
            records.append(run(PCA, 100, r, {"toy_max": 0.0}, dataset=f"d{i}"))
            score = {"toy_max": MARGIN + float(rng.normal())}
            records.append(run(DEEP, 100, r, score, family="deep", dataset=f"d{i}"))
    found = [v for v in verdicts(records, JUDGED) if v.against == "reference"]
    assert len(found) == 400
    assert sum(v.outcome.ahead for v in found) / 400 < 0.06


def test_too_few_repeats_give_no_claim() -> None:
    v = one(study({DEEP: flat(0.9), PCA: flat(0.1)}, repeats=3))
    assert v.outcome is Outcome.OPEN
    assert "3 repeats; at least 5 are needed for a claim" in v.sentence
    assert (v.p_ahead, v.p_behind, v.p_equal) == (None, None, None)
    assert v.needed is None, "they say too little of the scatter"
    assert one(study({DEEP: flat(0.9), PCA: flat(0.1)}, repeats=3), min_repeats=3).outcome.ahead
    single = one(study({DEEP: flat(0.9), PCA: flat(0.1)}, repeats=1))
    assert "1 repeat;" in single.sentence
    assert single.differences[0].low is None
    with pytest.raises(ValueError, match="min_repeats"):
        verdicts([], min_repeats=1)


def failing(records: list[RunRecord], pipeline: str, sizes: tuple[int, ...]) -> list[RunRecord]:
    return [
        run(pipeline, r.spec.size, r.spec.repeat, None, family=r.family)
        if r.spec.pipeline == pipeline and r.spec.size in sizes
        else r
        for r in records
    ]


def test_failed_deep_runs_are_not_ahead() -> None:
    ahead = study({DEEP: flat(0.6), PCA: flat(0.5)})
    v = one(failing(ahead, DEEP, (300,)))
    assert (v.outcome, v.n_star) == (Outcome.AHEAD_FROM, 1000)
    last = one(failing(ahead, DEEP, (3000,)))
    assert (last.outcome, last.largest) == (Outcome.OPEN, 1000), "not ahead at every size"
    assert f"ahead there, but at n = 3,000 {DEEP} ended as 5 timeout" in last.sentence
    partly = [r for r in ahead if r.spec.repeat or r.spec.size < 3000 or r.family != "deep"]
    partly.append(run(DEEP, 3000, 0, None, family="deep", status=Status.OUT_OF_MEMORY))
    assert one(partly).largest == 1000
    assert "1 out_of_memory" in one(partly).sentence
    assert verdicts(failing(ahead, DEEP, SIZES), JUDGED) == []


def test_failed_simple_runs_leave_the_size_out() -> None:
    records = failing(study({DEEP: flat(0.6), PCA: flat(0.5)}), PCA, (100, 3000))
    v = one(records)
    assert (v.outcome, v.smallest, v.largest) == (Outcome.AHEAD_FROM_SMALLEST, 300, 1000)
    assert [d.use for d in v.differences] == ["left_out", "compared", "compared", "left_out"]
    assert f"At n = 100: {PCA} ended as 5 timeout." in v.sentence


def test_missing_runs_carry_no_claim() -> None:
    records = study({DEEP: flat(0.6), PCA: flat(0.5)})
    gone = [r for r in records if not (r.spec.size == 3000 and r.spec.repeat > 1)]
    v = one(gone)
    assert (v.largest, v.repeats) == (1000, 5)
    assert "At n = 3,000: 2 repeats; at least 5 are needed" in v.sentence


def test_unequal_terms_are_not_compared() -> None:
    deep = study({DEEP: flat(0.9)})
    for other in ({"output_dim": 2}, {"device": "cuda"}, {"dataset": "elsewhere"}):
        assert verdicts([*deep, *study({PCA: flat(0.1)}, **other)], JUDGED) == []


def test_controls_are_never_contestants() -> None:
    records = study({DEEP: flat(0.6), PCA: flat(0.5)})
    oracle = [
        run("oracle(n_components=10)", n, r, {"toy_max": 1.0}, family="control")
        for n in SIZES
        for r in range(5)
    ]
    found = verdicts([*records, *oracle], JUDGED)
    assert {v.simple for v in found} == {PCA}
    assert {v.deep for v in found} == {DEEP}


def test_validation_says_who_is_named_never_what_is_claimed() -> None:
    deep = study({DEEP: flat(0.6)})
    lucky = [
        run(OTHER, n, r, {"toy_max": 0.9}, validation={"toy_max": 0.1})
        for n in SIZES
        for r in range(5)
    ]
    sound = [
        run(PCA, n, r, {"toy_max": 0.5}, validation={"toy_max": 0.5 if n < 1000 else 0.05})
        for n in SIZES
        for r in range(5)
    ]
    v = one([*deep, *lucky, *sound], "best_simple")
    assert [d.simple for d in v.differences] == [PCA, PCA, OTHER, OTHER]
    assert v.simple == f"{PCA}, then {OTHER}"
    assert [d.mean for d in v.differences] == pytest.approx([0.6 - 0.9] * 4, abs=0.005)
    assert (v.outcome, v.simple_from, v.rivals) == (Outcome.BEHIND, 100, 2)
    assert one([*deep, *lucky, *sound]).outcome is Outcome.AHEAD_FROM_SMALLEST
    blind = [r.model_copy(update={"validation": {}}) for r in [*deep, *lucky, *sound]]
    unnamed = one(blind, "best_simple")
    assert (unnamed.outcome, unnamed.simple_from) == (v.outcome, v.simple_from)
    assert unnamed.simple == "", "nobody is named without validation scores"


def test_the_best_is_the_lowest_where_lower_is_better() -> None:
    curves = {DEEP: flat(0.6), PCA: flat(0.5), OTHER: flat(0.3)}
    v = one(study(curves, metric="toy_min"), "best_simple")
    assert v.simple == PCA
    assert v.last.mean == pytest.approx(0.1, abs=0.005)


def test_the_reference_is_a_parameter() -> None:
    assert is_reference("pca(n_components=2)", "pca")
    assert is_reference("pca", "pca")
    assert not is_reference("pca(n_components=2) > map", "pca")
    assert not is_reference("pca_like(n_components=2)", "pca")
    assert is_reference("pca(n_components=2) > map", "pca(n_components=2) > map")
    records = study({DEEP: flat(0.6), OTHER: flat(0.5)})
    assert {v.against for v in verdicts(records, JUDGED)} == {"best_simple"}
    assert one(records, analysis=Analysis(reference="other")).simple == OTHER


def test_features_per_size_are_never_compared_across_sizes() -> None:
    v = one(study({DEEP: flat(0.9), PCA: flat(0.1)}, features_per_size=True))
    assert v.outcome is Outcome.OPEN
    assert "selected anew at each size" in v.sentence
    assert all(d.mean == pytest.approx(0.8, abs=0.01) for d in v.differences)


def test_versions_of_a_pipeline_never_mix() -> None:
    old = [
        r.model_copy(update={"started_at": "2024"})
        for r in study({DEEP: flat(0.9)}, pipeline_id="0")
    ]
    new = [
        r.model_copy(update={"started_at": "2025"})
        for r in study({DEEP: flat(0.4)}, sizes=SIZES[:2])
    ]
    v = one([*new, *old, *study({PCA: flat(0.5)})])
    assert (v.outcome, v.largest) == (Outcome.BEHIND, 300)


def test_sentences_say_what_was_found() -> None:
    v = one(study({DEEP: lambda n: 0.6 if n >= 1000 else 0.4, PCA: flat(0.5)}))
    for words in (
        "toy_max on data",
        DEEP,
        PCA,
        "ahead by more than 0.016 from n = 1,000",
        "95 % interval 1,000 to 1,000",
        "to 3,000",
        "+0.1",
        "5 repeats",
    ):
        assert words in v.sentence
    lost = one(study({DEEP: flat(0.4), PCA: flat(0.5)})).sentence
    assert "behind by more than 0.016 at n = 3,000, from n = 100 on" in lost


def test_the_order_of_records_does_not_matter() -> None:
    curves = {DEEP: lambda n: 0.5 + n / 60_000, PCA: flat(0.5), OTHER: flat(0.49)}
    records = study(curves, noise=0.03, repeats=7)
    first = verdicts(records, JUDGED)
    shuffled = records.copy()
    random.Random(1).shuffle(shuffled)
    assert verdicts(shuffled, JUDGED) == first


GRID = st.lists(
    st.lists(st.integers(-8, 8), min_size=5, max_size=5), min_size=2, max_size=4
)  # per size and repeat, in units exact in binary


@given(GRID, st.integers(-3, 3))
@settings(max_examples=60, deadline=None)
def test_verdict_depends_on_oriented_differences_only(grid: list[list[int]], shift: int) -> None:
    def records(metric: str, sign: int, add: float) -> list[RunRecord]:
        return [
            run(
                p,
                n,
                r,
                {metric: sign * (value / 64 * (p == DEEP)) + add},
                family="deep" if p == DEEP else "simple",
            )
            for n, row in zip(SIZES, grid, strict=False)
            for r, value in enumerate(row)
            for p in (DEEP, PCA)
        ]

    def summary(v: Verdict) -> tuple[Any, ...]:
        return v.outcome, v.n_star, v.interval, v.p_ahead, v.p_behind, v.p_equal, v.differences

    plain = one(records("toy_max", 1, 0))
    assert summary(one(records("toy_max", 1, shift))) == summary(plain)
    assert summary(one(records("toy_min", -1, shift))) == summary(plain)
    low, high = plain.interval
    if plain.outcome.ahead:
        assert plain.n_star is not None
        assert low is not None
        assert high is not None
        assert low <= plain.n_star <= high
        assert all(
            d.mean is not None and d.mean > MARGIN
            for d in plain.differences
            if d.size >= plain.n_star
        )
    else:
        assert plain.n_star is None
