"""The offline data sets of several modalities: what is known of them holds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from omicsbench import datasets
from omicsbench.datasets import nutrimouse, simulated_multimodal
from omicsbench.reading.formats import file_digest
from omicsbench.reading.modalities import read_modalities
from omicsbench.reading.own import OwnData
from omicsbench.reading.pairing import pair

DATA = Path(datasets.__path__[0]) / "data"
MODALITIES = ("rna", "protein", "atac")


# nutrimouse


def test_nutrimouse_is_what_is_known_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mudata", None)  # it needs no extra
    found = nutrimouse.load()
    assert list(found) == [name for name, _ in nutrimouse.load.info.modalities]
    genes, lipids = found.values()
    assert (genes.shape, lipids.shape) == ((40, 120), (40, 21))
    assert list(genes.obs_names) == list(lipids.obs_names)
    for adata in found.values():
        assert adata.X.dtype == np.float32
        assert isinstance(adata.X, np.ndarray)
        assert adata.obs["diet"].value_counts().to_dict() == dict.fromkeys(
            ("coc", "fish", "lin", "ref", "sun"), 8
        )
        assert adata.obs["genotype"].value_counts().to_dict() == {"ppar": 20, "wt": 20}
    np.testing.assert_allclose(lipids.X.sum(axis=1), 100, atol=0.1)
    assert genes.X.min() < 0, "logarithms"
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"{file_digest(DATA / nutrimouse.FILE)}  {nutrimouse.FILE}" in text


def test_nutrimouse_is_what_the_reader_of_users_files_gives() -> None:
    pytest.importorskip("mudata")
    found, read = nutrimouse.load(), read_modalities(OwnData(DATA / nutrimouse.FILE, "diet"))
    for mine, theirs in (("genes", "rna"), ("lipids", "lipid")):
        np.testing.assert_array_equal(found[mine].X, read[theirs].X)
        assert list(found[mine].obs["diet"]) == list(read[theirs].obs["diet"])


# simulated_multimodal


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    return simulated_multimodal.load(n=2_000)


def test_the_modalities_are_of_the_same_cells(drawn: dict[str, Any]) -> None:
    assert tuple(drawn) == MODALITIES
    assert tuple(name for name, _ in simulated_multimodal.load.info.modalities) == MODALITIES
    assert [adata.shape[1] for adata in drawn.values()] == [1_000, 25, 2_000]
    first = drawn["rna"]
    for adata in drawn.values():
        assert adata.X.dtype == np.float32
        assert list(adata.obs_names) == list(first.obs_names)
        assert (adata.obs["cell_type"] == first.obs["cell_type"]).all()
        np.testing.assert_array_equal(adata.obsm["latent"], first.obsm["latent"])
    assert first.obs["cell_type"].nunique() == 8
    assert pair(drawn, "cell_type")["rna"].n_obs == 2_000, "no cell is empty"


def test_values_look_like_those_of_each_modality(drawn: dict[str, Any]) -> None:
    rna, protein, atac = (drawn[name].X for name in MODALITIES)
    assert sparse.isspmatrix_csr(rna)
    assert (rna.data == np.round(rna.data)).all()
    assert 0.85 < 1 - rna.nnz / np.prod(rna.shape) < 0.9
    library = np.asarray(rna.sum(axis=1)).ravel()
    assert 0.3 < np.log(library).std() < 0.5
    mean = np.asarray(rna.mean(axis=0)).ravel()
    variance = np.asarray(rna.multiply(rna).mean(axis=0)).ravel() - mean**2
    assert (variance > mean)[mean > 0.2].mean() > 0.98, "more than Poisson"
    assert isinstance(protein, np.ndarray)
    assert (protein == np.round(protein)).all()
    assert (protein > 0).mean() > 0.95, "background in nearly every cell"
    assert np.median(np.quantile(protein, 0.95, axis=0) / np.quantile(protein, 0.2, axis=0)) > 4
    assert sparse.isspmatrix_csr(atac)
    assert set(np.unique(atac.data)) == {1.0}
    assert 0.05 < atac.nnz / np.prod(atac.shape) < 0.1


def test_equal_seeds_give_equal_cells_whatever_the_number_of_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulated_multimodal, "BLOCK", 128)
    settings: dict[str, int] = {"n": 300, "genes": 60, "proteins": 8, "peaks": 70}
    first, again = (simulated_multimodal.load(**settings) for _ in range(2))
    other = simulated_multimodal.load(**settings, seed=1)
    for name, features in zip(MODALITIES, (60, 8, 70), strict=True):
        assert first[name].shape == (300, features)
        assert abs(first[name].X - again[name].X).sum() == 0
        assert abs(first[name].X - other[name].X).sum() > 0
    blocks = first["protein"].X[:128], first["protein"].X[128:256]
    assert (blocks[0] != blocks[1]).any()


def embeddings(drawn: dict[str, Any]) -> dict[str, np.ndarray]:
    """Plain principal components of each modality, and all of them side by side."""
    from sklearn.decomposition import PCA

    rna, protein, atac = (drawn[name].X for name in MODALITIES)
    protein = np.log1p(protein)
    values = {
        "rna": np.log1p(rna.multiply(1e4 / rna.sum(axis=1)).toarray()),
        "protein": protein - protein.mean(axis=1, keepdims=True),
        "atac": atac.toarray(),
    }
    scores = {}
    for name, X in values.items():
        Z = PCA(15, random_state=0).fit_transform((X - X.mean(axis=0)) / (X.std(axis=0) + 1e-6))
        scores[name] = Z / Z[:, 0].std()
    return scores | {"together": np.hstack(list(scores.values()))}


def accuracy(Z: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.model_selection import cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    return float(cross_val_score(KNeighborsClassifier(15), Z, labels, cv=5).mean())


def test_together_the_modalities_tell_more_than_each_alone(drawn: dict[str, Any]) -> None:
    labels = drawn["rna"].obs["cell_type"].to_numpy().astype(str)
    found = {name: accuracy(Z, labels) for name, Z in embeddings(drawn).items()}
    alone = [found[name] for name in MODALITIES]
    assert min(alone) > 0.4, found  # the most frequent type has 0.17
    assert max(alone) + 0.05 < found["together"] < 0.97, found
    assert accuracy(drawn["rna"].obsm["latent"], labels) > 0.97, "the truth tells all"


def test_each_modality_alone_tells_one_pair_of_types_apart(drawn: dict[str, Any]) -> None:
    """Pairs by all, by RNA, by proteins, by chromatin; 0.5 is chance."""
    kinds = drawn["rna"].obs["cell_type"].cat.codes.to_numpy()
    found = embeddings(drawn)
    for pair_of, tells in enumerate(("all", *MODALITIES)):
        rows = np.flatnonzero(kinds // 2 == pair_of)
        for name in MODALITIES:
            score = accuracy(found[name][rows], kinds[rows])
            if tells in ("all", name):
                assert score > 0.7, (tells, name, score)
            else:
                assert score < 0.65, (tells, name, score)


@pytest.mark.parametrize(
    "wrong", [{"n": 0}, {"genes": 3}, {"proteins": 4}, {"types": 1}, {"nonlinear": 1.5}]
)
def test_unusable_settings_are_refused_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="give a cell or more"):
        simulated_multimodal.load(**wrong)
