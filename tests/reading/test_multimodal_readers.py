"""Users' files of several modalities, and what a modality's name tells of its values."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.reading import modalities
from omicsbench.reading.modalities import modality_values
from omicsbench.reading.notes import NOTES
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read

pytestmark = pytest.mark.filterwarnings("ignore:From 0.4:FutureWarning")  # of writing
CELLS = 24
RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(2, (CELLS, 12)).astype(np.float32) + np.eye(CELLS, 12, dtype=np.float32)
COUNTS[:, ::4] += 1  # no cell of any kind is empty
NAMES = [f"cell{i}" for i in range(CELLS)]
TYPES = ["B", "T", "NK"] * 8


def read_modalities(path: Path, **options: Any) -> Any:
    return modalities.read_modalities(OwnData(path, **options))


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_modalities(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def dense(matrix: Any) -> np.ndarray:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)


def adata(values: Any, prefix: str, names: list[str] = NAMES) -> anndata.AnnData:
    var = pd.DataFrame(index=[f"{prefix}{j}" for j in range(values.shape[1])])
    return anndata.AnnData(values, obs=pd.DataFrame(index=names), var=var)


def write_10x(path: Path, types: list[str], names: list[str] = NAMES) -> Path:
    """Version 3, features of these types in turn."""
    stored = sparse.csc_matrix(COUNTS.T)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(stored, part).astype(np.int64)
        group["shape"] = np.array(stored.shape)
        group["barcodes"] = np.array(names, dtype="S20")
        genes = np.array([f"g{j}" for j in range(11)] + ["g0"], dtype="S20")
        group["features/id"] = np.array([f"ID{j}" for j in range(12)], dtype="S20")
        group["features/name"] = genes
        group["features/feature_type"] = np.array(types, dtype="S30")
    return path


def write_h5mu(path: Path, modalities: dict[str, anndata.AnnData], obs: Any = None) -> Path:
    mudata = pytest.importorskip("mudata")
    mdata = mudata.MuData(modalities)
    for column, values in (obs or {}).items():
        mdata.obs[column] = values
    mdata.write(path)
    return path


# 10x


def test_every_kind_of_feature_of_a_10x_file_is_a_modality(tmp_path: Path) -> None:
    types = np.array(["Peaks", "Gene Expression", "Antibody Capture", "CRISPR Guide Capture"] * 3)
    found = read_modalities(write_10x(tmp_path / "a.h5", list(types)))
    assert list(found) == ["rna", "atac", "protein", "crispr_guide_capture"]
    for name, kind in (("rna", "Gene Expression"), ("protein", "Antibody Capture")):
        np.testing.assert_array_equal(dense(found[name].X), COUNTS[:, types == kind])
        assert list(found[name].obs_names) == NAMES
        assert NOTES not in found[name].uns, "nothing is left out, so nothing is said"
    np.testing.assert_array_equal(dense(found["atac"].X), COUNTS[:, types == "Peaks"] > 0)
    assert found["atac"].X.dtype == np.float32
    assert found["atac"].uns[NOTES] == ["Counts of atac are taken as 0 or 1: open or not."]


def test_names_that_repeat_within_a_kind_are_told_apart(tmp_path: Path) -> None:
    path = write_10x(tmp_path / "a.h5", ["Peaks"] * 3 + ["Gene Expression"] * 9)
    assert list(read_modalities(path)["rna"].var_names)[-1] == "g0", "g0 of the peaks is another"
    types = ["Gene Expression"] + ["Antibody Capture"] * 10 + ["Gene Expression"]
    found = read_modalities(write_10x(tmp_path / "b.h5", types))
    assert list(found["rna"].var_names) == ["g0", "g0-1"]
    note = "Gene names that occur again (1) were told apart by a number."
    assert found["rna"].uns[NOTES] == [note]


def test_a_10x_file_without_expression_and_one_with_nothing_else(tmp_path: Path) -> None:
    both = ["Antibody Capture", "Peaks"] * 6
    assert list(read_modalities(write_10x(tmp_path / "a.h5", both))) == ["protein", "atac"]
    path = write_10x(tmp_path / "b.h5", ["Gene Expression"] * 12)
    assert "one modality only, rna" in refused(path)


def test_duplicate_barcodes_and_wrong_labels_of_a_10x_file_are_refused(tmp_path: Path) -> None:
    types = ["Gene Expression", "Peaks"] * 6
    path = write_10x(tmp_path / "a.h5", types, [NAMES[1], *NAMES[1:]])
    assert "'cell1' occurs 2 times" in refused(path)
    path = write_10x(tmp_path / "b.h5", types)
    assert "no label column 'type'" in refused(path, label="type")


# h5mu


def test_an_h5mu_file_is_read_whole(tmp_path: Path) -> None:
    modalities = {
        "prot": adata(COUNTS[::-1, :3], "p", NAMES[::-1]),
        "rna": adata(sparse.csr_matrix(COUNTS), "g"),
        "lipid": adata(COUNTS[2:, :5] - 1.5, "l", NAMES[2:]),
    }
    path = write_h5mu(tmp_path / "a.h5mu", modalities)
    import mudata

    mdata = mudata.read_h5mu(path)
    mdata.obs["type"] = pd.Series(TYPES, index=NAMES).loc[mdata.obs_names].to_numpy()
    mdata["prot"].obs["donor"] = ["d1", "d2"] * 12
    mdata.write(path)
    found = read_modalities(path, label="type", unit="donor")
    assert list(found) == ["rna", "prot", "lipid"]
    for name, expected in (
        ("rna", COUNTS),
        ("prot", COUNTS[:, :3]),
        ("lipid", COUNTS[:, :5] - 1.5),
    ):
        np.testing.assert_array_equal(dense(found[name].X), expected[2:])
        assert list(found[name].obs_names) == NAMES[2:]
        assert list(found[name].obs["type"]) == TYPES[2:]
        assert list(found[name].obs["donor"]) == (["d2", "d1"] * 12)[2:]
    assert found["rna"].uns[NOTES] == ["2 cells not measured in every modality left out."]
    assert "choose one of type" in refused(path, label="tape")
    assert read(OwnData(path, label="type")).shape == (CELLS, 12), "one modality is read as before"


def test_empty_cells_of_one_modality_are_left_out_of_all(tmp_path: Path) -> None:
    proteins = COUNTS[:, :3].copy()
    proteins[5] = 0
    modalities = {"rna": adata(COUNTS, "g"), "prot": adata(proteins, "p")}
    found = read_modalities(write_h5mu(tmp_path / "a.h5mu", modalities))
    assert [list(one.obs_names) for one in found.values()] == [NAMES[:5] + NAMES[6:]] * 2
    assert "1 cell without any value above zero" in found["rna"].uns[NOTES][0]


def test_counts_of_a_layer_go_before_normalised_proteins_and_peaks(tmp_path: Path) -> None:
    modalities = {name: adata(COUNTS - 0.3, name[0]) for name in ("rna", "prot", "atac")}
    for one in modalities.values():
        one.layers["counts"] = sparse.csr_matrix(COUNTS)
    found = read_modalities(write_h5mu(tmp_path / "a.h5mu", modalities))
    np.testing.assert_array_equal(dense(found["prot"].X), COUNTS)
    np.testing.assert_array_equal(dense(found["atac"].X), COUNTS > 0)
    assert found["prot"].uns[NOTES] == ["Raw counts of prot are taken from layers['counts']."]
    assert len(found["atac"].uns[NOTES]) == 2
    np.testing.assert_allclose(
        found["rna"].X, COUNTS - np.float32(0.3), err_msg="left to the check"
    )


def test_h5mu_files_that_cannot_be_paired_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write_h5mu(tmp_path / "a.h5mu", {"rna": adata(COUNTS, "g")})
    assert "one modality only, rna" in refused(one)
    others = [f"other{i}" for i in range(CELLS)]
    apart = {"rna": adata(COUNTS, "g"), "prot": adata(COUNTS, "p", others)}
    assert "No cell is in every modality" in refused(write_h5mu(tmp_path / "b.h5mu", apart))
    (tmp_path / "c.h5mu").write_bytes(one.read_bytes()[:3_000])
    assert "cannot be read as MuData" in refused(tmp_path / "c.h5mu")
    monkeypatch.setitem(sys.modules, "mudata", None)
    assert "pip install 'omicsbench[multimodal]'" in refused(one)


def test_other_formats_hold_one_modality(tmp_path: Path) -> None:
    adata(COUNTS, "g").write_h5ad(tmp_path / "a.h5ad")
    assert "give an .h5mu file or a 10x .h5 file" in refused(tmp_path / "a.h5ad")
    (tmp_path / "a.csv").write_text("cell,g\na,1\n")
    assert "one modality, as .csv files do" in refused(tmp_path / "a.csv")
    assert "does not exist" in refused(tmp_path / "none.h5mu")


# What a name tells

HALVES = np.full((3, 2), 0.5, dtype=np.float32)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("prot", None, "proteins"),
        ("Protein", COUNTS, "proteins"),
        ("ADT", sparse.csr_matrix(COUNTS), "proteins"),
        ("Antibody Capture", COUNTS, "proteins"),
        ("prot", COUNTS - 1.5, None),  # normalised already
        ("atac", None, "binary"),
        ("peaks", sparse.csr_matrix(COUNTS), "binary"),
        ("accessibility", HALVES, "rates"),
        ("atac", 3 * HALVES, None),
        ("methylation", None, "rates"),
        ("met", HALVES, "rates"),
        ("met", 100 * HALVES, None),
        ("met", -HALVES, None),
        ("rna", COUNTS, None),
        ("lipids", None, None),
    ],
)
def test_a_name_is_believed_unless_the_values_speak_against_it(
    name: str, values: Any, expected: str | None
) -> None:
    assert modality_values(name, None if values is None else adata_of(values)) == expected


def adata_of(values: Any) -> anndata.AnnData:
    return adata(values, "f", [f"c{i}" for i in range(values.shape[0])])
