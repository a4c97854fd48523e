"""What a contestant more does to the verdicts on records: neither side gains by a rival."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.records.spec import RunRecord
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Outcome, Verdict
from studies import run

METRIC, SIZES, REPEATS = "knn_recall", (100, 300), 5
Scores = dict[str, np.ndarray]  # by pipeline, (R, S)


def records(scores: Scores, **spec: object) -> list[RunRecord]:
    """Names that begin with ``net`` are deep; some more validation than test scores."""
    return [
        run(
            name,
            size,
            repeat,
            {METRIC: float(own[repeat, place])},
            family="deep" if name.startswith("net") else "simple",
            **spec,  # type: ignore[arg-type]
        )
        for name, own in scores.items()
        for place, size in enumerate(SIZES)
        for repeat in range(REPEATS)
    ]


def headline(scores: Scores, **spec: object) -> Verdict:
    found = verdicts(records(scores, **spec))
    return next(v for v in found if v.best and v.against == "best_simple")


def turned(scores: Scores) -> Scores:
    """Deep pipelines take the names of simple ones, and simple ones those of deep ones."""
    return {(f"pca{n}" if n.startswith("net") else f"net{n}"): s for n, s in scores.items()}


@st.composite
def studies(draw: st.DrawFn) -> tuple[Scores, np.ndarray]:
    """Scores of up to three pipelines a side, and of one more."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    noise = draw(st.sampled_from([0.001, 0.01, 0.04]))

    def scores() -> np.ndarray:
        level = draw(st.sampled_from([0.3, 0.45, 0.5, 0.52, 0.6]))
        made = level + rng.normal(0, noise, (REPEATS, len(SIZES)))
        made[rng.random(made.shape) < draw(st.sampled_from([0.0, 0.2]))] -= 0.1
        return made

    sides = (("net", draw(st.integers(1, 3))), ("pca", draw(st.integers(1, 3))))
    return {f"{kind}({i})": scores() for kind, n in sides for i in range(n)}, scores()


def last_of_star(v: Verdict) -> float:
    return np.inf if v.interval[1] is None else float(v.interval[1])


@given(studies())
@settings(max_examples=25, deadline=None)
def test_a_rival_more_never_puts_a_side_ahead(made: tuple[Scores, np.ndarray]) -> None:
    scores, more = made
    before, after = headline(scores), headline(scores | {"pca(9)": more})
    assert before.outcome.ahead or not after.outcome.ahead
    assert last_of_star(after) >= last_of_star(before), "nor does n* come down"
    assert before.p_ahead is not None
    assert after.p_ahead is not None
    assert after.p_ahead >= before.p_ahead - 1e-12
    mirrored = headline(scores | {"net(9)": more})
    assert before.standing == "behind" or mirrored.standing != "behind"


@given(studies())
@settings(max_examples=25, deadline=None)
def test_a_hopeless_contestant_of_its_own_takes_nothing_from_a_side(
    made: tuple[Scores, np.ndarray],
) -> None:
    scores, more = made
    before = headline(scores)
    hopeless = {"net(9)": more - 5.0, "pca(9)": more - 5.0}
    deep, simple = (headline(scores | {name: hopeless[name]}) for name in ("net(9)", "pca(9)"))
    assert deep.p_ahead == before.p_ahead
    assert simple.p_behind == before.p_behind
    assert deep.outcome.ahead == before.outcome.ahead
    assert last_of_star(deep) >= last_of_star(before) or before.outcome.ahead
    assert (simple.standing == "behind") == (before.standing == "behind")


@given(studies())
@settings(max_examples=25, deadline=None)
def test_turned_round_ahead_is_behind(made: tuple[Scores, np.ndarray]) -> None:
    scores, _ = made
    one, other = headline(scores), headline(turned(scores))
    opposite = {"ahead": "behind", "behind": "ahead", "equal": "equal", "open": "open"}
    assert other.standing == opposite[one.standing]
    assert (other.p_ahead, other.p_behind, other.p_equal) == pytest.approx(
        (one.p_behind, one.p_ahead, one.p_equal)
    )
    if one.outcome.ahead:
        assert other.simple_from == one.n_star


def test_83_tumours_all_right_in_every_fold_are_no_certainty() -> None:
    """Of five folds, with a margin of .01: one tumour more or less is .012."""
    same = np.ones((REPEATS, len(SIZES)))
    scores = {"net(1)": same, "net(2)": same, "pca(1)": same}
    found = headline(scores, split="kfold", scored=17)  # 5 x 17 = 85 are counted
    assert found.margin == 0.01
    assert found.outcome is Outcome.OPEN
    assert not found.not_ahead
    assert found.p_equal is not None
    assert found.p_equal > 0.1
    assert found.needed is None, "more folds are no more tumours"


def test_two_copies_of_one_method_have_no_winner() -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        own = 0.5 + rng.normal(0, 0.02, (REPEATS, len(SIZES)))
        exact = {"net(1)": own, "pca(1)": own}
        assert headline(exact).standing == "open", "one cell of 100 is as much as the margin"
        assert headline(exact, scored=1_000).standing == "equal"
        other = 0.5 + rng.normal(0, 0.02, (REPEATS, len(SIZES)))
        assert headline({"net(1)": own, "pca(1)": other}).standing in ("equal", "open")
