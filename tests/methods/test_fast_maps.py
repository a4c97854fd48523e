"""Pictures of very many rows: as good as the libraries' own, alike on any number of threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

pytest.importorskip("manifolds_rs")

from experiments import experiment
from omicsbench.methods import (
    _coarse,
    _fast_neighbors,
    _in_picture,
    _some_neighbors,
    tsne_knn,
    umap_rs,
)
from omicsbench.methods.tsne_knn import TsneKnn
from omicsbench.methods.umap import Umap
from omicsbench.methods.umap_rs import UmapRs
from tests.helpers.kinds import kinds


@pytest.mark.parametrize("exact", [10_000, 100])
def test_neighbours_are_the_nearest(exact: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fast_neighbors, "EXACT", exact)
    X, _ = kinds(2_000)
    found, lengths, _ = _fast_neighbors.among_themselves(X, 10, seed=0)
    truth, far = _fast_neighbors.of_unseen(X, X, 11)
    assert (found != np.arange(2_000)[:, None]).all()
    kept = np.mean([np.isin(row, near).mean() for row, near in zip(found, truth, strict=True)])
    assert kept > (0.999 if exact > 2_000 else 0.95)
    assert np.median(np.abs(lengths - far[:, 1:])) < 1e-3


@pytest.fixture
def torn(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The search leaves out 9 neighbours of 3 rows among 60; what it should have found."""
    import manifolds_rs

    whole = manifolds_rs.knn_graph(kinds(60)[0], 5, ann="exhaustive")

    def search(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        indices, distances = whole[0].copy(), whole[1].copy()
        indices[[3, 50, 51], 2:], distances[[3, 50, 51], 2:] = -1, np.inf
        return indices, distances

    monkeypatch.setattr(manifolds_rs, "knn_graph", search)
    return whole


def test_what_the_search_leaves_out_is_searched_exactly_some_rows_at_a_time(
    torn: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    exactly = _fast_neighbors.of_unseen

    def counted(X: Any, new: Any, k: int) -> tuple[Any, Any]:
        asked.append(len(new))
        return exactly(X, new, k)

    monkeypatch.setattr(_fast_neighbors, "of_unseen", counted)
    monkeypatch.setattr(_fast_neighbors, "BLOCK", 2)
    indices, distances, filled = _fast_neighbors.among_themselves(kinds(60)[0], 5, seed=0)
    np.testing.assert_array_equal(indices, torn[0])
    np.testing.assert_allclose(distances, torn[1], atol=1e-3)
    assert (asked, filled) == ([2, 1], 9)


@pytest.mark.usefixtures("torn")
@pytest.mark.parametrize("model", [UmapRs(n_neighbors=6), TsneKnn(n_neighbors=5)])
def test_how_many_neighbours_were_filled_is_told(model: UmapRs | TsneKnn) -> None:
    assert model.fit(kinds(60)[0]).fit_info_["neighbors_filled"] == 9


@pytest.mark.parametrize("make", [UmapRs, TsneKnn])
def test_threads_change_nothing(
    make: type[UmapRs | TsneKnn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_fast_neighbors, "EXACT", 100)
    X, _ = kinds(400)
    pictures = []
    for count in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        pictures.append(make().fit(X).embedding_)
    np.testing.assert_allclose(*pictures, atol=1e-3)


@pytest.mark.slow
def test_threads_change_nothing_where_tsne_interpolates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above 10,000 rows openTSNE's forces are those of a grid."""
    monkeypatch.setattr(_fast_neighbors, "EXACT", 100)
    X, _ = kinds(10_500)
    pictures = []
    for count in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        pictures.append(TsneKnn().fit(X).embedding_)
    np.testing.assert_allclose(*pictures, atol=1e-3)


@pytest.mark.slow
def test_unseen_rows_of_a_large_picture_are_placed_by_its_grid_as_by_its_tree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (X, _), (new, _) = kinds(10_500), kinds(300, seed=1)
    model = TsneKnn().fit(X)
    before = np.array(model.tsne_)
    by_grid = model.transform(new)
    np.testing.assert_allclose(np.array(model.tsne_), before, atol=1e-6)
    monkeypatch.setattr(_in_picture, "GRID", 20_000)
    apart = np.linalg.norm(by_grid - model.transform(new), axis=1)
    assert np.median(apart) < 0.01 * before.std()


def test_as_trustworthy_as_umap_learn() -> None:
    X, _ = kinds(600)
    ours, theirs = (trustworthiness(X, make().fit(X).embedding_) for make in (UmapRs, Umap))
    assert ours > theirs - 0.01


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than 60 rows are laid out from a sample of them, and that from one of its own."""
    for module in (umap_rs, tsne_knn):
        monkeypatch.setattr(module, "WHOLE", 60)


@pytest.mark.usefixtures("staged")
@pytest.mark.parametrize("make", [UmapRs, TsneKnn])
def test_from_a_sample_the_picture_is_as_good_and_alike_on_any_threads(
    make: type[UmapRs | TsneKnn], monkeypatch: pytest.MonkeyPatch
) -> None:
    (X, y), (new, truth) = kinds(1_500), kinds(200, seed=1)
    models, begins = [], []
    module = umap_rs if make is UmapRs else tsne_knn

    def begun(*told: Any) -> Any:
        begins.append(_coarse.begun(*told))
        return begins[-1]

    monkeypatch.setattr(module, "begun", begun)
    for count in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        models.append(make().fit(X))
    np.testing.assert_allclose(*(model.embedding_ for model in models), atol=1e-3)
    assert [len(begin) for begin in begins] == 2 * [150, 1_500], "a sample's own sample is first"
    assert models[0].fit_info_["start"] == "sample"
    monkeypatch.setattr(module, "WHOLE", 10_000)
    staged, whole = (trustworthiness(X, model.embedding_) for model in (models[0], make().fit(X)))
    assert staged > whole - 0.01
    placed = models[0].transform(new)
    assert KNeighborsClassifier(5).fit(models[0].embedding_, y).score(placed, truth) > 0.95


def test_half_a_million_rows_start_at_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of so many the library's principal components of float32 are wrong."""
    n = 2**19
    places = np.random.default_rng(0).standard_normal((n, 2)).astype(np.float32)
    monkeypatch.setattr(umap_rs, "begun", lambda *_: places)
    monkeypatch.setattr(umap_rs, "SETTLING", {"n_epochs": 1, "learning_rate": 1e-9})
    ring = (np.arange(n)[:, None] + np.arange(1, 3)) % n
    made = UmapRs()._laid_out(places, ring, np.ones((n, 2), np.float32))
    design = np.c_[places, np.ones(n)]
    turned = design @ np.linalg.lstsq(design, made, rcond=None)[0]
    assert np.abs(turned - made).max() < 1e-3


def test_rows_start_at_the_mean_of_neighbours_or_at_the_nearest_of_the_sample() -> None:
    """A chain of rows, of which some are sampled, and far away a pair of which none is."""
    chain = np.arange(40, dtype=np.float32)
    X = np.concatenate([chain, [1_000, 1_001]]).astype(np.float32)[:, None]
    indices = np.array([[max(i - 1, 0), min(i + 1, 39)] for i in range(40)] + [[41, 41], [40, 40]])
    sampled = np.random.default_rng(3).choice(42, 4, replace=False)
    assert sampled.max() < 40
    placed = _coarse.begun(X, indices, lambda rows, *near: np.repeat(rows, 2, axis=1), 3)
    assert np.isfinite(placed).all()
    np.testing.assert_array_equal(placed[sampled], np.repeat(X[sampled], 2, axis=1))
    assert (placed[40:] == X[sampled].max()).all()
    assert np.corrcoef(placed[:40, 0], chain)[0, 1] > 0.9


@pytest.mark.parametrize("model", [UmapRs(), TsneKnn(), TsneKnn(n_neighbors=90, sampled=10)])
def test_unseen_rows_lie_among_their_kind(model: UmapRs | TsneKnn) -> None:
    (X, y), (new, truth) = kinds(600), kinds(200, seed=1)
    placed = model.fit(X).transform(new)
    assert KNeighborsClassifier(5).fit(model.embedding_, y).score(placed, truth) > 0.95


def test_a_sample_of_the_neighbours_is_what_it_says() -> None:
    X, _ = kinds(200)
    assert TsneKnn(n_neighbors=50, sampled=7).fit(X).fit_info_["pairs"] == 200 * 7
    assert TsneKnn(n_neighbors=5, sampled=7).fit(X).fit_info_["pairs"] == 200 * 5


@pytest.mark.parametrize(("k", "some"), [(41, 15), (60, 7), (175, 15), (1_500, 3)])
def test_of_many_rows_the_sample_is_of_the_nearest(
    k: int, some: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the places that the sampled have among all others."""
    monkeypatch.setattr(_some_neighbors, "EXACT", 100)
    X, _ = kinds(2_000)
    drawn, _ = _some_neighbors.some_of_nearest(X, k, some, seed=0)
    assert (drawn.shape, drawn.dtype) == ((2_000, some), np.int32)
    assert (drawn != np.arange(2_000)[:, None]).all()
    order, _ = _fast_neighbors.of_unseen(X, X, 2_000)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(2_000)[None], axis=1)
    places = np.take_along_axis(place, drawn, axis=1)
    assert places.mean() == pytest.approx((k + 1) / 2, rel=0.1)
    assert places.std() == pytest.approx(k / 12**0.5, rel=0.35), "as of a draw from the nearest"
    distinct = np.mean([len(set(row)) for row in drawn])
    assert distinct > 0.8 * some, "the parts are others each time"
    again, _ = _some_neighbors.some_of_nearest(X, k, some, seed=0)
    np.testing.assert_array_equal(drawn, again)


def test_rows_that_are_alike_are_no_neighbours_of_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_some_neighbors, "EXACT", 100)
    X = np.repeat(kinds(100)[0], 20, axis=0)
    drawn, _ = _some_neighbors.some_of_nearest(X, 100, 10, seed=0)
    assert (drawn != np.arange(2_000)[:, None]).all()


@pytest.mark.parametrize(("k", "some", "way"), [(20, 15, "whole"), (100, 15, "parts")])
def test_a_small_neighbourhood_is_searched_as_a_whole(
    k: int, some: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_some_neighbors, "EXACT", 100)
    dealt = []
    deal = _some_neighbors._dealt
    monkeypatch.setattr(_some_neighbors, "_dealt", lambda *told: dealt.append(1) or deal(*told))
    X, _ = kinds(400)
    _some_neighbors.some_of_nearest(X, k, some, seed=0)
    assert bool(dealt) == (way == "parts")


def test_no_neighbours_at_all_are_refused() -> None:
    with pytest.raises(ValueError, match="sampled=0: give 1 or more"):
        TsneKnn(sampled=0).fit(kinds(30)[0])


def test_more_dimensions_than_principal_components_start_at_random() -> None:
    X, _ = kinds(30)
    model = UmapRs(n_components=25).fit(X)
    assert model.fit_info_["start"] == "random"
    assert model.transform(X[:5]).shape == (5, 25)


def test_a_contender_that_exceeds_the_limit_has_no_time_of_its_fit(tmp_path: Path) -> None:
    """The limit is that of its whole process."""
    study = experiment("umap_million")
    line = study.line("umap_rs", tmp_path, threads=1, limit=0.01)
    name, *numbers = line.strip("|").split("|")
    assert name.strip() == "`umap_rs`: more than 0 s in all"
    assert not "".join(numbers).strip()
    assert line.count("|") == study.head(10, 1).count("|")
