"""Metrics of integration, against other implementations or a known answer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import pairwise_distances, r2_score

from omicsbench.metrics import Estimate, MetricUndefined, Neighbors
from omicsbench.metrics.modalities import (
    cross_modal_r2,
    cross_modal_spearman,
    foscttm,
    modality_balance,
    modality_recall,
    weakest_modality_recall,
)
from omicsbench.metrics.structure import knn_recall

K = 8
SEEDS = st.integers(0, 10_000)
RECALLS = (modality_recall, weakest_modality_recall, modality_balance)


def spaces(seed: int = 0, rows: int = 120) -> dict[str, np.ndarray]:
    """Two modalities that share some of what they hold."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(rows, 2))
    return {
        "rna": np.hstack([shared, rng.normal(size=(rows, 3))]).astype(np.float32),
        "protein": np.hstack([shared, rng.normal(size=(rows, 1))]).astype(np.float32),
    }


def neighbors(given_: dict[str, np.ndarray], k: int = K) -> dict[str, Neighbors]:
    return {name: Neighbors.of(points, k) for name, points in given_.items()}


def mean_is_value(found: float) -> bool:
    assert isinstance(found, Estimate)
    assert found.per_cell is not None
    return bool(np.isclose(found.per_cell.mean(), float(found), atol=1e-10))


@pytest.mark.parametrize("own", ["rna", "protein"])
def test_recall_of_a_modality_by_its_own_space(own: str) -> None:
    given_ = spaces()
    near = neighbors(given_)
    found = modality_recall(near, given_[own])
    other = next(name for name in given_ if name != own)
    alone = float(knn_recall(near[other], given_[own]))
    assert found.parts == pytest.approx({own: 1, other: alone})  # type: ignore[attr-defined]
    assert list(found.parts) == ["rna", "protein"]  # type: ignore[attr-defined]
    assert found == pytest.approx((1 + alone) / 2)
    weakest = weakest_modality_recall(near, given_[own])
    assert weakest == pytest.approx(alone)
    assert weakest.parts == found.parts  # type: ignore[attr-defined]


def test_weakest_recall_finds_a_modality_left_out() -> None:
    given_ = spaces(rows=300)
    near = neighbors(given_)
    joint = np.hstack([given_["rna"], given_["protein"]])
    ignorant = given_["rna"]
    assert weakest_modality_recall(near, joint) > weakest_modality_recall(near, ignorant) + 0.1
    assert modality_balance(near, joint) > modality_balance(near, ignorant) + 0.02
    noise = np.random.default_rng(1).normal(size=(300, 3))
    assert modality_recall(near, noise) == pytest.approx(K / 299, abs=0.02)


def test_balance_by_hand() -> None:
    """Points on a line: rna keeps their order, protein has them in pairs from end to end."""
    line = np.arange(6.0)[:, None] ** 1.5
    pairs = np.array([0, 10, 20, 20.5, 10.5, 0.5])[:, None]
    near = {"rna": Neighbors.of(line, 1), "protein": Neighbors.of(pairs, 1)}
    # In line the nearest of 0..5 are 1 0 1 2 3 4, in pairs 5 4 3 2 1 0: one alike.
    found = modality_balance(near, line)
    shares = np.array([6, 1]) / 7
    assert list(found.parts.values()) == pytest.approx(shares)  # type: ignore[attr-defined]
    assert found == pytest.approx(-(shares * np.log2(shares)).sum())
    assert modality_balance({"a": near["rna"], "b": near["rna"]}, line) == pytest.approx(1)


def test_balance_of_one_modality_alone_is_zero_and_of_none_undefined() -> None:
    here, there = np.array([0, 1, 10, 11.0])[:, None], np.array([0, 10, 1, 11.0])[:, None]
    near = {"a": Neighbors.of(here, 1), "b": Neighbors.of(there, 1)}
    found = modality_balance(near, here)
    assert (found, found.parts) == (0, {"a": 1, "b": 0})  # type: ignore[attr-defined]
    assert mean_is_value(found)
    with pytest.raises(MetricUndefined, match="any modality"):
        modality_balance(near, np.array([0, 10, 11, 1.0])[:, None])
    with pytest.raises(MetricUndefined, match="one modality"):
        modality_balance({"a": near["a"]}, here)


