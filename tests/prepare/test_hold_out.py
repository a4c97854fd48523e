"""Molecules and features that are held out of every method: thinning, what is stored of it, ids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.errors import DataError, RegistryError
from omicsbench.inputs.cells import Cells
from omicsbench.inputs.source import Source, own
from omicsbench.planning.outline import outline
from omicsbench.planning.suite import make_suite
from omicsbench.prepare.hold_out import divide
from omicsbench.prepare.mapped_rows import MappedCsr
from omicsbench.prepare.normalise import counted, normalize
from omicsbench.prepare.parts import HALVES, NAMES
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.reading.own import OwnData
from omicsbench.registry.discover import discover
from omicsbench.stream import CellStream
from omicsbench.validation.check import check

CELLS, GENES, FEATURES = 1_200, 90, 40
TINY: dict[str, Any] = {"name": "tiny", "pipelines": ["pca"]}


def measured(rate: float = 0.6, cells: int = CELLS) -> np.ndarray:
    rng = np.random.default_rng(0)
    mean = rng.gamma(0.5, 2.0, (3, GENES))[np.arange(cells) % 3] * rng.lognormal(0, 1, (cells, 1))
    X = rng.poisson(rate * mean).astype(np.float32)
    X[:, :4] += 4  # no cell is empty, and no half of one
    return X


def source(tmp_path: Path, X: Any, values: Any = "counts") -> Source:
    adata = anndata.AnnData(X)
    adata.obs["kind"] = np.array(["a", "b", "c"])[np.arange(X.shape[0]) % 3]
    adata.write_h5ad(tmp_path / "own.h5ad")
    return own(OwnData(tmp_path / "own.h5ad", label="kind", values=values))


def made(of: Source, seed: int = 0, features: int = FEATURES, repeat: int = 0) -> Prepared:
    prepared = prepare(of, [repeat], seed=seed, features=features, per_size=False)
    return prepared[repeat]


def matrix(folder: Path, columns: int) -> np.ndarray:
    if (folder / "X.npy").is_file():
        return np.load(folder / "X.npy")
    return MappedCsr.open(folder, columns)[:].toarray()


def counts(prepared: Prepared, part: Any) -> np.ndarray:
    (own,) = prepared.matrices(part).values()
    values = own.X[:] if isinstance(own.X, np.ndarray) else own.X[:].toarray()
    return counted(values, np.asarray(own.depth))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(("rate", "kept_sparse"), [(0.6, True), (30, False)])
def test_both_halves_together_are_what_was_measured(
    tmp_path: Path, rate: float, kept_sparse: bool
) -> None:
    X = measured(rate)
    prepared = made(source(tmp_path, X).holding_out())
    features = prepared.matrices("train")[""].features
    assert features.size == prepared.contents.shape[1] == FEATURES
    assert prepared.contents.sparse == kept_sparse
    for part, half in HALVES.items():
        rows = np.sort(getattr(prepared.split, part))
        seen, other = counts(prepared, part), counts(prepared, half)
        assert 0.4 < seen.sum() / (seen + other).sum() < 0.6
        np.testing.assert_array_equal(seen + other, X[rows][:, features])
        order = [np.load(prepared.folder / name / "order.npy") for name in (part, half)]
        np.testing.assert_array_equal(*order)


def test_a_total_is_of_one_half_and_of_no_feature_held_out(tmp_path: Path) -> None:
    X = measured()
    data = source(tmp_path, sparse.csr_matrix(X)).holding_out()
    prepared = made(data)
    cells = data.cells
    assert not isinstance(cells, dict)
    divided = divide(cells, 0)
    rows = np.sort(prepared.split.test)
    totals = [np.asarray(prepared.matrices(p)[""].depth) for p in ("test", "test_half")]
    np.testing.assert_array_equal(sum(totals), X[rows][:, divided.kept].sum(axis=1))
    assert divided.held_out.size == GENES // 6
    assert not set(divided.held_out) & set(prepared.matrices("train")[""].features)


def test_each_pass_over_the_cells_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[float] = []
    of = source(tmp_path, sparse.csr_matrix(measured())).holding_out()
    prepare(of, [0], seed=0, features=FEATURES, per_size=False, on_share=told.append)
    survey, written, other, variable, whole = 1 / 4, 1 / 2, 2 / 3, 5 / 6, 1.0
    assert told == sorted(told)
    for share in (survey, written, other, variable, whole):
        assert any(each == pytest.approx(share) for each in told), share


@pytest.mark.parametrize("rows", [100, 731])
def test_cells_are_thinned_alike_however_they_are_read(rows: int) -> None:
    X = measured()
    compressed = sparse.csr_matrix(X)
    stream = CellStream(
        X.shape, (), lambda: (compressed[i : i + rows] for i in range(0, len(X), rows))
    )
    cells = Cells.held(check(anndata.AnnData(X), None, "counts"))
    dense = divide(replace(cells, matrix=X, stream=None), 3)
    read = divide(replace(cells, matrix=None, stream=stream), 3)
    for held, streamed in ((dense.seen, read.seen), (dense.other, read.other)):
        assert held is not None
        assert streamed is not None
        assert streamed.stream is not None
        for _ in range(2):  # as often as it is read
            blocks = sparse.vstack(list(streamed.stream.blocks())).toarray()
            np.testing.assert_array_equal(held.matrix, blocks)
    np.testing.assert_array_equal(dense.held_out, read.held_out)


def test_halves_know_nothing_of_each_other() -> None:
    """Of cells of one rate the halves are Poisson, so uncorrelated; the seed tells them apart."""
    X = np.random.default_rng(1).poisson(3.0, (20_000, 12)).astype(np.float32)
    cells = Cells.held(check(anndata.AnnData(X), None, "counts"))
    divided = divide(cells, 5)
    assert divided.other is not None
    first, other = divided.seen.matrix, divided.other.matrix
    assert first is not None
    assert other is not None
    correlation = [np.corrcoef(a, b)[0, 1] for a, b in zip(first.T, other.T, strict=True)]
    assert np.abs(correlation).max() < 4 / np.sqrt(len(X))
    for half in (first, other):
        np.testing.assert_allclose(half.mean(axis=0), 1.5, atol=0.04)
        np.testing.assert_allclose(half.var(axis=0), 1.5, atol=0.07)
    again, elsewhere = divide(cells, 5).seen.matrix, divide(cells, 6).seen.matrix
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, elsewhere)


def test_features_to_be_predicted_are_the_most_variable_of_those_held_out(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(CELLS, GENES)) * np.linspace(1, 9, GENES)
    X = X.astype(np.float32)
    data = source(tmp_path, X, "continuous").holding_out()
    prepared = made(data)
    facts = prepared.facts
    assert facts.hold_out is not None
    assert (facts.hold_out.molecules, facts.hold_out.features) == (False, FEATURES // 5)
    assert str(facts.hold_out) == "8 features"
    assert not (prepared.folder / "test_half").exists()
    chosen = np.load(prepared.folder / "held_out" / "features.npy")
    cells = data.cells
    assert not isinstance(cells, dict)
    np.testing.assert_array_equal(chosen, divide(cells, 0).held_out[-8:])
    for part in NAMES:
        rows = np.sort(getattr(prepared.split, part))
        stored = matrix(prepared.folder / "held_out" / part, 8)
        np.testing.assert_array_equal(stored, X[rows][:, chosen])


def test_features_to_be_predicted_are_normalised_by_all_that_was_measured(tmp_path: Path) -> None:
    X = measured()
    prepared = made(source(tmp_path, sparse.csr_matrix(X)).holding_out())
    chosen = np.load(prepared.folder / "held_out" / "features.npy")
    expected = normalize(X, "counts")[np.sort(prepared.split.test)][:, chosen]
    stored = matrix(prepared.folder / "held_out" / "test", chosen.size)
    np.testing.assert_allclose(stored, expected, rtol=1e-5)


def test_nothing_changes_where_nothing_is_held_out(tmp_path: Path) -> None:
    plain = source(tmp_path, measured())
    ordinary, other = made(plain), made(plain.holding_out())
    assert ordinary.contents.id != other.contents.id
    assert ordinary.facts.hold_out is None
    assert "hold_out" not in ordinary.facts.model_dump()
    assert "hold_out" not in (ordinary.folder / "meta.json").read_text()
    assert not (ordinary.folder / "held_out").exists()
    assert "held out of all methods" in other.facts.line
    assert plain.holding_out().name == f"{plain.name} (hold-out)"


def test_folds_of_a_cohort_hold_out_the_same(tmp_path: Path) -> None:
    data = source(tmp_path, measured(cells=200)).holding_out()
    first, second = (made(data, repeat=repeat) for repeat in (0, 1))
    assert first.folder != second.folder
    rows = np.intersect1d(first.split.test, second.split.train)
    features = [p.matrices("train")[""].features for p in (first, second)]
    shared, *columns = np.intersect1d(*features, return_indices=True)
    assert min(rows.size, shared.size) > 20
    tested = counts(first, "test")[np.searchsorted(np.sort(first.split.test), rows)]
    learnt = counts(second, "train")[np.searchsorted(np.sort(second.split.train), rows)]
    np.testing.assert_array_equal(tested[:, columns[0]], learnt[:, columns[1]])


def test_cells_without_a_molecule_left_are_left_out(tmp_path: Path) -> None:
    X = measured()
    X[7] = 0
    drawn = divide(Cells.held(check(anndata.AnnData(measured()), None, "counts")), 0)
    X[7, drawn.held_out[0]] = 1
    prepared = made(source(tmp_path, X).holding_out())
    assert prepared.facts.notes == ("1 cell without any value above zero left out.",)
    features = prepared.matrices("train")[""].features
    for part, half in HALVES.items():
        rows = np.delete(np.arange(CELLS), 7)[np.sort(getattr(prepared.split, part))]
        both = counts(prepared, part) + counts(prepared, half)
        np.testing.assert_array_equal(both, X[rows][:, features])
    chosen = np.load(prepared.folder / "held_out" / "features.npy")
    rows = np.delete(np.arange(CELLS), 7)[np.sort(prepared.split.train)]
    stored = matrix(prepared.folder / "held_out" / "train", chosen.size)
    np.testing.assert_allclose(stored, normalize(X, "counts")[rows][:, chosen], rtol=1e-5)


def test_a_cell_whose_half_is_empty_has_a_total_that_can_be_divided_by(tmp_path: Path) -> None:
    """Dense cells are all kept; of one molecule one half has none."""
    X = measured(30)
    X[:40], X[:40, 0] = 0, 1
    prepared = made(source(tmp_path, X).holding_out())
    assert not prepared.contents.sparse
    for part in (*NAMES, *HALVES.values()):
        (own,) = prepared.matrices(part).values()
        assert np.min(np.asarray(own.depth)) == 1
        assert np.isfinite(own.X).all()


def test_too_few_features_are_refused(tmp_path: Path) -> None:
    data = source(tmp_path, measured()[:, :5]).holding_out()
    with pytest.raises(DataError, match="5 features, too few to hold some out"):
        made(data)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"task": "predict", "pipelines": ["mlp"]}, "hold_out is for suites of task embed"),
        ({"features_per_size": True}, "leave features_per_size away"),
    ],
)
def test_suites_that_cannot_hold_out_are_refused(entries: dict[str, Any], said: str) -> None:
    held_out = {"hold_out": True, "datasets": [{"name": "digits"}]}
    with pytest.raises(RegistryError, match=said):
        outline(make_suite(TINY | held_out | entries), discover())


def test_a_suite_may_hold_both() -> None:
    both = [{"name": "digits"}, {"name": "digits", "hold_out": True}]
    found = outline(make_suite(TINY | {"datasets": both}), discover())
    assert [data.source.name for data in found.datasets] == ["digits", "digits (hold-out)"]
    found = outline(make_suite(TINY | {"hold_out": True, "datasets": both[:1]}), discover())
    assert [data.source.name for data in found.datasets] == ["digits (hold-out)"]
