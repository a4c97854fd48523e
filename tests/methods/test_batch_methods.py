"""Methods against batch effects: against scanpy and harmonypy, and on batches that were planted."""

from __future__ import annotations

import importlib.util
import json
import pickle
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
import scanpy

from omicsbench.methods._harmony import Harmony
from omicsbench.methods.combat import Combat
from omicsbench.methods.harmony import HarmonyPca
from omicsbench.methods.regress_batch import RegressBatch

REFERENCES = Path(__file__).parent / "references" / "harmony.py"
every = pytest.mark.parametrize("make", [Combat, HarmonyPca, RegressBatch])


def _made() -> Any:
    spec = importlib.util.spec_from_file_location("harmony_references", REFERENCES)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = _made()


def planted(n: int = 300, seed: int = 0, batches: int = 3) -> tuple[np.ndarray, ...]:
    """Three kinds of cells in batches that add a number to every feature, and scale the noise."""
    truth, rng = np.random.default_rng(9), np.random.default_rng(seed)
    centres, moved = 3 * truth.normal(size=(3, 20)), 3 * truth.normal(size=(9, 20))
    kind, batch = rng.integers(0, 3, n), rng.integers(0, batches, n).astype(np.int32)
    noise = rng.normal(size=(n, 20)) * (1 + batch[:, None] / 2)
    return (centres[kind] + moved[batch] + noise + 2).astype(np.float32), batch, kind


def apart(Z: np.ndarray, batch: np.ndarray) -> float:
    """Share of the variance that lies between batches."""
    means = np.stack([Z[batch == b].mean(axis=0) for b in np.unique(batch)])
    sizes = np.bincount(np.unique(batch, return_inverse=True)[1])
    between = (sizes[:, None] * np.square(means - Z.mean(axis=0))).sum()
    return float(between / np.square(Z - Z.mean(axis=0)).sum())


def annotated(X: np.ndarray, batch: np.ndarray) -> anndata.AnnData:
    names = [f"c{i}" for i in range(len(X))]
    obs = pd.DataFrame({"batch": pd.Categorical(batch.astype(str))}, index=names)
    return anndata.AnnData(X.copy(), obs=obs)


def test_combat_is_scanpys() -> None:
    X, batch, _ = planted(120)
    expected = scanpy.pp.combat(annotated(X, batch), key="batch", inplace=False)
    np.testing.assert_allclose(Combat(5)._learn(X, batch), expected, atol=1e-5)


def test_regression_is_scanpys() -> None:
    X, batch, _ = planted(120)
    expected = annotated(X, batch)
    scanpy.pp.regress_out(expected, "batch")
    np.testing.assert_allclose(RegressBatch(5)._learn(X, batch), expected.X, atol=1e-5)


def test_harmony_is_harmonypys() -> None:
    """They start from clusterings of their own and reach the same."""
    Z, batch, _ = MADE.cells()
    expected = json.loads(REFERENCES.with_suffix(".json").read_text())["corrected"]
    np.testing.assert_allclose(Harmony().fit(Z, batch), expected, atol=2e-3)


@every
def test_batches_go_and_kinds_stay(make: Any) -> None:
    (X, batch, _), (T, other, kind) = planted(), planted(200, seed=1)
    model = make(4).fit(X, batch)
    Z = model.transform(T, other)
    assert apart(T, other) > 0.3
    assert apart(Z, other) < 0.1
    assert apart(Z, kind) > 0.5


@every
def test_a_new_batch_is_brought_to_those_of_training(make: Any) -> None:
    (X, batch, _), (T, _, kind) = planted(batches=2), planted(200, seed=1, batches=1)
    shifted = T + 4 * np.random.default_rng(3).normal(size=20).astype(np.float32)
    model = make(4).fit(X, batch)
    known, new = (
        model.transform(T, np.zeros(200, np.int32)),
        model.transform(shifted, np.full(200, 7, np.int32)),
    )
    both = np.concatenate([known, new])
    assert apart(both, np.repeat([0, 1], 200)) < 0.1
    assert apart(new, kind) > 0.5


@every
def test_training_cells_are_placed_as_they_were_fitted(make: Any) -> None:
    X, batch, _ = planted()
    model = make(4).fit(X, batch)
    fitted = getattr(model, "embedding_", None)
    if fitted is None:
        fitted = model.pca_.transform(model._learn(X, batch))
    np.testing.assert_allclose(model.transform(X, batch), fitted, atol=1e-2)


@every
def test_cells_of_known_batches_do_not_depend_on_each_other(make: Any) -> None:
    (X, batch, _), (T, other, _) = planted(), planted(50, seed=1)
    model = make(4).fit(X, batch)
    few = slice(10, 13)
    np.testing.assert_allclose(
        model.transform(T, other)[few], model.transform(T[few], other[few]), atol=1e-4
    )


@every
@pytest.mark.parametrize("n", [6, 12])
def test_few_cells_of_many_batches(make: Any, n: int) -> None:
    """Batches of one or two cells, in training and new; a feature that does not vary."""
    X = planted(n)[0]
    X[:, 0] = 1
    model = make(3).fit(X, np.arange(n, dtype=np.int32) // 2)
    T = planted(5, seed=1)[0]
    Z = model.transform(T, np.array([0, 1, 77, 78, 78], dtype=np.int32))
    assert Z.shape == (5, 3)
    assert np.isfinite(Z).all()


@every
def test_one_batch_is_left_as_pca_has_it(make: Any) -> None:
    X, _, kind = planted(batches=1)
    Z = make(4).fit(X, np.zeros(len(X), np.int32)).transform(X, np.zeros(len(X), np.int32))
    assert apart(Z, kind) > 0.5


@every
def test_pickled_and_seeded(make: Any) -> None:
    X, batch, _ = planted(80)
    first, second = make(3).fit(X, batch), make(3).fit(X, batch)
    copy = pickle.loads(pickle.dumps(first))
    np.testing.assert_allclose(first.transform(X, batch), second.transform(X, batch), atol=1e-4)
    np.testing.assert_allclose(first.transform(X, batch), copy.transform(X, batch), atol=1e-4)
