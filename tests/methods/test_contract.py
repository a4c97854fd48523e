"""Every method keeps the contract; PCA, t-SNE, UMAP and the controls do what they say."""

from __future__ import annotations

import importlib
import inspect
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from omicsbench import methods
from omicsbench.registry.discover import unavailable
from omicsbench.stream import Counts
from short_fits import short

NAMES = sorted(
    path.stem for path in Path(methods.__path__[0]).glob("*.py") if not path.stem.startswith("_")
)
HEAVY = ("sklearn", "torch", "umap", "openTSNE", "scipy", "numba", "pandas")
P, K = 40, 5


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Small problems only: threads that wait for each other on a busy machine cost most."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


def find(name: str) -> type:
    """The method of that name, from whatever file declares it."""
    return CLASSES[name]


def _collect() -> dict[str, type]:
    found = {}
    for stem in NAMES:
        module = importlib.import_module(f"omicsbench.methods.{stem}")
        for value in vars(module).values():
            if inspect.isclass(value) and value.__module__ == module.__name__:
                info = getattr(value, "info", None)
                # What reads an embedding has no features and no dimension to choose: the rules of
                # the contract that hold of it are checked in tests/registry/test_discover.py.
                placed = info is not None and info.task in ("embed", "batch")
                if placed and info.reads != "embedding":
                    found[info.name] = value
    return found


CLASSES = _collect()


def build(name: str, **params):
    make = find(name)
    if reason := unavailable(make.info):
        pytest.skip(reason)
    if inspect.signature(make).parameters["n_components"].default is None:
        params.setdefault("n_components", K)
    return make(**{**short(make), **params})


