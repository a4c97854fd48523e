"""From paired differences to an outcome: what counts, what leaves it open, what would settle it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from omicsbench.stats.contest import OUT_OF_THE_RUNNING
from omicsbench.stats.differences import FOLD_OVERLAP, Differences
from omicsbench.verdict.decide import (
    Judgement,
    decide,
    extrapolation,
    p_ahead,
    repeats_needed,
    rope,
)
from omicsbench.verdict.pairs import Paired, SizeDifference
from omicsbench.verdict.verdict import Outcome

MARGIN = 0.01
SPREAD = np.array([-0.002, -0.001, 0.0, 0.001, 0.002])
SIZES = (100, 200, 400, 800)


def of(by_repeat: np.ndarray, uses: tuple[str, ...] = (), **of_differences: object) -> Paired:
    """One pair of pipelines, (R, S); all sizes count unless told otherwise."""
    repeats, sizes = by_repeat.shape
    rows = tuple(
        SizeDifference(size, "net", "linear", None, None, None, repeats, use=use)  # type: ignore[arg-type]
        for size, use in zip(SIZES, uses or ("compared",) * sizes, strict=False)
    )
    made = Differences(by_repeat[None, None], **of_differences)  # type: ignore[arg-type]
    return Paired(rows, made, "", need=min(repeats, 5))


def paired(*means: float, uses: tuple[str, ...] = (), **of_differences: object) -> Paired:
    """Five pairs at each size about its mean."""
    return of(np.add.outer(SPREAD, means), uses, **of_differences)


def decided(at: Paired, alpha: float = 0.05, margin: float = MARGIN) -> Judgement:
    return decide(at, alpha, margin, features_per_size=False)


def test_what_cannot_be_decided_says_why() -> None:
    assert decide(paired(0.1), 0.05, MARGIN, features_per_size=True) == Judgement(
        doubt="features_per_size"
    )
    none = paired(0.1, uses=("left_out",))
    assert (decided(none).interval, decided(none).p_ahead) == ((None, None), None)
    few = replace(none, rows=(replace(none.rows[0], pairs=4),))
    assert decided(few) == Judgement(doubt="few_pairs")
    one = replace(none, rows=(replace(none.rows[0], pairs=1),))
    assert decided(one) == Judgement(doubt="few_pairs")
    assert decided(none) == Judgement(doubt="no_pairs"), "pairs enough, yet none counts"
    empty = replace(none, rows=(replace(none.rows[0], pairs=0),))
    assert decided(empty) == Judgement(doubt="no_pairs")


def told(found: Judgement) -> tuple[object, ...]:
    return found.outcome, found.n_star, found.interval, found.simple_from, found.doubt


def test_outcomes_name_sizes_not_places() -> None:
    nobody = (None, None)
    smallest, later = Outcome.AHEAD_FROM_SMALLEST, Outcome.AHEAD_FROM
    assert told(decided(paired(0.1, 0.1))) == (smallest, 100, (100, 100), None, "")
    assert told(decided(paired(-0.1, 0.1, 0.1))) == (later, 200, (200, 200), None, "")
    assert told(decided(paired(0.1, -0.1))) == (Outcome.BEHIND, None, nobody, 200, "")
    assert told(decided(paired(-0.1, -0.1))) == (Outcome.BEHIND, None, nobody, 100, "")
    assert told(decided(paired(0.1, 0.0))) == (Outcome.EQUAL, None, nobody, None, "")
    assert decided(paired(0.1, -0.1)).not_ahead
    assert decided(paired(0.1, 0.0)).not_ahead
    assert not decided(paired(0.1, 0.1)).not_ahead


def test_p_values_are_those_of_the_t_test_at_the_largest_size() -> None:
    found = decided(paired(0.3, 0.009))
    p = {
        (x, side): float(stats.ttest_1samp(0.009 + SPREAD, x, alternative=side).pvalue)
        for x in (-MARGIN, MARGIN)
        for side in ("greater", "less")
    }
    assert found.p_ahead == pytest.approx(min(1.0, p[MARGIN, "greater"] / OUT_OF_THE_RUNNING))
    assert found.p_behind == 1.0
    assert found.p_equal == pytest.approx(p[MARGIN, "less"] / OUT_OF_THE_RUNNING)
    assert found.outcome is Outcome.OPEN


def test_each_claim_takes_a_test_at_half_of_the_level() -> None:
    """Just as many claims of either side: the same difference, its mirror, and an equality."""
    gap = float(stats.t.ppf(1 - 0.025 * OUT_OF_THE_RUNNING, 4) * stats.sem(SPREAD))
    for by, claimed in ((1.01, True), (0.99, False)):
        off = MARGIN + gap * by
        assert decided(paired(off)).outcome.ahead == claimed
        assert (decided(paired(-off)).outcome is Outcome.BEHIND) == claimed
        inside = MARGIN - gap * by
        assert (decided(paired(inside)).outcome is Outcome.EQUAL) == claimed
        assert (decided(paired(-inside)).outcome is Outcome.EQUAL) == claimed
    assert decided(paired(MARGIN + gap * 1.01), alpha=0.01).outcome is Outcome.OPEN


def test_not_ahead_is_told_where_it_is_shown_and_nothing_else_is() -> None:
    """Worse by about the margin: simple may be ahead, or both equal."""
    found = decided(paired(-MARGIN))
    assert (found.outcome, found.doubt, found.not_ahead) == (Outcome.OPEN, "not_told", True)


def test_sizes_that_do_not_count_are_left_out_and_those_not_shown_are_not_ahead() -> None:
    skipped = decided(paired(-0.1, -0.1, 0.1, uses=("compared", "left_out", "compared")))
    assert skipped.n_star == 400
    few = np.add.outer(SPREAD, [0.1, 0.1, 0.1])
    few[1:, 1] = np.nan
    hidden = decided(replace(of(few), need=5))
    assert (hidden.n_star, hidden.interval) == (400, (100, 400)), "nothing is shown at 200"


def test_ahead_with_failures_beyond_stays_open() -> None:
    at = paired(0.1, 0.1, uses=("compared", "not_shown"))
    assert decided(at).outcome is Outcome.AHEAD_FROM_SMALLEST
    failed = replace(at, rows=(at.rows[0], replace(at.rows[1], failed=True)))
    found = decided(failed)
    assert (found.outcome, found.doubt) == (Outcome.OPEN, "deep_failed")
    assert (found.n_star, found.interval) == (None, (100, 100))
    behind = replace(failed, differences=paired(-0.1, -0.1).differences)
    assert decided(behind).outcome is Outcome.BEHIND, "failures do not save a side that is behind"


def test_simple_ahead_with_failures_of_its_own_beyond_stays_open_too() -> None:
    at = paired(-0.1, -0.1, uses=("compared", "left_out"))
    assert decided(at).outcome is Outcome.BEHIND
    failed = replace(at, rows=(at.rows[0], replace(at.rows[1], simple_failed=True)))
    assert (decided(failed).outcome, decided(failed).doubt) == (Outcome.OPEN, "simple_failed")
    both = paired(-0.1, -0.1, uses=("compared", "not_shown"))
    row = replace(both.rows[1], failed=True, simple_failed=True)
    both = replace(both, rows=(both.rows[0], row))
    assert decided(both).doubt == "simple_failed", "no less where deep failed there too"
    ahead = replace(failed, differences=paired(0.1, 0.1).differences)
    assert decided(ahead).outcome is Outcome.AHEAD_FROM_SMALLEST


def test_skewed_differences_leave_open_what_students_t_would_claim() -> None:
    """One collapse in eight, and the mean of the others far above the margin."""
    values = np.array([[0.1], [0.1], [0.12], [0.1], [0.11], [0.1], [0.1], [0.04]])
    p = stats.ttest_1samp(values[:, 0], MARGIN, alternative="greater").pvalue
    assert p < 0.001
    found = decided(of(values - 0.045))
    assert (found.outcome, found.doubt) == (Outcome.OPEN, "skewed")
    assert decided(of(0.045 - values)).doubt == "skewed", "turned round as well"
    straight = decided(of(np.where(values < 0.1, 0.09, values) - 0.045))
    assert straight.outcome.ahead


def test_no_spread_is_no_certainty_where_one_sample_weighs_more_than_the_margin() -> None:
    """83 tumours all right on both sides in every fold: neither equal nor ahead at .01."""
    same = of(np.zeros((5, 2)), folds=True, step=1 / 83)
    found = decided(same)
    assert (found.outcome, found.doubt, found.not_ahead) == (Outcome.OPEN, "not_told", False)
    assert decided(of(np.zeros((5, 2)), folds=True)).outcome is Outcome.EQUAL, "but for the floor"
    assert repeats_needed(same, MARGIN, 0.05) is None


def test_copies_are_equal_or_open() -> None:
    assert decided(of(np.zeros((5, 3)))).outcome is Outcome.EQUAL
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(0, 0.002, (5, 3))
        assert decided(of(noise)).outcome in (Outcome.EQUAL, Outcome.OPEN)


def settled(at: Paired, repeats: int, alpha: float = 0.05) -> bool:
    """Whether the t-test would tell the largest size by so many repeats, by the same spread."""
    values = at.differences.by_repeat[0, 0, :, at.counting[-1]]
    gap = abs(abs(values.mean()) - MARGIN)
    part = FOLD_OVERLAP if at.differences.folds else 0.0
    error = values.std(ddof=1) * np.sqrt(1 / repeats + part)
    p = stats.t.sf(gap / error, repeats - 1) / OUT_OF_THE_RUNNING
    return bool(p <= alpha / 2)


def test_how_many_repeats_would_do() -> None:
    for mean in (0.011, -0.011, 0.0092):
        at = paired(0.0, mean)
        found = repeats_needed(at, MARGIN, 0.05)
        assert found is not None
        assert found > 5
        assert settled(at, found)
        assert not settled(at, found - 1)
    strict, loose = (repeats_needed(paired(0.011), MARGIN, a) for a in (0.01, 0.05))
    assert strict is not None
    assert loose is not None
    assert strict > loose, "a stricter level asks for more"


def test_what_no_number_of_repeats_would_settle() -> None:
    assert repeats_needed(paired(0.0, MARGIN), MARGIN, 0.05) is None, "as far as the margin"
    assert repeats_needed(paired(0.011, folds=True), MARGIN, 0.05) is None, "folds overlap"
    cells = paired(0.011, cell_error=np.full((1, 1, 1), 0.01))
    assert repeats_needed(cells, MARGIN, 0.05) is None, "test cells stay what they are"
    assert repeats_needed(paired(0.5, uses=("left_out",)), MARGIN, 0.05) is None


def test_the_error_over_test_cells_is_part_of_what_repeats_must_overcome() -> None:
    units = np.array([-0.0002, 0.0002, 0.0, 0.0001, -0.0001])[:, None]
    at = paired(0.0115, by_unit=(0.0115 + units)[None, None])
    found = repeats_needed(at, MARGIN, 0.05)
    assert found is not None
    cells = float(units.var(ddof=1)) / 5

    def p(repeats: int) -> float:
        part = float(SPREAD.var(ddof=1)) / repeats
        dof = (part + cells) ** 2 / (part**2 / (repeats - 1) + cells**2 / 4)
        return float(stats.t.sf(0.0015 / np.sqrt(part + cells), dof)) / OUT_OF_THE_RUNNING

    assert p(found) <= 0.025 < p(found - 1)


def test_p_ahead_is_that_of_the_t_test_at_the_largest_size_that_counts() -> None:
    at = paired(0.0, 0.011, 0.3, uses=("compared", "compared", "not_shown"))
    expected = stats.ttest_1samp(0.011 + SPREAD, 0.01, alternative="greater").pvalue
    p, running = p_ahead(at, 0.01)
    assert (p, running) == (pytest.approx(expected / OUT_OF_THE_RUNNING), True)
    assert p_ahead(paired(0.5, uses=("left_out",)), 0.01) == (1.0, False)
    assert p_ahead(of(np.array([[0.5], [np.nan]])), 0.01) == (1.0, False)


def test_the_rope_is_for_folds_at_the_largest_size_that_counts() -> None:
    at = paired(0.0, 0.1, 0.5, uses=("compared", "compared", "left_out"), folds=True)
    found = rope(at, 0.01)
    assert found is not None
    assert found.mean == pytest.approx(0.1)
    assert found.p_ahead > 0.99
    assert found.dof == 4
    assert found.scale == pytest.approx(SPREAD.std(ddof=1) * np.sqrt(1 / 5 + 1))
    assert rope(paired(0.1), 0.01) is None
    assert rope(paired(0.1, uses=("left_out",), folds=True), 0.01) is None
    of_two = rope(of(np.array([[0.1], [np.nan], [0.2]]), folds=True), 0.01)
    assert of_two is not None
    assert of_two.dof == 1
    assert rope(of(np.array([[0.1], [np.nan]]), folds=True), 0.01) is None
    several = Differences(np.tile(at.differences.by_repeat, (2, 1, 1, 1)), folds=True)
    assert rope(replace(at, differences=several), 0.01) is None, "of one pair only"


def test_what_lies_beyond_is_guessed_from_sizes_that_were_compared() -> None:
    rising = paired(-0.10, -0.07, -0.04, -0.01)
    found = extrapolation(rising, 0.01)
    assert found is not None
    assert found.root == pytest.approx(800 * 2 ** (2 / 3), rel=0.05)
    hidden = paired(-0.10, -0.07, 0.9, -0.01, uses=(*["compared"] * 2, "not_shown", "compared"))
    of_three = extrapolation(hidden, 0.01)
    assert of_three is None or of_three.root is None, "three sizes are too few"
    assert extrapolation(paired(0.0, uses=("not_shown",)), 0.01) is None
    noisy = of(rising.differences.by_repeat[0, 0] + 300 * SPREAD[:, None])
    doubtful = extrapolation(noisy, 0.01)
    assert doubtful is not None
    assert doubtful.root is None, "resampled means do not agree"


def test_of_several_the_best_of_each_size_is_extrapolated() -> None:
    """One is best at first, the other at last: neither alone rises as the best of both does."""
    falling, rising = (-0.10, -0.07, -0.2, -0.2), (-0.3, -0.3, -0.04, -0.01)
    both = [paired(*means).differences.by_repeat[0, 0] for means in (falling, rising)]
    at = replace(paired(*rising), differences=Differences(np.stack(both)[:, None]))
    found = extrapolation(at, 0.01)
    assert found is not None
    assert found.root == pytest.approx(800 * 2 ** (2 / 3), rel=0.05)
