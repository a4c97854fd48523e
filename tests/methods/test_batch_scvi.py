"""scVI, scANVI and SysVI told of the batch: batches go, kinds stay, new batches are placed."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from omicsbench.datasets import simulated_batches
from omicsbench.methods.batch_scvi import BatchScanvi, BatchScvi
from omicsbench.methods.sysvi import Sysvi
from omicsbench.registry.discover import unavailable
from omicsbench.stream import Counts

if reason := unavailable(BatchScvi.info):
    pytest.skip(reason, allow_module_level=True)

every = pytest.mark.parametrize("make", [BatchScvi, BatchScanvi, Sysvi])


def cells(rows: slice) -> tuple[Counts, np.ndarray, np.ndarray]:
    """Some of 400 cells: counts, batches, types."""
    made = simulated_batches.load(n=400, genes=60, types=3, strength=1.0)
    batch, kind = (made.obs[name].cat.codes.to_numpy() for name in ("batch", "cell_type"))
    return Counts.held(made.X[rows]), batch[rows].astype(np.int32), kind[rows].astype(np.int32)


def fitted(make: Any, X: Counts, batch: np.ndarray, kind: np.ndarray, **settings: Any) -> Any:
    labels = {"labels": np.where(np.arange(len(kind)) % 3, kind, -1)} if make is BatchScanvi else {}
    return make(5, **settings).fit(X, batch=batch, **labels)


def apart(Z: np.ndarray, codes: np.ndarray) -> float:
    """Share of the variance that lies between groups of cells."""
    means = np.stack([Z[codes == code].mean(axis=0) for code in np.unique(codes)])
    sizes = np.unique(codes, return_counts=True)[1]
    between = (sizes[:, None] * np.square(means - Z.mean(axis=0))).sum()
    return float(between / np.square(Z - Z.mean(axis=0)).sum())


@every
def test_batches_go_kinds_stay_and_new_batches_are_placed(make: Any) -> None:
    T, other, kind = cells(slice(300, 400))
    model = fitted(make, *cells(slice(300)), max_steps=250, learning_rate=3e-3)
    Z = model.transform(T, batch=other)
    assert Z.shape == (100, 5)
    assert Z.dtype == np.float32
    assert apart(Z, other) < 0.2 < apart(Z, kind)
    new = np.where(np.arange(100) < 20, 99, other)
    placed = model.transform(T, batch=new)
    np.testing.assert_allclose(placed[20:], Z[20:], atol=1e-4)
    assert apart(placed, kind) > 0.2
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(copy.transform(T, batch=new), placed, atol=1e-5)


@every
def test_keeps_to_its_budget(make: Any) -> None:
    X, batch, kind = cells(slice(40))
    info = fitted(make, X, batch, kind, max_steps=5, validation_fraction=0).fit_info_
    assert info["steps"] == 5
    assert info["batches"] == 3


def test_scanvi_without_labels_is_scvi() -> None:
    X, batch, _ = cells(slice(40))
    model = BatchScanvi(2, max_steps=4).fit(X, batch=batch, labels=np.full(40, -1))
    assert model.transform(X, batch=batch).shape == (40, 2)


def test_sysvi_refuses_one_batch_in_words() -> None:
    X, batch, _ = cells(slice(40))
    with pytest.raises(ValueError, match="two or more"):
        Sysvi(2).fit(X, batch=np.zeros_like(batch))