@cache
def cells(n: int, seed: int = 0) -> tuple[sp.csr_matrix, np.ndarray]:
    """Three kinds of cells, non-negative and sparse, with their labels."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(9).gamma(1.0, 1.0, size=(3, P))
    y = rng.integers(0, 3, n)
    X = centres[y] + 0.5 * rng.standard_normal((n, P))
    return sp.csr_matrix(np.maximum(X - 0.8, 0).astype(np.float32)), y


def inputs(name: str, n: int, sparse: bool, seed: int = 0) -> tuple:
    """What the harness would hand to fit or transform: of unseen cells, a new batch too."""
    X, y = cells(n, seed)
    if find(name).info.task == "batch":
        assert not sparse
        info, rows = find(name).info, X.toarray()
        batch = np.random.default_rng(seed).integers(0, 3 if seed else 2, n).astype(np.int32)
        given = Counts.held(np.rint(4 * rows)) if info.reads == "counts" else rows
        return (given, batch, y) if "labels" in info.uses and not seed else (given, batch)
    if find(name).info.reads == "counts":
        return (Counts.held(np.rint(4 * X.toarray())),)
    X = X if sparse else X.toarray()
    return (X, y) if find(name).info.sees_labels else (X,)


def dense(X) -> np.ndarray:
    return X.copy() if isinstance(X, np.ndarray) else X.toarray().copy()


@cache
def fitted(name: str, n: int = 200, sparse: bool = False):
    return build(name).fit(*inputs(name, n, sparse))


CASES = [
    pytest.param(name, n, sparse, id=f"{name}-{n}-{'csr' if sparse else 'dense'}")
    for name, make in CLASSES.items()
    for n in (30, 200)
    for sparse in ((False, True) if make.info.accepts_sparse else (False,))
]
each = pytest.mark.parametrize("name", CLASSES)


def test_one_file_or_more_per_method():
    assert {"pca", "tsne", "umap", "autoencoder", "random_embedding", "label_oracle"} <= set(
        CLASSES
    )


@pytest.mark.parametrize(("name", "n", "sparse"), CASES)
def test_output(name, n, sparse):
    model, info = fitted(name, n, sparse), find(name).info
    d = model.n_components
    for rows in (5, 100):
        Z = model.transform(*inputs(name, rows, sparse, seed=1))
        assert Z.shape == (rows, d), "transform gives one row per cell, one column per component"
        assert Z.dtype == np.float32
        assert np.isfinite(Z).all()
        if info.invertible:
            X = model.inverse_transform(Z)
            assert isinstance(X, np.ndarray), "inverse_transform gives a dense array"
            assert X.shape == (rows, P)
            assert X.dtype == np.float32
            assert np.isfinite(X).all()
    if info.keeps_embedding:
        assert model.embedding_.shape == (n, d)
        assert model.embedding_.dtype == np.float32
        assert np.isfinite(model.embedding_).all()


@each
def test_init_only_stores(name):
    make = find(name)
    parameters = list(inspect.signature(make).parameters)
    assert parameters[0] == "n_components"
    model = make()
    stored = vars(model)
    for parameter in parameters:
        assert stored[parameter] == inspect.signature(make).parameters[parameter].default


@each
def test_none_is_refused_in_words(name):
    model = find(name)(n_components=None)
    if find(name).info.keeps_embedding and name != "random_embedding":
        pytest.skip("a picture: its default is 2, and the library checks the rest")
    with pytest.raises(ValueError, match="n_components is None"):
        model.fit(*inputs(name, 30, False)).transform(*inputs(name, 30, False))


@each
def test_same_seed_same_result_and_input_untouched(name):
    if name == "tsne_cuda":
        pytest.skip("cuML says that a seed does not make its t-SNE repeat itself")
    first = fitted(name)
    args = inputs(name, 200, False)
    before, unseen = dense(args[0]), dense(inputs(name, 20, False, seed=1)[0])
    again = build(name).fit(*args)
    new = inputs(name, 20, False, seed=1)
    np.testing.assert_array_equal(again.transform(*new), first.transform(*new))
    np.testing.assert_array_equal(dense(args[0]), before)
    np.testing.assert_array_equal(dense(new[0]), unseen)
    if find(name).info.keeps_embedding:
        np.testing.assert_array_equal(again.embedding_, first.embedding_)


@each
def test_survives_pickle(name):
    model = fitted(name)
    copy = pickle.loads(pickle.dumps(model))
    new = inputs(name, 20, False, seed=1)
    np.testing.assert_allclose(copy.transform(*new), model.transform(*new), atol=1e-5)


@pytest.mark.parametrize("name", [n for n, make in CLASSES.items() if make.info.accepts_sparse])
def test_sparse_equals_dense(name):
    model = fitted(name)
    sparse, dense = (model.transform(*inputs(name, 50, s, seed=1)) for s in (True, False))
    np.testing.assert_allclose(sparse, dense, atol=2e-4)


@pytest.mark.parametrize("name", [n for n, make in CLASSES.items() if make.info.streams])
def test_mapped_rows_equal_dense(name, tmp_path):
    """A method that streams sees rows of a matrix on disk, scaled on the way."""
    from omicsbench.prepare.mapped_rows import CsrWriter, MappedCsr, ScaledRows
    from omicsbench.prepare.scaling import Scaler

    X, y = cells(200)
    with CsrWriter(tmp_path, P) as writer:
        writer.append(X.data, X.indices, X.indptr)
    stored, index = MappedCsr.open(tmp_path, P), np.arange(0, 200, 2)
    scaler = Scaler.fit(X[index])
    rows = ScaledRows(stored, index, scaler)
    labels = (y[index],) if find(name).info.sees_labels else ()
    mapped, dense = (build(name).fit(x, *labels) for x in (rows, rows.toarray()))
    new = ScaledRows(stored, np.arange(1, 200, 2), scaler)
    labels = (y[1::2],) if find(name).info.sees_labels else ()
    np.testing.assert_allclose(
        mapped.transform(new, *labels), dense.transform(new.toarray(), *labels), atol=2e-3
    )


@pytest.mark.parametrize("name", [n for n, make in CLASSES.items() if make.info.invertible])
def test_rows_do_not_depend_on_each_other(name):
    model, (X,) = fitted(name), inputs(name, 50, False, seed=1)
    np.testing.assert_allclose(model.transform(X)[7:9], model.transform(X[7:9]), atol=2e-3)


@pytest.mark.parametrize("end", [0, -1])
@pytest.mark.parametrize("name", [n for n, make in CLASSES.items() if make.info.space])
def test_the_ends_of_a_space_can_be_used(name, end):
    from omicsbench.plugin import Choice

    params = {
        parameter: d.values[end] if isinstance(d, Choice) else (d.low, d.high)[end]
        for parameter, d in find(name).info.space
    }
    model = build(name, **params).fit(*inputs(name, 30, False))
    Z = model.transform(*inputs(name, 20, False, seed=1))
    assert Z.shape == (20, model.n_components)
    assert np.isfinite(Z).all()


@each
def test_fit_info_is_json(name):
    import json

    json.dumps(getattr(fitted(name), "fit_info_", {}), allow_nan=False)


def test_importing_methods_is_light():
    code = (
        "import importlib, sys\n"
        f"for name in {NAMES!r}: importlib.import_module('omicsbench.methods.' + name)\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


# PCA


def reference_pca(X: np.ndarray, k: int):
    from sklearn.decomposition import PCA

    return PCA(k, svd_solver="full").fit(X.astype(np.float64))


@pytest.mark.parametrize(("n", "k"), [(30, 5), (30, 25), (200, 5), (200, 35), (200, 40), (41, 40)])
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("solver", ["library", "gram"])
def test_pca_is_exact(n, k, sparse, solver):
    (X,) = inputs("pca", n, sparse)
    model = build("pca", n_components=k, solver=solver).fit(X)
    assert model.fit_info_["solver"] == solver
    truth = reference_pca(cells(n)[0].toarray(), k)
    np.testing.assert_allclose(
        model.pca_.explained_variance_, truth.explained_variance_, rtol=1e-3, atol=1e-6
    )
    cosines = np.linalg.svd(model.pca_.components_ @ truth.components_.T, compute_uv=False)
    assert cosines.min() > 0.999
    assert model.fit_info_["explained_variance_ratio"] == pytest.approx(
        truth.explained_variance_ratio_.sum(), abs=1e-4
    )
    new = cells(50, 1)[0].toarray()
    rebuilt = model.inverse_transform(model.transform(new))
    expected = truth.inverse_transform(truth.transform(new))
    if k < n - 1:  # beyond, axes of no variance are arbitrary
        np.testing.assert_allclose(rebuilt, expected, atol=5e-3)


def test_pca_refuses_an_unknown_solver():
    with pytest.raises(ValueError, match="library, gram"):
        build("pca", solver="fast").fit(cells(30)[0])


@pytest.mark.parametrize("n", [12, 20])
@pytest.mark.parametrize("sparse", [True, False])
def test_pca_beyond_the_rank_restores_its_rows(n, sparse):
    (X,) = inputs("pca", n, sparse)
    model = build("pca", n_components=n + 3).fit(X)
    Z = model.transform(X)
    assert Z.shape == (n, n + 3)
    assert (Z[:, n - 1 :] == 0).all()
    np.testing.assert_allclose(model.inverse_transform(Z), cells(n)[0].toarray(), atol=1e-3)


@pytest.mark.parametrize("name", ["pca", "autoencoder", "nmf", "random_projection"])
@pytest.mark.parametrize("n", [12, 400])
def test_the_whole_matrix_is_never_dense(name, n, monkeypatch):
    X = cells(n)[0].copy()
    whole = X.shape[0]

    def guard(method):
        def checked(self, *args, **kwargs):
            assert self.shape[0] < whole, "the whole matrix was made dense"
            return method(self, *args, **kwargs)

        return checked

    for attribute in ("toarray", "todense"):
        monkeypatch.setattr(sp.csr_matrix, attribute, guard(getattr(sp.csr_matrix, attribute)))
    few = {"batch_size": 6} if name == "autoencoder" else {}  # a batch may hold all of few rows
    model = build(name, **few).fit(X)
    if name != "autoencoder":  # which encodes by blocks, here of the whole
        model.transform(X)


# Pictures

PICTURES = ("tsne", "tsne_knn", "umap", "umap_rs")


def nearest_is_itself(placed: np.ndarray, embedding: np.ndarray) -> float:
    """Median distance of a row from its own place, in units of the picture's width."""
    return float(np.median(np.linalg.norm(placed - embedding, axis=1)) / np.ptp(embedding))


