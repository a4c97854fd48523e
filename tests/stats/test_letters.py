"""Letters: shared if and only if two are not told apart, few, and read without doubt."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from omicsbench.stats.letters import groups, letters


def told(contestants: int, apart: set[tuple[int, int]]) -> NDArray[np.bool_]:
    """Who is not told apart from whom."""
    level = np.ones((contestants, contestants), dtype=bool)
    for p, q in apart:
        level[p, q] = level[q, p] = False
    return level


@st.composite
def outcomes(draw: st.DrawFn, most: int = 12) -> tuple[list[int], NDArray[np.bool_]]:
    contestants = draw(st.integers(1, most))
    pairs = [*combinations(range(contestants), 2)]
    apart = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    return draw(st.permutations(range(contestants))), told(contestants, apart)


@given(outcomes())
def test_two_share_a_letter_if_and_only_if_they_are_not_told_apart(
    case: tuple[list[int], NDArray[np.bool_]],
) -> None:
    order, level = case
    found = groups(order, level)
    said = letters(found, len(order))
    own = [set(of.split() if len(found) > 26 else of) for of in said]
    for p, q in combinations(order, 2):
        assert bool(own[p] & own[q]) == level[p, q]
    assert all(own)
    assert len(set().union(*own)) == len(found)


@given(outcomes())
def test_no_letter_can_be_spared_and_the_best_have_the_first(
    case: tuple[list[int], NDArray[np.bool_]],
) -> None:
    order, level = case
    found = groups(order, level)
    pairs = [{(p, q) for p in group for q in group} for group in found]
    for i, own in enumerate(pairs):
        assert own - set().union(*pairs[:i], *pairs[i + 1 :])
    assert "a" in letters(found, len(order))[order[0]].split()[0]
    assert [*found] == sorted(found, key=lambda of: [order.index(p) for p in of])


def test_who_is_level_with_both_ends_but_not_with_the_middle() -> None:
    """Runs of ranks cannot tell this: first and last are level, the one between is not."""
    found = groups([0, 1, 2], told(3, {(0, 1), (1, 2)}))
    assert letters(found, 3) == ["a", "b", "a"]


@pytest.mark.parametrize(("i", "letter"), [(25, "z"), (26, "aa"), (27, "ab"), (52, "ba")])
def test_letters_go_on_after_z(i: int, letter: str) -> None:
    found = groups(range(60), np.eye(60, dtype=bool))
    assert letters(found, 60)[i] == letter


def test_of_more_than_26_groups_letters_stand_apart() -> None:
    """``ab`` would be the groups a and b, or the twenty-eighth."""
    level = np.abs(np.subtract.outer(range(31), range(31))) <= 1
    said = letters(groups(range(31), level), 31)
    assert said[0] == "a"
    assert said[1] == "a b"
    assert said[27] == "aa ab"


def test_many_pairs_that_are_told_apart_take_no_time() -> None:
    """Every largest group, of which there are 2^30, would never be found."""
    found = groups(range(60), told(60, {(2 * i, 2 * i + 1) for i in range(30)}))
    assert len(found) <= 60 * 59 / 2
