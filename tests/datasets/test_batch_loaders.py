"""Real data of several batches, on small files of the same layouts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from batch_files import CELLS, GENES, WRITERS, kang, lines, stem, symphony
from downloads import load, module
from omicsbench.inputs.fetch import local_path
from r_files import Matrix, counts_of, dgc, written
from stand_ins import refused, stand_in

pytest.importorskip("rdata")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


@pytest.mark.parametrize("name", WRITERS)
def test_batches_are_there_and_caveats_stated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    info = module(name).load.info
    for remote in info.remote:
        assert remote.digest.startswith("sha256:")
        assert len(remote.url.split("/")[5]) == 40, "an address that a commit pins"
    stand_in(monkeypatch, name, WRITERS[name]())
    adata = load(name)
    assert adata.uns["omicsbench_notes"]
    assert info.batch in (info.unit, *info.groups), "whole batches can be held out"
    for column in (info.batch, info.unit, *info.groups):
        assert column is None or 1 < adata.obs[column].nunique() < adata.n_obs / 2


def test_samples_of_four_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "stemcells", stem())
    adata = load("stemcells")
    np.testing.assert_allclose(adata.X, np.random.default_rng(0).uniform(size=(40, 12)), rtol=1e-6)
    assert list(adata.obs_names[:2]) == ["sample0", "sample1"]
    assert list(adata.var_names) == GENES
    assert list(adata.obs["cell_type"][:3]) == ["hESC", "hiPSC", "Fibroblast"]
    assert list(adata.obs["study"][:5]) == ["1", "2", "3", "4", "1"]


def test_the_two_conditions_stand_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "kang_stim", kang())
    adata = load("kang_stim")
    counts = counts_of(len("ACC{}-1"), 12, CELLS).T
    np.testing.assert_array_equal(adata.X[:CELLS].toarray(), counts)
    assert list(adata.obs["condition"]) == ["control"] * CELLS + ["stimulated"] * CELLS
    assert list(adata.obs_names[[0, CELLS]]) == ["ACC0-1", "GTT0-1"]


def test_logarithms_with_cell_types_and_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "symphony_pbmc", symphony())
    adata = load("symphony_pbmc")
    np.testing.assert_allclose(np.expm1(adata.X.toarray()).sum(axis=1), 1e4, rtol=1e-4)
    assert adata.obs.iloc[1].to_dict() == {
        "cell_type": "T_CD8",
        "cell_type_broad": "T",
        "donor": "3pv2",
    }


def test_components_with_line_and_run(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "cell_lines", lines())
    adata = load("cell_lines")
    expected = np.random.default_rng(0).normal(size=(CELLS, 4)) * 0.01
    np.testing.assert_allclose(adata.X, expected, rtol=1e-5)
    assert adata.obs.iloc[2].to_dict() == {"line": "t293", "run": "t293"}
    assert list(adata.var_names) == ["PC1", "PC2", "PC3", "PC4"]


OTHER_GENES = dgc(counts_of(0, 12, CELLS), GENES[::-1], [f"c{i}" for i in range(CELLS)])
SAME_CELLS = dgc(counts_of(0, 12, CELLS), GENES, [f"ACC{i}-1" for i in range(CELLS)])


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
        ("stemcells", stem(gene=1.0), "no matrix with names"),
        ("stemcells", stem(gene=Matrix(np.ones((39, 12)), GENES * 3 + GENES[:3], GENES)), "40 of"),
        ("kang_stim", kang(**{"pbmc.stim": None}), "no sparse matrix"),
        ("kang_stim", kang(**{"pbmc.stim": OTHER_GENES}), "genes of the two conditions"),
        ("kang_stim", kang(**{"pbmc.stim": SAME_CELLS}), "more than once"),
        ("symphony_pbmc", symphony(cell_id=[f"c{i}" for i in range(CELLS)]), "its cells are not"),
        ("cell_lines", lines(cell_id=["a"] * CELLS), "more than once"),
    ],
)
def test_another_layout_is_refused(
    name: str, files: Mapping[str, bytes], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, name, files)
    assert says in refused(name)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_without_what_is_asked_for_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, name, {file: written(other=1.0) for file in WRITERS[name]()})
    assert "it holds no" in refused(name)


@pytest.mark.parametrize("name", WRITERS)
def test_a_cut_file_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files = dict(WRITERS[name]())
    last = list(files)[-1]
    stand_in(monkeypatch, name, files | {last: files[last][:-40]})
    sentence = refused(name)
    assert "cannot be read" in sentence
    assert last in sentence
    stand_in(monkeypatch, name, files)
    path = local_path(module(name).load.info.remote[-1])
    path.write_bytes(path.read_bytes()[:-1])
    assert "sha256" in refused(name), "damaged after it was fetched"