@pytest.mark.parametrize("name", PICTURES)
def test_training_rows_land_near_their_place(name):
    model = fitted(name)
    assert nearest_is_itself(model.transform(*inputs(name, 200, False)), model.embedding_) < 0.05


def test_transform_leaves_the_picture_alone():
    model = fitted("tsne")
    before = model.embedding_.copy()
    first, second = (model.transform(*inputs("tsne", 20, False, seed=1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(model.embedding_, before)
    np.testing.assert_allclose(np.asarray(model.tsne_), before, atol=1e-4)


def test_tsne_learning_rate_and_perplexity():
    assert fitted("tsne", 200).fit_info_["learning_rate"] == pytest.approx(200 / 12)
    assert fitted("tsne", 200).fit_info_["perplexity"] == 30
    assert fitted("tsne", 30).fit_info_["perplexity"] == pytest.approx(29 / 3)
    own = build("tsne", learning_rate="auto").fit(cells(30)[0].toarray())
    assert own.fit_info_["learning_rate"] == "auto"


@pytest.mark.parametrize("rows", [5, 400])
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_sixteen_rows(name, rows):
    rng = np.random.default_rng(0)
    X, T = (rng.standard_normal((m, 10)).astype(np.float32) for m in (16, rows))
    model = build(name).fit(X)
    Z = model.transform(T)
    assert Z.shape == (rows, 2)
    assert np.isfinite(Z).all()
    assert np.ptp(Z) < 3 * np.ptp(model.embedding_), "unseen rows fly out of the picture"


# Controls and the rest


def test_random_embedding_is_blind_and_has_two_streams():
    model = fitted("random_embedding")
    (X,) = inputs("random_embedding", 200, False)
    np.testing.assert_array_equal(model.transform(X), model.transform(np.zeros_like(X)))
    assert np.abs(np.corrcoef(model.transform(X).ravel(), model.embedding_.ravel())[0, 1]) < 0.1


def test_random_projection_restores_the_mean():
    model, X = fitted("random_projection"), cells(200)[0].toarray()
    restored = model.inverse_transform(model.transform(X))
    np.testing.assert_allclose(restored.mean(0), X.mean(0), atol=1e-4)
    assert ((X - restored) ** 2).sum() < ((X - X.mean(0)) ** 2).sum()
