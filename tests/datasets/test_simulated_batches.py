"""Simulated batches do what was asked for, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from omicsbench.datasets.simulated_batches import COMPOSITIONS, EFFECTS, load


def differences(**parameters: Any) -> np.ndarray:
    """(types, genes): log ratio of a type's mean counts in the first two batches."""
    made = load(n=3_000, genes=80, batches=2, types=3, seed=1, **parameters)
    X = made.X / made.X.sum(axis=1, keepdims=True)
    kind, batch = (made.obs[name].cat.codes.to_numpy() for name in ("cell_type", "batch"))
    means = [[X[(kind == k) & (batch == b)].mean(axis=0) for b in (0, 1)] for k in range(3)]
    return np.array([np.log(one + 1e-4) - np.log(other + 1e-4) for one, other in means])


def test_without_an_effect_batches_are_alike() -> None:
    assert differences(effect="none").std() < 0.15
    for effect in EFFECTS[1:]:
        assert differences(effect=effect).std() > 0.3


def test_an_additive_effect_is_the_same_for_all_types_and_the_others_are_not() -> None:
    def shared(effect: str) -> float:
        return float(np.corrcoef(differences(effect=effect))[np.triu_indices(3, 1)].mean())

    assert shared("additive") > 0.9
    assert shared("cell_type") < 0.4
    assert shared("multiplicative") < 0.6


def test_compositions() -> None:
    for composition, batches in zip(COMPOSITIONS, (3, 1), strict=True):
        obs = load(n=600, genes=10, composition=composition).obs
        assert set(obs.groupby("cell_type", observed=True)["batch"].nunique()) == {batches}


@pytest.mark.parametrize("effect", EFFECTS[1:])
def test_the_truth_does_not_depend_on_the_effect(effect: str) -> None:
    plain, changed = load(n=100, effect="none"), load(n=100, effect=effect)
    np.testing.assert_array_equal(plain.obsm["latent"], changed.obsm["latent"])
    assert (plain.obs["cell_type"] == changed.obs["cell_type"]).all()
    assert (plain.obs["batch"] == changed.obs["batch"]).all()


def test_counts_are_whole_and_unknown_words_are_refused() -> None:
    X = load(n=50).X
    assert (X >= 0).all()
    assert (np.rint(X) == X).all()
    with pytest.raises(ValueError, match="none, additive, multiplicative, cell_type"):
        load(n=50, effect="some")
    with pytest.raises(ValueError, match="balanced, confounded"):
        load(n=50, composition="some")
