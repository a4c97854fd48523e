"""From paired differences to an outcome: what counts, what leaves it open, what would settle it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from omicsbench.stats.crossover import Differences
from omicsbench.verdict.decide import DecisionRule, Judgement, decide, extrapolation, p_ahead, rope
from omicsbench.verdict.pairs import Paired, SizeDifference
from omicsbench.verdict.verdict import Outcome

RULE = DecisionRule(margin=0.01, need=5, bootstrap=500, seed=0)
SPREAD = np.array([-0.002, -0.001, 0.0, 0.001, 0.002])
SIZES = (100, 200, 400, 800)


def paired(
    *means: float, uses: tuple[str, ...] = (), folds: bool = False, unit: str = ""
) -> Paired:
    """Five pairs at each size about its mean; all sizes count unless told otherwise."""
    uses = uses or ("compared",) * len(means)
    rows = tuple(
        SizeDifference(size, "net", "linear", None, None, None, 5, use=use)  # type: ignore[arg-type]
        for size, use in zip(SIZES, uses, strict=False)
    )
    return Paired(rows, Differences(np.add.outer(SPREAD, means), folds=folds), unit)


def decided(at: Paired, alpha: float = 0.05) -> Judgement:
    return decide(at, alpha, RULE, features_per_size=False)


def test_what_cannot_be_decided_says_why() -> None:
    assert decide(paired(0.1), 0.05, RULE, features_per_size=True) == Judgement(
        doubt="features_per_size"
    )
    none = paired(0.1, uses=("left_out",))
    assert (decided(none).interval, decided(none).p_reached) == ((None, None), None)
    few = replace(none, rows=(replace(none.rows[0], pairs=4),))
    assert decided(few) == Judgement(needed=5, doubt="few_pairs")
    one = replace(none, rows=(replace(none.rows[0], pairs=1),))
    assert decided(one) == Judgement(needed=5, doubt="few_pairs")
    assert decided(none) == Judgement(doubt="no_pairs"), "pairs enough, yet none counts"
    empty = replace(none, rows=(replace(none.rows[0], pairs=0),))
    assert decided(empty) == Judgement(doubt="no_pairs")


def test_outcomes_name_sizes_not_places() -> None:
    assert decided(paired(0.1, 0.1)) == Judgement(
        Outcome.AHEAD_FROM_SMALLEST, 100, (100, 100), p_reached=1.0
    )
    assert decided(paired(0.1, 0.1)).doubt == ""
    assert decided(paired(-0.1, 0.1, 0.1)) == Judgement(
        Outcome.AHEAD_FROM, 200, (200, 200), p_reached=1.0
    )
    assert decided(paired(0.1, -0.1)) == Judgement(
        Outcome.NOT_REACHED, None, (None, None), p_reached=0.0
    )


def test_the_share_that_reaches_n_star_is_of_as_many_replicates_as_asked_for() -> None:
    found = decide(paired(0.0101), 0.05, replace(RULE, bootstrap=7), features_per_size=False)
    assert found.p_reached is not None
    assert 0 < found.p_reached < 1
    assert found.p_reached * 7 == pytest.approx(round(found.p_reached * 7))


def test_sizes_that_do_not_count_are_left_out_and_those_not_shown_are_not_ahead() -> None:
    skipped = decided(paired(-0.1, -0.1, 0.1, uses=("compared", "left_out", "compared")))
    assert skipped.n_star == 400
    hidden = decided(paired(0.1, 0.1, 0.1, uses=("compared", "not_shown", "compared")))
    assert (hidden.n_star, hidden.interval) == (400, (100, 400)), "nothing is shown at 200"


def test_ahead_with_failures_beyond_stays_open() -> None:
    at = paired(0.1, 0.1, uses=("compared", "not_shown"))
    assert decided(at).outcome is Outcome.AHEAD_FROM_SMALLEST
    failed = replace(at, rows=(at.rows[0], replace(at.rows[1], failed=True)))
    found = decided(failed)
    assert (found.outcome, found.doubt) == (Outcome.UNDECIDED, "failed_beyond")
    assert (found.n_star, found.interval) == (None, (100, 100))


def test_the_margin_inside_tells_how_many_repeats_would_do() -> None:
    found = decided(paired(0.0, 0.011))
    assert (found.outcome, found.doubt) == (Outcome.UNDECIDED, "margin_inside")
    assert found.needed is not None
    assert found.needed > 5
    few, last = found.needed, SPREAD.std(ddof=1)
    half = [stats.t.ppf(0.975, n - 1) * last / np.sqrt(n) for n in (few - 1, few)]
    assert half[1] < 0.001 <= half[0]
    strict = decided(paired(0.0, 0.011), alpha=0.01)
    assert strict.needed is not None
    assert strict.needed > found.needed, "a stricter level asks for more"
    assert decided(paired(0.0, 0.01)).needed is None, "no number would tell it from the margin"
    folds = decided(paired(0.0, 0.011, folds=True))
    assert folds.needed is None, "the overlap of folds stays"


def test_what_would_decide_is_more_than_there_is() -> None:
    """The t-test has decided with five pairs, the bootstrap has not: six would, at least."""
    skewed = np.array([[-0.007], [0.353], [0.073], [0.353], [0.353]])
    at = replace(paired(0.0), differences=Differences(skewed))
    assert stats.ttest_1samp(skewed[:, 0], 0.0, alternative="greater").pvalue < 0.025
    found = decide(at, 0.05, replace(RULE, margin=0.0), features_per_size=False)
    assert (found.doubt, found.needed) == ("margin_inside", 6)


def test_p_ahead_is_that_of_the_t_test_at_the_largest_size_that_counts() -> None:
    at = paired(0.0, 0.011, 0.3, uses=("compared", "compared", "not_shown"))
    expected = stats.ttest_1samp(0.011 + SPREAD, 0.01, alternative="greater").pvalue
    assert p_ahead(at, 0.01) == pytest.approx(expected)
    assert p_ahead(paired(0.5, uses=("left_out",)), 0.01) == 1.0
    single = Differences(np.array([[0.5], [np.nan]]))
    assert p_ahead(replace(paired(0.5), differences=single), 0.01) == 1.0


def test_the_rope_is_for_folds_at_the_largest_size_that_counts() -> None:
    at = paired(0.0, 0.1, 0.5, uses=("compared", "compared", "left_out"), folds=True)
    found = rope(at, 0.01)
    assert found is not None
    assert found.mean == pytest.approx(0.1)
    assert found.p_ahead > 0.99
    assert found.dof == 4
    assert found.scale == pytest.approx(SPREAD.std(ddof=1) * np.sqrt(1 / 5 + 1 / 4))
    assert rope(paired(0.1), 0.01) is None
    assert rope(paired(0.1, uses=("left_out",), folds=True), 0.01) is None
    two = Differences(np.array([[0.1], [np.nan], [0.2]]), folds=True)
    of_two = rope(replace(paired(0.1), differences=two), 0.01)
    assert of_two is not None
    assert of_two.dof == 1
    one = Differences(np.array([[0.1], [np.nan]]), folds=True)
    assert rope(replace(paired(0.1), differences=one), 0.01) is None


def test_what_lies_beyond_is_guessed_from_sizes_that_were_compared() -> None:
    rising = paired(-0.10, -0.07, -0.04, -0.01)
    found = extrapolation(rising, 0.01)
    assert found is not None
    assert found.root == pytest.approx(800 * 2 ** (2 / 3), rel=0.05)
    hidden = paired(-0.10, -0.07, 0.9, -0.01, uses=(*["compared"] * 2, "not_shown", "compared"))
    of_three = extrapolation(hidden, 0.01)
    assert of_three is None or of_three.root is None, "three sizes are too few"
    assert extrapolation(paired(0.0, uses=("not_shown",)), 0.01) is None
    noisy = replace(
        rising, differences=Differences(rising.differences.by_repeat + 300 * SPREAD[:, None])
    )
    doubtful = extrapolation(noisy, 0.01)
    assert doubtful is not None
    assert doubtful.root is None, "resampled means do not agree"