def _foscttm(a: np.ndarray, b: np.ndarray) -> float:
    distances = pairwise_distances(a, b)
    own = np.diag(distances)[:, None]
    return float(((distances < own).sum(axis=1) / (len(a) - 1)).mean())


def test_foscttm_against_its_definition_and_over_blocks() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(600, 4))
    a, b, c = (base + s * rng.normal(size=base.shape) for s in (0.3, 0.6, 0.9))
    found = foscttm({"a": a, "b": b, "c": c})
    assert list(found.parts) == [  # type: ignore[attr-defined]
        "a > b",
        "a > c",
        "b > a",
        "b > c",
        "c > a",
        "c > b",
    ]
    expected = [_foscttm(*pair) for pair in ((a, b), (a, c), (b, a), (b, c), (c, a), (c, b))]
    assert list(found.parts.values()) == pytest.approx(expected)  # type: ignore[attr-defined]
    assert found == pytest.approx(np.mean(expected))


def test_foscttm_of_identical_random_and_constant_embeddings() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 400, 3)).astype(np.float32)
    assert foscttm({"a": a, "b": a.copy()}) == 0
    assert foscttm({"a": a, "b": b}) == pytest.approx(0.5, abs=0.03)
    flat = np.full_like(a, 0.7)
    flat[::3] = np.nextafter(np.float32(0.7), np.float32(1))
    assert foscttm({"a": a, "b": flat}).parts["a > b"] == 0.5  # type: ignore[attr-defined]
    assert foscttm({"a": flat, "b": flat}) == 0.5
    farthest = np.array([0, 1.0])[:, None]
    assert foscttm({"a": farthest, "b": farthest[::-1]}) == 1


def test_foscttm_counts_ties_half() -> None:
    twins = np.repeat(np.arange(5.0), 2)[:, None]
    assert foscttm({"a": twins, "b": twins.copy()}) == pytest.approx(0.5 / 9)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_order_of_rows_and_of_modalities_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    given_, rows = spaces(seed, 50), rng.permutation(50)
    joint = rng.normal(size=(50, 2)) + given_["rna"][:, :2]
    guess = {"protein": given_["protein"] + rng.normal(size=(50, 3)).astype(np.float32)}
    moved = {name: points[rows] for name, points in given_.items()}
    flipped = dict(reversed(neighbors(moved).items()))
    for function in RECALLS:
        value = function(neighbors(given_), joint)
        assert function(flipped, joint[rows]) == pytest.approx(value, abs=1e-12)
        assert mean_is_value(value)
    alone = {"rna": given_["rna"][:, :3], "protein": given_["protein"]}
    value = foscttm(alone)
    shuffled = foscttm({name: alone[name][rows] for name in reversed(alone)})
    assert shuffled == pytest.approx(value, abs=1e-12)
    assert mean_is_value(value)
    for across in (cross_modal_r2, cross_modal_spearman):
        value = across(given_, guess)
        again = across(moved, {name: points[rows] for name, points in guess.items()})
        assert again == pytest.approx(value, abs=1e-10)
        assert mean_is_value(value)


