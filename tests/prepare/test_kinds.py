"""Compositions, genotypes, cytometry and mutations are prepared as their fields do it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from omicsbench.inputs.source import own
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.suite import make_suite
from omicsbench.plugin import Values
from omicsbench.prepare.normalise import LIKELIHOODS, measured, normalize
from omicsbench.prepare.parts import NAMES
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.prepare.scaling import Scaler
from omicsbench.prepare.subsample import Rows, chosen_train
from omicsbench.reading.own import OwnData
from omicsbench.registry.discover import discover
from omicsbench.running.embed import embed

SAMPLES, FEATURES, SIZE = 240, 30, 50
BOTH = pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix], ids=["dense", "sparse"])


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))


def taxa(seed: int = 0) -> np.ndarray:
    """Counts of taxa of samples of unlike depth, most of them zero, (SAMPLES, FEATURES)."""
    rng = np.random.default_rng(seed)
    shares = rng.gamma(0.2, 1.0, (SAMPLES, FEATURES)) + 1e-3
    return rng.poisson(shares * rng.lognormal(1, 1, (SAMPLES, 1))).astype(np.float32) + (
        np.arange(FEATURES) == 0
    )


def genotypes(high: float, seed: int = 0) -> np.ndarray:
    """0, 1 or 2 of alleles with frequencies from 0.05 to ``high``; the last is nobody's."""
    rng = np.random.default_rng(seed)
    found = rng.binomial(2, rng.uniform(0.05, high, FEATURES), (SAMPLES, FEATURES))
    found[:, -1] = 0
    return found.astype(np.float32)


def prepared(X: Any, values: Values, tmp_path: Path, **more: Any) -> Prepared:
    path = tmp_path / "a.h5ad"
    anndata.AnnData(X).write_h5ad(path)
    source = own(OwnData(path, values=values))
    return prepare(source, [0], **{"seed": 0, "features": FEATURES, "per_size": False} | more)[0]


def stored(made: Prepared) -> np.ndarray:
    """The prepared values of all cells, unscaled, (n, p)."""
    found = np.zeros(made.contents.shape, dtype=np.float32)
    for name in NAMES:
        (part,) = made.matrices(name).values()
        rows = np.sort(getattr(made.split, name))
        found[rows] = part.X[:].toarray() if made.contents.sparse else part.X
    return found


def clr(row: np.ndarray) -> np.ndarray:
    """The centred log ratio of one sample, by its geometric mean."""
    shifted = row.astype(np.float64) + row[row > 0].min() / 2
    return np.log(shifted / stats.gmean(shifted))


