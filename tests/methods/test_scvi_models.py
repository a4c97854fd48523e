"""totalVI, MultiVI and scANVI of scvi-tools: unseen cells, budget, early stopping, pickles."""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omicsbench.contract.checks import check_method
from omicsbench.methods.multivi import Multivi
from omicsbench.methods.scanvi import Scanvi
from omicsbench.methods.totalvi import Totalvi
from omicsbench.plugin import Modality
from omicsbench.registry.discover import discover, unavailable
from omicsbench.stream import Counts

if reason := unavailable(Totalvi.info):
    pytest.skip(reason, allow_module_level=True)

integrators = pytest.mark.parametrize("make", [Totalvi, Multivi])


@cache
def cells(n: int, seed: int = 0) -> tuple[dict[str, Modality], np.ndarray]:
    """Three kinds of cells; a protein and a peak that none of them has."""
    truth, rng = np.random.default_rng(3), np.random.default_rng(seed)
    kind = rng.integers(0, 3, n)
    genes, panel, peaks = (truth.normal(size=(3, p))[kind] for p in (60, 12, 80))
    rna, protein = rng.poisson(np.exp(genes)), rng.poisson(20 * np.exp(panel))
    atac = (rng.uniform(size=(n, 80)) < 1 / (1 + np.exp(-2 * peaks))).astype(np.float32)
    protein[:, 0] = atac[:, 0] = 0
    return {
        "lipids": Modality(rng.normal(size=(n, 5)).astype(np.float32)),
        "rna": counted(rna, "counts"),
        "protein": counted(protein, "proteins"),
        "atac": Modality(atac, "bernoulli", atac, holds="binary"),
    }, kind


def counted(counts: np.ndarray, holds: Any) -> Modality:
    raw = counts.astype(np.float32)
    return Modality(np.log1p(raw), "negative_binomial", raw, raw.sum(axis=1), holds)


def molecules(n: int, seed: int = 0) -> tuple[Counts, np.ndarray]:
    X, kind = cells(n, seed)
    return Counts.held(X["rna"].raw), kind


@pytest.mark.slow
@pytest.mark.parametrize("name", ["totalvi", "multivi", "scanvi"])
def test_keeps_the_contract(name: str) -> None:
    registry = discover()
    problems = [check for check in check_method(registry.method(name), registry) if check.problem]
    assert problems == []


@integrators
def test_tells_kinds_of_unseen_cells_apart(make: Any, tmp_path: Path, monkeypatch, capfd) -> None:
    monkeypatch.chdir(tmp_path)
    (X, _), (T, kind) = cells(200), cells(80, seed=1)
    model = make(3, max_steps=300, learning_rate=5e-3).fit(X)
    Z = model.transform(T)
    centres = [Z[kind == k].mean(axis=0) for k in range(3)]
    nearer = np.linalg.norm(Z[:, None] - np.stack(centres), axis=2).argmin(axis=1)
    assert (nearer == kind).mean() > 0.8
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(copy.transform(T), Z, atol=1e-5)
    assert not list(tmp_path.iterdir()), "files are left"
    said = capfd.readouterr()
    assert said.out + said.err == ""


@integrators
@pytest.mark.parametrize(("n", "held"), [(12, 0.1), (129, 0)])
def test_any_number_of_rows_within_the_budget(make: Any, n: int, held: float) -> None:
    """129: a batch of 128 would leave one row, with which batch norm cannot be trained."""
    X, _ = cells(n)
    model = make(2, max_steps=4, batch_size=128, validation_fraction=held).fit(X)
    assert model.fit_info_["steps"] == 4
    assert model.fit_info_["validation_rows"] == int(n * held)
    assert np.isfinite(model.transform(X)).all()


@pytest.mark.parametrize("make", [Totalvi, Multivi, Scanvi])
def test_a_budget_of_less_than_an_epoch(make: Any) -> None:
    """Held-out rows are never looked at: there is nothing to stop by."""
    X, kind = molecules(60) if make is Scanvi else cells(60)
    settings = {"batch_size": 10, "max_steps": 3}
    model = make(**settings).fit(X, kind) if make is Scanvi else make(2, **settings).fit(X)
    assert model.fit_info_["steps"] == 3


@integrators
def test_a_missing_modality_is_refused_in_words(make: Any) -> None:
    X, _ = cells(20)
    with pytest.raises(ValueError, match="no modality of counts"):
        make(2).fit({"atac": X["atac"], "protein": X["protein"]})


def test_totalvi_stops_early() -> None:
    info = Totalvi(2, patience=2, learning_rate=1e-2).fit(cells(100)[0]).fit_info_
    assert info["epochs"] < 400


def test_scanvi_learns_from_cells_without_a_label_too() -> None:
    (X, kind), (T, truth) = molecules(200), molecules(80, seed=1)
    codes = np.array([2, 5, 10])
    y = codes[kind]
    y[::2] = -1
    model = Scanvi(max_steps=300, patience=5).fit(X, y)
    assert model.classes_.tolist() == [2, 5, 10], "by code, not as text"
    assert model.fit_info_["training_rows"] + model.fit_info_["validation_rows"] == 200
    P = model.predict_proba(T)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert (model.classes_[P.argmax(axis=1)] == codes[truth]).mean() > 0.95


def test_scanvi_takes_steps_enough_of_few_cells() -> None:
    X, kind = molecules(40)
    model = Scanvi(max_steps=30, min_steps=25).fit(X, kind)
    assert model.fit_info_["pretraining"]["steps"] == 30
    assert model.fit_info_["steps"] == 25
