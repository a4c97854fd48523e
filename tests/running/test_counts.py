"""A method that reads counts is given those that were measured, of the rows of its part."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.errors import OmicsbenchError
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.registry.pipeline import resolve
from omicsbench.running.embed import embed
from omicsbench.running.runner import run_suite

CELLS, GENES, SIZE = 1_300, 40, 150


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "given").mkdir()
    monkeypatch.setenv("GIVEN", str(tmp_path / "given"))
    shutil.copy(Path(__file__).parents[1] / "plugins" / "counting.py", tmp_path / "plugins")
    return discover([tmp_path / "plugins"])


def counts(rate: float) -> np.ndarray[Any, Any]:
    """Counts of genes that differ by thousands, with three cells that have none."""
    rng = np.random.default_rng(0)
    mean = rng.lognormal(0, 2, GENES) * rate
    drawn = rng.negative_binomial(0.5, 0.5 / (0.5 + rng.lognormal(0, 1, (CELLS, 1)) * mean))
    drawn[[3, 700, 1_200]] = 0
    return drawn.astype(np.float32)


def own(tmp_path: Path, X: Any, values: Any = "counts") -> OwnData:
    adata = anndata.AnnData(X)
    adata.obs["kind"] = np.where(np.arange(CELLS) % 3, "a", "b")
    adata.obs.iloc[5:9, 0] = ""  # without a label
    adata.write_h5ad(tmp_path / "own.h5ad")
    return OwnData(tmp_path / "own.h5ad", label="kind", values=values)


def suite(*pipelines: str, **more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "pipelines": pipelines,
        "repeats": 1,
        "n_components": 2,
        "sizes": [SIZE],
        "features": 25,
        "metrics": ["knn_recall"],
        "threads": 1,
    }
    return make_suite(made | more)


def run(out: Path, chosen: Suite, registry: Registry, data: OwnData) -> list[RunRecord]:
    return run_suite(chosen, out, registry=registry, own_data=[data])


@pytest.mark.parametrize(("kind", "rate"), [("sparse", 0.2), ("dense", 40)])
@pytest.mark.parametrize("per_size", [False, True])
def test_counts_are_those_of_the_file(
    tmp_path: Path, registry: Registry, kind: str, rate: float, per_size: bool
) -> None:
    X = counts(rate)
    data = own(tmp_path, sparse.csr_matrix(X) if kind == "sparse" else X)
    chosen = suite("counting", "counting > random_embedding(1)", features_per_size=per_size)
    (planned, *_) = make_plan(chosen, registry, [data])
    assert planned.prepared.contents.sparse is (kind == "sparse")
    records = run(tmp_path / "out", chosen, registry, data)
    assert [r.status for r in records] == [Status.OK] * 2, records[0].reason
    full, split = X[X.sum(axis=1) > 0], planned.prepared.split
    given = tmp_path / "given"
    places = np.load(given / f"fit-{SIZE}.npz")["places"]
    assert places.size == 25
    for what, rows, size in (
        ("fit", split.train, SIZE),
        ("transform", split.test, min(split.test.size, planned.spec.background)),
    ):
        seen = np.load(given / f"{what}-{size}.npz")
        found = np.column_stack([seen["totals"], seen["counts"]])
        measured = np.column_stack([full[rows].sum(axis=1), full[rows][:, places]])
        assert _counted(found) <= _counted(measured), "whole numbers to the last, of these cells"


def _counted(rows: Any) -> Counter[bytes]:
    return Counter(row.tobytes() for row in np.ascontiguousarray(rows, dtype=np.float32))


def test_a_predictor_learns_from_counts_of_cells_with_a_label(
    tmp_path: Path, registry: Registry
) -> None:
    data = own(tmp_path, sparse.csr_matrix(counts(0.2)))
    chosen = suite("count_classes", task="predict", sizes=["all"], metrics=["log_loss"])
    (planned,) = make_plan(chosen, registry, [data])
    (record,) = run(tmp_path / "out", chosen, registry, data)
    assert record.status is Status.OK, record.reason
    codes = planned.prepared.codes("train")
    assert codes is not None
    assert 0 < (codes < 0).sum() <= 4
    assert (tmp_path / "given" / f"learn-{(codes >= 0).sum()}.npz").is_file()


def test_where_there_are_no_counts_it_is_skipped(tmp_path: Path, registry: Registry) -> None:
    data = own(tmp_path, np.random.default_rng(0).normal(size=(CELLS, GENES)), "continuous")
    (record,) = run(tmp_path / "out", suite("counting"), registry, data)
    assert record.status is Status.SKIPPED
    assert record.reason == "reads counts, and the data set holds continuous values"


def test_it_stands_first(registry: Registry) -> None:
    with pytest.raises(OmicsbenchError, match="reads counts; it can only come first"):
        resolve("pca(5) > counting(2)", registry)


def test_cells_are_embedded_by_their_counts(registry: Registry, tmp_path: Path) -> None:
    X = counts(0.2)
    Z = embed(anndata.AnnData(X), "counting", n_components=2, registry=registry).obsm["X_counting"]
    full = X.sum(axis=1) > 0
    assert np.isnan(Z[~full]).all()
    shares = X[full] / X[full].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(Z[full], shares[:, :2], rtol=1e-6)
    with pytest.raises(OmicsbenchError, match="reads counts, and the data hold log values"):
        embed(anndata.AnnData(np.log1p(X)), "counting", values="log", registry=registry)
