"""A side never gains by a rival, never loses by a weak contestant of its own."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from omicsbench.stats.contest import OUT_OF_THE_RUNNING, Claims, best_difference, claims
from omicsbench.stats.crossover import Crossover, crossover
from omicsbench.stats.differences import Differences, Floats, Moments, moments

MARGIN = 0.25
TOLERANCE = 1e-9


@st.composite
def sides(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    """Scores (A, R, S), (B, R, S) and (1, R, S) of two sides and of one contestant more.

    Some are level, some are ahead, some collapse, some have no score in places.
    """
    repeats, sizes = draw(st.integers(4, 6)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def scores(count: int) -> Floats:
        level = draw(arrays(float, (count, 1, sizes), elements=st.sampled_from([-4, -1, 0, 1, 4])))
        noise = rng.normal(size=(count, repeats, sizes))
        noise[rng.random(noise.shape) < draw(st.sampled_from([0.0, 0.1]))] -= 5.0
        noise[rng.random(noise.shape) < draw(st.sampled_from([0.0, 0.1]))] = np.nan
        return level + noise * draw(st.sampled_from([0.0, 0.25, 1.0]))

    return scores(draw(st.integers(1, 3))), scores(draw(st.integers(1, 3))), scores(1)


def pairs(first: Floats, second: Floats) -> Moments:
    return moments(Differences(first[:, None] - second[None]))


def judged(first: Floats, second: Floats) -> tuple[Claims, Crossover]:
    """Claims of the first side, and where it is ahead."""
    at = pairs(first, second)
    tests = claims(at, MARGIN)
    star = crossover(best_difference(at) > MARGIN, tests.ahead, tests.not_ahead)
    return tests, star


def never_below(after: Floats, before: Floats) -> bool:
    """Where nothing was known nothing was claimed: that is p = 1."""
    one, other = (np.nan_to_num(p, nan=1.0) for p in (after, before))
    return bool((one >= other - TOLERANCE).all())


@given(sides())
@settings(max_examples=100, deadline=None)
def test_a_side_never_gains_by_a_rival_more(made: tuple[Floats, Floats, Floats]) -> None:
    ours, theirs, more = made
    before, star = judged(ours, theirs)
    after, later = judged(ours, np.concatenate([theirs, more]))
    known = ~np.isnan(before.ahead)
    assert never_below(after.ahead[known], before.ahead[known])
    assert never_below(after.not_behind[known], before.not_behind[known])
    if known.all():
        assert later.ahead <= star.ahead
        assert later.high >= star.high, "nor is the upper end of n* lower"
    # The mirror: the other side's claims, of one more rival of its own.
    before, _ = judged(theirs, ours)
    after, _ = judged(theirs, np.concatenate([ours, more]))
    known = ~np.isnan(before.ahead)
    assert never_below(after.ahead[known], before.ahead[known])


@given(sides())
@settings(max_examples=100, deadline=None)
def test_a_side_never_loses_by_a_contestant_out_of_the_running(
    made: tuple[Floats, Floats, Floats],
) -> None:
    ours, theirs, weak = made
    with np.errstate(invalid="ignore"):
        p = pairs(weak, theirs).p_above(MARGIN)
        behind_each = (np.isnan(p) | (p > OUT_OF_THE_RUNNING)).all(axis=(0, 1))
    before, _ = judged(ours, theirs)
    after, _ = judged(np.concatenate([ours, weak]), theirs)
    assert never_below(before.ahead[behind_each], after.ahead[behind_each])
    # The mirror: the second side with a weak one more.
    assert never_below(
        claims(pairs(theirs, ours), MARGIN).behind[behind_each],
        claims(pairs(theirs, np.concatenate([ours, weak])), MARGIN).behind[behind_each],
    )


@given(sides())
@settings(max_examples=100, deadline=None)
def test_both_sides_turned_round_turn_ahead_into_behind(
    made: tuple[Floats, Floats, Floats],
) -> None:
    ours, theirs, _ = made
    one, other = judged(ours, theirs)[0], judged(theirs, ours)[0]
    np.testing.assert_allclose(one.ahead, other.behind, atol=TOLERANCE)
    np.testing.assert_allclose(one.not_ahead, other.not_behind, atol=TOLERANCE)
    np.testing.assert_allclose(one.equal, other.equal, atol=TOLERANCE)


@given(sides())
@settings(max_examples=100, deadline=None)
def test_never_both_a_claim_and_its_contrary(made: tuple[Floats, Floats, Floats]) -> None:
    ours, theirs, _ = made
    at = judged(ours, theirs)[0]
    low = [np.nan_to_num(p, nan=1.0) <= 0.025 for p in (at.ahead, at.behind, at.equal)]
    assert (np.sum(low, axis=0) <= 1).all(), "of ahead, behind and equal at most one is shown"