def test_cross_modal_against_scikit_learn_and_scipy() -> None:
    rng = np.random.default_rng(2)
    truth = {
        "rna": rng.normal(size=(90, 4)).astype(np.float32),
        "protein": rng.normal(size=(90, 5)).astype(np.float32),
        "atac": rng.poisson(0.4, size=(90, 6)).astype(np.float32),  # many ties
    }
    guess = {
        name: truth[name] + rng.normal(size=truth[name].shape).astype(np.float32)
        for name in ("protein", "atac")
    }
    guess["atac"] = np.round(guess["atac"])
    r2, rank = cross_modal_r2(truth, guess), cross_modal_spearman(truth, guess)
    for found in (r2, rank):
        assert mean_is_value(found)
        assert list(found.parts) == ["protein", "atac"]  # type: ignore[attr-defined]
        assert found == pytest.approx(np.mean(list(found.parts.values())))  # type: ignore[attr-defined]
    for name, said in guess.items():
        expected = r2_score(truth[name], said, multioutput="uniform_average")
        assert r2.parts[name] == pytest.approx(expected, rel=1e-5)  # type: ignore[attr-defined]
        each = [spearmanr(*pair).statistic for pair in zip(truth[name].T, said.T, strict=True)]
        assert rank.parts[name] == pytest.approx(np.mean(each))  # type: ignore[attr-defined]


def test_features_that_are_constant_are_left_out_and_constant_predictions_know_nothing() -> None:
    given_ = spaces()
    truth = {**given_, "protein": given_["protein"].copy()}
    truth["protein"][:, 1] = 3
    half = truth["protein"].copy()
    half[:, 2] = half[:, 2].mean()
    half[:, 1] = -5
    assert cross_modal_r2(truth, {"protein": half}) == pytest.approx(0.5, abs=1e-6)
    assert cross_modal_spearman(truth, {"protein": half}) == pytest.approx(0.5)
    half[::2, 2] = np.nextafter(half[0, 2], np.float32(9))  # a constant, but for the last bit
    assert cross_modal_spearman(truth, {"protein": half}) == pytest.approx(0.5)
    truth["protein"][:] = 3
    for across in (cross_modal_r2, cross_modal_spearman):
        with pytest.raises(MetricUndefined, match="no feature of protein varies"):
            across(truth, {"protein": half})
        with pytest.raises(MetricUndefined, match="one modality"):
            across(truth, {})
        with pytest.raises(ValueError, match="measured"):
            across(truth, {"protein": half[:, :1]})


def test_a_wild_feature_moves_r2_but_hardly_the_ranks() -> None:
    given_ = spaces()
    guess = given_["protein"].copy()
    guess[:, 0] *= 1000
    assert cross_modal_r2(given_, {"protein": guess}) < -1000
    assert cross_modal_spearman(given_, {"protein": guess}) == 1


@pytest.mark.parametrize("metric", ["foscttm", "r2", "spearman", "ties"])
def test_standard_error_is_the_spread_over_draws_of_the_rows(metric: str) -> None:
    found = []
    for seed in range(250):
        given_ = spaces(seed, 100)
        noise = np.random.default_rng(seed + 10_000).normal(size=(100, 3)).astype(np.float32)
        guess = {"protein": given_["protein"] + np.float32(0.6) * noise}
        if metric == "foscttm":
            found.append(foscttm({"a": given_["protein"], "b": guess["protein"]}))
        elif metric == "r2":
            found.append(cross_modal_r2(given_, guess))
        elif metric == "spearman":
            found.append(cross_modal_spearman(given_, guess))
        else:
            truth, said = (np.round(x["protein"]).clip(0) for x in (given_, guess))
            found.append(cross_modal_spearman({"protein": truth}, {"protein": said}))
    stated = np.mean([value.se for value in found])  # type: ignore[attr-defined]
    assert stated == pytest.approx(np.std(found), rel=0.15)


@pytest.mark.parametrize("function", RECALLS)
def test_standard_error_is_the_spread_over_rows_scored_among_a_background(
    function: Callable[..., Estimate],
) -> None:
    given_, found = spaces(0, 1_500), []
    for seed in range(60):
        order = np.random.default_rng(seed).permutation(1_500)
        near = {n: Neighbors.of(points[order], K, 100) for n, points in given_.items()}
        found.append(function(near, given_["rna"][order, :3]))
    stated = np.mean([value.se for value in found])
    assert stated == pytest.approx(np.std(found), rel=0.3)
