"""Neighbours by two halves: against plain loops, chance, hubs, and what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.metrics import METRICS, Estimate, MetricUndefined

B, M = 120, 50


def score(first: np.ndarray, other: np.ndarray, m: int = M) -> Estimate:
    return METRICS["half_consistency"](embedding=first[:m], background=first, half_embedding=other)


def two(seed: int, noise: float = 1.0, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """The same cells, seen twice."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(B, d)) * 2
    return tuple(  # type: ignore[return-value]
        (true + noise * rng.normal(size=true.shape)).astype(np.float32) for _ in range(2)
    )


def by_loops(first: np.ndarray, other: np.ndarray) -> float:
    """As its docstring has it, with the overlap of any two cells, one pair at a time."""

    def nearest(Z: np.ndarray) -> list[set[int]]:
        made = []
        for i in range(M):
            far = ((Z - Z[i]).astype(float) ** 2).sum(axis=1)
            far[i] = np.inf
            made.append(set(np.argsort(far)[:15].tolist()))
        return made

    a, b = nearest(first), nearest(other)
    over, most = 0.0, 0.0
    for i in range(M):
        chance = 0.0
        for mine, theirs in ((a, b), (b, a)):
            for j in mine[i]:
                others = [o for o in range(M) if o not in (i, j)]
                chance += sum(j in theirs[o] for o in others) / len(others) / 2
        over += len(a[i] & b[i]) - chance
        most += 15 - chance
    return over / most


@pytest.mark.parametrize("seed", range(3))
def test_overlap_is_that_of_plain_loops(seed: int) -> None:
    first, other = two(seed)
    found = score(first, other)
    assert 0.1 < found < 0.9
    assert found == pytest.approx(by_loops(first, other), rel=1e-9)


def test_the_same_is_one_and_noise_nothing() -> None:
    first, _ = two(0)
    assert score(first, first) == pytest.approx(1)
    unrelated = [float(score(two(seed)[0], two(1_000 + seed)[1])) for seed in range(40)]
    assert abs(np.mean(unrelated)) < 0.01
    blurred = [float(np.mean([score(*two(s, noise)) for s in range(5)])) for noise in (0.3, 1, 3)]
    assert blurred == sorted(blurred, reverse=True)


def test_hubs_that_are_everybodys_neighbours_count_for_nothing() -> None:
    """Twenty cells in the middle, of many dimensions, are near to all, by either half."""
    rng = np.random.default_rng(0)
    first, other = (
        np.where(np.arange(B)[:, None] < B - 20, 1.0, 0.01) * rng.normal(size=(B, 60))
        for _ in range(2)
    )
    near = [
        np.argsort(((Z[:M, None] - Z[None]) ** 2).sum(axis=2), axis=1)[:, 1:16]
        for Z in (first, other)
    ]
    plain = np.mean([len(set(a) & set(b)) / 15 for a, b in zip(*near, strict=True)])
    assert plain > 0.5
    assert abs(score(first, other)) < 0.05


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1_000), scale=st.floats(0.01, 100))
def test_turning_either_and_scaling_do_not_matter(seed: int, scale: float) -> None:
    first, other = two(seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    value = float(score(first, other))
    assert score(first @ turn, scale * other) == pytest.approx(value, abs=0.02)
    assert score(other, first) == pytest.approx(value, rel=1e-9)
    rows = np.concatenate([np.random.default_rng(1).permutation(M), np.arange(M, B)])
    assert score(first[rows], other[rows]) == pytest.approx(value, rel=1e-9)


def test_its_error_is_that_of_other_cells() -> None:
    """The spread over draws of all cells is what the numbers of the cells say of it."""
    found = [score(*two(seed)) for seed in range(60)]
    errors = [f.se for f in found if f.se]
    assert 0.7 < np.std(found) / np.mean(errors) < 1.6


def test_where_all_have_the_same_neighbours_there_is_a_reason() -> None:
    first, other = (Z[:3] for Z in two(0))
    with pytest.raises(MetricUndefined, match="the same neighbours"):
        score(first, other, 3)
    with pytest.raises(MetricUndefined, match="too few"):
        score(first[:2], other[:2], 2)