@BOTH
def test_a_composition_becomes_centred_log_ratios(made: Any, tmp_path: Path) -> None:
    X = taxa()
    found = prepared(made(X), "composition", tmp_path)
    assert not found.contents.sparse
    assert not found.contents.nonnegative
    np.testing.assert_allclose(stored(found), [clr(row) for row in X], atol=1e-5)
    rng = np.random.default_rng(1)
    shares = X / X.sum(axis=1, keepdims=True) * rng.lognormal(0, 3, (SAMPLES, 1))
    np.testing.assert_allclose(normalize(shares, "composition"), stored(found), atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(
    row=st.lists(st.integers(0, 10_000), min_size=2, max_size=50).filter(any),
    factor=st.floats(1e-6, 1e6),
)
def test_centred_log_ratios_know_no_total_and_add_up_to_zero(row: list[int], factor: float) -> None:
    X = np.array([row], dtype=np.float32)
    found = normalize(X, "composition")
    np.testing.assert_allclose(normalize(X * np.float32(factor), "composition"), found, atol=1e-4)
    np.testing.assert_allclose(normalize(sparse.csr_matrix(X), "composition"), found)
    assert abs(found.sum(dtype=np.float64)) < 1e-5 * len(row)
    order = np.argsort(row, kind="stable")
    assert (np.diff(found[0, order]) >= 0).all()


def test_samples_without_a_taxon_are_left_out_and_taxa_chosen_by_variance(tmp_path: Path) -> None:
    X = taxa()
    X[[3, 77]] = 0
    made = prepared(sparse.csr_matrix(X), "composition", tmp_path, features=10)
    assert made.contents.shape == (SAMPLES - 2, 10)
    assert "2 cells without any value above zero left out." in made.facts.notes
    ratios = np.array([clr(row) for row in X if row.any()])
    pool = np.sort(np.concatenate([made.split.train, made.split.validation]))
    (part,) = made.matrices("train").values()
    most = np.argsort(-ratios[pool].var(axis=0))[:10]
    assert part.features.tolist() == sorted(most.tolist())


def planned(X: Any, values: Values, tmp_path: Path, **more: Any) -> Planned:
    anndata.AnnData(X).write_h5ad(tmp_path / "a.h5ad")
    settings = {"name": "tiny", "pipelines": ["pca"], "repeats": 1, "sizes": [SIZE]}
    made = make_suite(settings | {"n_components": 2, "features": FEATURES} | more)
    return make_plan(made, discover(), [OwnData(tmp_path / "a.h5ad", values=values)])[0]


def given_rows(run: Planned) -> tuple[np.ndarray, np.ndarray]:
    """The training rows of a run as its method is given them, and their places in the data."""
    (stage,) = run.pipeline.stages
    found = Rows.learnt(stage.info, run.spec, run.prepared.hand(["train"])).X["train"]
    index = chosen_train(run.spec, run.prepared.split.train.size)[0]
    return found if isinstance(found, np.ndarray) else found.toarray(), np.asarray(
        run.prepared.split.train[index]
    )


def patterson(X: np.ndarray) -> np.ndarray:
    """What each column is divided by: expected of its allele's frequency, 1 where it has one."""
    p = X.astype(np.float64).sum(axis=0) / (2 * len(X))
    return np.where((p > 0) & (p < 1), np.sqrt(2 * p * (1 - p)), 1)


@BOTH
@pytest.mark.parametrize("per_size", [False, True])
@pytest.mark.parametrize("high", [0.3, 0.95], ids=["rare", "common"])
def test_genotypes_are_scaled_by_what_is_expected_of_the_alleles_frequency(
    made: Any, per_size: bool, high: float, tmp_path: Path
) -> None:
    X = genotypes(high)
    run = planned(made(X), "genotypes", tmp_path, features_per_size=per_size)
    assert run.prepared.contents.sparse == (2 * np.count_nonzero(X) < X.size)
    found, index = given_rows(run)
    chosen = X[index]
    kept = np.flatnonzero(np.ptp(chosen if per_size else X, axis=0))
    assert FEATURES - 1 not in kept, "monomorphic"
    wanted = (chosen / patterson(chosen))[:, kept]
    assert np.abs(wanted - wanted.mean(axis=0)).max() < 10, "nothing is clipped"
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    (part,) = run.prepared.matrices("train").values()
    pool = np.concatenate([run.prepared.split.train, run.prepared.split.validation])
    np.testing.assert_allclose(part.scaler().sd, patterson(X[pool])[part.features], rtol=1e-6)


def test_an_allele_that_all_training_rows_have_is_left_as_it_is() -> None:
    X = np.array([[0, 2, 1], [0, 2, 1], [0, 2, 1]], dtype=np.float32)
    found = Scaler.fit(X, values="genotypes")
    np.testing.assert_allclose(found.sd, [1, 1, np.sqrt(0.5)], rtol=1e-6)


@BOTH
def test_cytometry_becomes_arcsinh_and_may_be_negative(made: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.lognormal(2, 2, (SAMPLES, FEATURES)) - 1
    X[rng.random(X.shape) < (0.7 if made is sparse.csr_matrix else 0.2)] = 0
    run = planned(made(X.astype(np.float32)), "cytometry", tmp_path)
    assert not run.prepared.contents.nonnegative
    wanted = np.arcsinh(X / 5)
    np.testing.assert_allclose(stored(run.prepared), wanted, rtol=1e-5, atol=1e-7)
    found, index = given_rows(run)
    np.testing.assert_allclose(found.var(axis=0), 1, rtol=0.2)
    np.testing.assert_allclose(found, wanted[index] / wanted[index].std(axis=0), rtol=1e-4)


@BOTH
@pytest.mark.parametrize("per_size", [False, True])
def test_mutations_stay_0_and_1(made: Any, per_size: bool, tmp_path: Path) -> None:
    X = np.random.default_rng(0).binomial(1, 0.1, (SAMPLES, FEATURES)).astype(np.float32)
    X[5] = 0  # without a mutation: no empty cell
    run = planned(made(X), "mutations", tmp_path, features_per_size=per_size)
    assert run.prepared.contents.shape == X.shape
    found, index = given_rows(run)
    kept = np.flatnonzero(np.ptp(X[index], axis=0)) if per_size else np.arange(FEATURES)
    np.testing.assert_array_equal(found, X[index][:, kept])
    assert LIKELIHOODS["mutations"] == "bernoulli"
    raw, depth = measured(made(X), None, np.arange(9), "mutations")
    np.testing.assert_array_equal(raw, X[:9])
    assert depth is None


@pytest.mark.parametrize(
    ("X", "values", "expected"),
    [
        (genotypes(0.9), "genotypes", lambda X: X[:, :-1] / patterson(X)[:-1]),
        (taxa() % 2, "mutations", lambda X: X[:, np.ptp(X, axis=0) > 0]),
    ],
    ids=["genotypes", "mutations"],
)
def test_cells_are_embedded_as_they_are_prepared(X: Any, values: Values, expected: Any) -> None:
    Z = embed(anndata.AnnData(X), "pca", n_components=2, values=values).obsm["X_pca"]
    U, S, _ = np.linalg.svd(expected(X) - expected(X).mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs(Z), np.abs((U * S)[:, :2]), atol=1e-2)
