"""n* and its interval from p-values: places by hand, and what holds of any."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omicsbench.stats.crossover import Crossover, crossover, first_lasting

NAN = math.nan
P = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.025, 0.05, NAN]))


def found(above: str, ahead: list[float], contrary: list[float], alpha: float = 0.05) -> Crossover:
    """``above`` is spelled with a + where the best means differ by more than the margin."""
    return crossover(
        np.array([sign == "+" for sign in above]), np.array(ahead), np.array(contrary), alpha
    )


@pytest.mark.parametrize(
    ("above", "ahead", "contrary", "place", "low", "high"),
    [
        # Ahead at every size, and nothing is shown against the first.
        ("+++", [0.01, 0.01, 0.01], [0.9, 0.9, 0.9], 0, 0, 0),
        # Shown behind at the first: three sizes to look at, .01 * 3 is below .05.
        ("-++", [0.9, 0.01, 0.01], [0.01, 0.9, 0.9], 1, 1, 1),
        # .02 * 3 is not, so that the first cannot be ruled out.
        ("-++", [0.9, 0.01, 0.01], [0.02, 0.9, 0.9], 1, 0, 1),
        # What is shown at the second rules out the first as well, if it is .05 over three.
        ("--+", [0.9, 0.9, 0.01], [0.9, 0.016, 0.9], 2, 2, 2),
        ("--+", [0.9, 0.9, 0.01], [0.9, 0.02, 0.9], 2, 0, 2),
        # .03 at the largest is no claim (half of the level), .03 at smaller ones lasts.
        ("+++", [0.03, 0.03, 0.03], [0.9, 0.9, 0.9], 0, 0, 3),
        ("+++", [0.03, 0.03, 0.02], [0.9, 0.9, 0.9], 0, 0, 0),
        # One size that is not shown ends what lasts.
        ("+++", [0.01, 0.2, 0.01], [0.9, 0.9, 0.9], 0, 0, 2),
        # Not reached: shown at the largest, at half the level, whatever came before.
        ("++-", [0.01, 0.01, 0.99], [0.9, 0.9, 0.025], 3, 3, 3),
        ("++-", [0.01, 0.01, 0.99], [0.9, 0.9, 0.026], 3, 0, 3),
        ("-++", [0.9, 0.2, 0.2], [0.016, 0.8, 0.8], 1, 1, 3),
        # The means say nothing lasts, the tests do not know: the largest, or not reached.
        ("+--", [0.3, 0.6, 0.8], [0.7, 0.4, 0.2], 3, 0, 3),
        # What is not known shows nothing.
        ("-++", [NAN, 0.01, 0.01], [NAN, 0.9, 0.9], 1, 0, 1),
        ("++-", [0.01, 0.01, NAN], [0.9, 0.9, NAN], 3, 0, 3),
        # The estimate is held within the interval.
        ("+++", [0.01, 0.01, 0.01], [0.001, 0.9, 0.9], 0, 0, 0),
        ("-+-", [0.01, 0.01, 0.01], [0.9, 0.9, 0.9], 0, 0, 0),
    ],
)
def test_places_by_hand(
    above: str, ahead: list[float], contrary: list[float], place: int, low: int, high: int
) -> None:
    assert found(above, ahead, contrary) == Crossover(place, low, high, 3)


def test_ahead_and_not_reached_are_said_by_the_interval() -> None:
    assert found("+", [0.025], [0.975]).ahead
    assert not found("+", [0.0251], [0.9749]).ahead
    assert found("-", [0.975], [0.025]).not_reached
    assert not found("-", [0.9749], [0.0251]).not_reached
    open_ = found("+", [0.2], [0.8])
    assert (open_.ahead, open_.not_reached) == (False, False)
    strict = found("+", [0.02], [0.98], alpha=0.03)
    assert not strict.ahead, "the level is a parameter"


Given = tuple[list[bool], list[float], list[float]]


def compatible(rows: list[tuple[bool, float, float]]) -> Given:
    """Of a claim and its contrary at most one is likely, as no test shows both."""
    above, ahead, contrary = map(list, zip(*rows, strict=True))
    return (
        above,
        ahead,
        [
            c if a + c >= 1 or math.isnan(a + c) else 1 - a
            for a, c in zip(ahead, contrary, strict=True)
        ],
    )


SIZES = st.lists(st.tuples(st.booleans(), P, P), min_size=1, max_size=7).map(compatible)


@given(SIZES, st.sampled_from([0.05, 0.01, 0.2]))
@example(([True], [1.0], [0.025000001]), 0.05)
def test_the_interval_holds_the_estimate_and_says_what_was_shown(
    given_: Given, alpha: float
) -> None:
    above, ahead, contrary = map(np.array, given_)
    at = crossover(above, ahead, contrary, alpha)
    last = len(above)
    assert 0 <= at.low <= at.place <= at.high <= at.sizes == last
    assert at.not_reached == bool(contrary[-1] <= alpha / 2), "never at more than 2.5 %"
    if at.ahead:
        assert ahead[-1] <= alpha / 2
        assert (ahead[at.high :] <= alpha).all()
        assert at.high == 0 or not ahead[at.high - 1] <= alpha
    if at.low and not at.not_reached and at.low < at.high:
        # Something at or beyond the size before was shown, corrected for how many there are.
        assert np.nanmin(contrary[at.low - 1 :]) * (last - at.low + 1) <= alpha


@given(SIZES)
def test_a_stricter_level_never_shortens_the_interval(
    given_: Given,
) -> None:
    arrays = [np.array(of) for of in given_]
    loose, strict = (crossover(*arrays, alpha) for alpha in (0.05, 0.01))
    if not loose.not_reached or strict.not_reached:
        assert strict.low <= loose.low
    assert strict.high >= loose.high


@given(SIZES, st.integers(0, 6), st.floats(0, 1))
def test_weaker_proof_of_being_ahead_never_moves_the_upper_end_down(
    given_: Given, place: int, more: float
) -> None:
    above, ahead, contrary = map(np.array, given_)
    place %= len(ahead)
    weaker, sooner = ahead.copy(), contrary.copy()
    weaker[place] = np.fmax(weaker[place], more)
    sooner[place] = np.fmin(sooner[place], more)
    before = crossover(above, ahead, contrary)
    assert crossover(above, weaker, contrary).high >= before.high
    assert crossover(above, weaker, sooner).high >= before.high


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=20))
def test_first_lasting(rows: list[list[bool]]) -> None:
    for row, at in zip(rows, first_lasting(np.array(rows)), strict=True):
        assert all(row[at:])
        assert at == 0 or not row[at - 1]
