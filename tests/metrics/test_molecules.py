"""Held-out molecules, in bits: against plain loops, an oracle, noise, and what must not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from omicsbench.metrics import METRICS, MetricUndefined
from omicsbench.metrics.molecules import CELLS_OF_MEAN, K

KINDS, GENES, TRAIN, SCORED = 4, 30, 200, 60
BITS, DECODER = METRICS["molecule_bits"], METRICS["decoder_bits"]


def cells(seed: int = 0, depth: float = 300) -> dict[str, Any]:
    """Cells of four kinds in a plane, whose profiles are drawn, and the rates behind them."""
    rng = np.random.default_rng(seed)
    profiles = rng.dirichlet(np.full(GENES, 0.3), KINDS)
    centres = 10 * rng.normal(size=(KINDS, 2))

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        kinds = rng.integers(0, KINDS, n)
        rates = profiles[kinds] * rng.gamma(4, depth / 4, n)[:, None]
        return centres[kinds] + rng.normal(size=(n, 2)), rates, rng.poisson(rates)

    place, _, counts = drawn(TRAIN)
    _, known_rates, known_counts = drawn(SCORED)
    test, rates, molecules = drawn(SCORED)
    molecules[7] = 0  # a cell without any
    return {
        "embedding": test.astype(np.float32),
        "reference_embedding": place.astype(np.float32),
        "reference_counts": sparse.csr_matrix(counts.astype(np.float32)),
        "molecules": molecules.astype(np.float32),
        "decoded": rates,
        "validation_decoded": known_rates,
        "validation_molecules": known_counts.astype(np.float32),
    }


def by_loops(given: dict[str, Any]) -> float:
    """``molecule_bits`` as its docstring has it, a cell and a feature at a time."""
    counts = given["reference_counts"].toarray().astype(float)
    total = counts.sum()
    mean = [counts[:, g].sum() / total for g in range(GENES)]
    prior = CELLS_OF_MEAN * total / len(counts)
    told = []
    for i, point in enumerate(given["embedding"]):
        squares = ((given["reference_embedding"] - point).astype(float) ** 2).sum(axis=1)
        near = np.argsort(squares, kind="stable")[:K]
        gain = number = 0.0
        for g in range(GENES):
            molecules = given["molecules"][i, g]
            if mean[g] == 0:
                continue
            pooled = sum(counts[j, g] for j in near)
            share = (pooled + prior * mean[g]) / (sum(counts[j].sum() for j in near) + prior)
            gain += molecules * np.log2(share / mean[g])
            number += molecules
        if number:
            told.append(gain / number)
    return float(np.mean(told))


@pytest.mark.parametrize("seed", range(3))
def test_bits_are_those_of_plain_loops(seed: int) -> None:
    given = cells(seed)
    unseen = given["reference_counts"].toarray()
    unseen[:, 3] = 0  # of which no training cell has any: left out
    given["reference_counts"] = sparse.csr_matrix(unseen)
    found = BITS(**given)
    assert found == pytest.approx(by_loops(given), rel=1e-9)
    assert found.per_cell is not None
    assert np.flatnonzero(np.isnan(found.per_cell)).tolist() == [7]


def test_the_right_order() -> None:
    """True rates tell most, then the kinds, then a blurred map of them; noise tells nothing."""
    given, rng = cells(depth=2_000), np.random.default_rng(1)
    oracle = float(DECODER(**given))
    good = float(BITS(**given))
    places = {n: given[n] for n in ("embedding", "reference_embedding")}
    blurred = {n: Z + 8 * rng.normal(size=Z.shape) for n, Z in places.items()}
    noise = {n: rng.normal(size=Z.shape) for n, Z in places.items()}
    assert oracle > good > BITS(**given | blurred) > BITS(**given | noise) + 0.1
    assert abs(BITS(**given | noise)) < 0.15
    # Nothing tells more than the rates by which the molecules were drawn.
    q = given["reference_counts"].toarray().sum(axis=0)
    q = q / q.sum()
    p = given["decoded"] / given["decoded"].sum(axis=1, keepdims=True)
    limit = np.mean([(a * np.log2(a / q)).sum() for a in p])
    assert oracle == pytest.approx(limit, rel=0.05)


def test_a_decoder_is_mixed_as_validation_cells_want_it() -> None:
    given, rng = cells(), np.random.default_rng(2)
    nothing = rng.random((SCORED, GENES))
    useless = DECODER(**given | {"decoded": nothing, "validation_decoded": nothing})
    assert abs(useless) < 0.03
    # Only validation cells say that it is of no use, so that it costs where they are wrong.
    assert DECODER(**given | {"decoded": nothing}) < -0.5
    q = np.asarray(given["reference_counts"].sum(axis=0)).ravel()
    q = q / q.sum()

    def told(mix: float) -> float:
        """Bits of validation cells, one after the other."""
        bits = []
        for b, p in zip(given["validation_molecules"], given["validation_decoded"], strict=True):
            gain = np.log2(((1 - mix) * p / p.sum() + mix * q) / q)
            bits.append((b * gain).sum() / b.sum())
        return float(np.mean(bits))

    expected = [told(mix) for mix in np.arange(1, 101) / 100]
    own = given | {
        "molecules": given["validation_molecules"],
        "decoded": given["validation_decoded"],
    }
    assert DECODER(**own) == pytest.approx(max(expected), rel=1e-6)


def test_a_decoder_that_expects_nothing_tells_the_mean() -> None:
    given = cells()
    none = np.zeros((SCORED, GENES))
    assert DECODER(**given | {"decoded": none - 1, "validation_decoded": none}) == pytest.approx(0)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1_000), turn=st.floats(0, 6.2), scale=st.floats(0.01, 100))
def test_turning_scaling_and_order_do_not_matter(seed: int, turn: float, scale: float) -> None:
    given, rng = cells(seed), np.random.default_rng(seed)
    value = BITS(**given)
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    rows, train = rng.permutation(SCORED), rng.permutation(TRAIN)
    turned = given | {
        "embedding": (given["embedding"] @ rotation)[rows],
        "molecules": given["molecules"][rows],
        "reference_embedding": (given["reference_embedding"] @ rotation)[train],
        "reference_counts": given["reference_counts"][train],
    }
    assert BITS(**turned) == pytest.approx(float(value), abs=1e-6)


def test_of_few_training_cells_all_are_neighbours() -> None:
    given = cells()
    few = {n: given[n][:5] for n in ("reference_embedding", "reference_counts")}
    assert abs(BITS(**given | few)) < 1e-9


@pytest.mark.parametrize("empty", ["molecules", "reference_counts"])
def test_without_molecules_there_is_a_reason(empty: str) -> None:
    given = cells()
    for scored_by in (BITS, DECODER):
        with pytest.raises(MetricUndefined, match="molecule"):
            scored_by(**given | {empty: 0 * given[empty]})
