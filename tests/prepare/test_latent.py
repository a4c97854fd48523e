"""The true coordinates of simulated cells reach the scorer, cell by cell, and nobody else."""

from __future__ import annotations

import json
from pathlib import Path

import anndata
import numpy as np
import pytest

from omicsbench.inputs.source import Source, own, registered
from omicsbench.planning.plan import make_plan
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.prepare.scored import scored_rows
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from suites import tiny_suite


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))


def prepared(source: Source) -> Prepared:
    return prepare(source, [0], seed=0, features=40, per_size=False)[0]


@pytest.mark.parametrize(
    "text",
    [
        "linear_control(n=60)",
        "simulated_batches(n=60, genes=50)",
        "simulated_multimodal(n=60, genes=100, peaks=900)",
        "simulated_atlas(n=1100, genes=200)",
    ],
)
def test_they_are_those_of_the_loader(text: str) -> None:
    """Dense, sparse, of several modalities, and a stream."""
    source = registered(text, discover())
    loaded = discover().dataset(text.partition("(")[0])
    params = dict(part.split("=") for part in text[:-1].partition("(")[2].split(", "))
    cells = loaded.make(**{name: int(value) for name, value in params.items()})
    truth = cells["rna"] if isinstance(cells, dict) else cells
    known = truth.obsm["latent"]
    expected = known() if callable(known) else known
    found = prepared(source).latent
    assert found is not None
    np.testing.assert_array_equal(found, expected)


def test_cells_that_are_left_out_leave_theirs(tmp_path: Path) -> None:
    (tmp_path / "made.py").write_text(
        """
import anndata, numpy as np
from omicsbench.plugin import dataset

@dataset(name="made", summary="Every third cell is empty.", source="tests", licence="MIT",
         values="counts", kind="simulated")
def load():
    X = np.random.default_rng(0).poisson(3.0, (90, 30)).astype(np.float32)
    X[::3] = 0
    return anndata.AnnData(X, obsm={"latent": np.arange(90, dtype=float)[:, None]})
"""
    )
    found = prepared(registered("made", discover([tmp_path]))).latent
    assert found is not None
    assert found[:, 0].tolist() == [cell for cell in range(90) if cell % 3]


def test_rows_of_each_part_have_their_own() -> None:
    (planned, *_) = make_plan(tiny_suite("pca", metrics=["latent_r2"]), discover())
    scored, here = scored_rows(planned.spec, planned.prepared), planned.prepared
    assert here.latent is not None
    for part in ("validation", "test"):
        rows = getattr(here.split, part)[: planned.spec.background]
        np.testing.assert_array_equal(scored.latent[part], here.latent[rows])
    assert len(scored.latent["train"]) == planned.spec.size  # type: ignore[arg-type]


def test_a_run_is_scored_by_them(tmp_path: Path) -> None:
    """Ten dimensions hold the ten coordinates of linear_control, if no cell has another's."""
    suite = tiny_suite("pca(10)", "random_embedding(10)", metrics=["latent_r2"], repeats=1)
    records = run_suite(suite, tmp_path / "out")
    assert {r.status for r in records} == {Status.OK}
    for record in records:
        low, high = (0.6, 1.0) if record.spec.pipeline.startswith("pca") else (-0.3, 0.3)
        assert low < record.scores["latent_r2"] < high, record.spec
        assert low < record.validation["latent_r2"] < high
        assert "latent_r2" not in record.in_sample


def test_no_worker_is_told_where_they_lie() -> None:
    (planned, *_) = make_plan(tiny_suite("pca", metrics=["latent_r2"]), discover())
    places = [*planned.prepared.folder.rglob("*latent*")]
    assert len(places) == 1
    told = json.dumps(planned.prepared.hand(["train", "validation", "test"], ["train"]).as_json())
    assert str(places[0].parent) not in told


def test_of_other_data_nothing_is_known(tmp_path: Path) -> None:
    cells = anndata.AnnData(np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32))
    cells.obsm["latent"] = np.zeros((60, 2))
    cells.write_h5ad(tmp_path / "own.h5ad")
    data = OwnData(tmp_path / "own.h5ad", values="continuous")
    assert prepared(own(data)).latent is None
    suite = tiny_suite("pca", datasets=[], sizes=[30], metrics=["latent_r2"], repeats=1)
    (planned,) = make_plan(suite, discover(), [data])
    assert set(scored_rows(planned.spec, planned.prepared).latent.values()) == {None}
