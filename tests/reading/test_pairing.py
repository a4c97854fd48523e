"""The same cells in the same order in every modality, or one sentence that says why not."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.reading.notes import NOTES
from omicsbench.reading.pairing import pair

RNA = ["a", "b", "c", "d", "e"]
PROTEIN = ["e", "x", "c", "a", "b"]


def cells(names: list[str], features: int = 4, **obs: list[object]) -> anndata.AnnData:
    """Every value tells its cell, by the place of the name in the alphabet."""
    values = np.array([[ord(name[0])] * features for name in names], dtype=np.float32)
    return anndata.AnnData(
        sparse.csr_matrix(values),
        obs=pd.DataFrame(obs, index=names),
        var=pd.DataFrame(index=[f"f{j}" for j in range(features)]),
    )


def two() -> dict[str, anndata.AnnData]:
    return {"rna": cells(RNA, type=list("ABABA")), "protein": cells(PROTEIN, 2, batch=[*"PQPQP"])}


def refused(*args: object, **more: object) -> str:
    with pytest.raises(DataError) as caught:
        pair(*args, **more)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    return sentence


def test_cells_of_all_modalities_in_the_order_of_the_first() -> None:
    given = two()
    paired = pair(given, "type", "batch")
    assert list(paired) == ["rna", "protein"]
    for adata in paired.values():
        assert list(adata.obs_names) == ["a", "b", "c", "e"]
        assert [chr(int(value)) for value in adata.X.toarray()[:, 0]] == ["a", "b", "c", "e"]
        assert list(adata.obs["type"]) == ["A", "B", "A", "A"]
        assert list(adata.obs["batch"]) == ["Q", "P", "P", "P"]
    assert paired["rna"].uns[NOTES] == ["2 cells not measured in every modality left out."]
    assert NOTES not in paired["protein"].uns
    assert list(given["rna"].obs.columns) == ["type"], "what was given is left as it was"
    assert NOTES not in given["rna"].uns
    assert given["protein"].n_obs == 5


def test_equal_cells_need_no_note_and_earlier_notes_are_kept() -> None:
    given = {"rna": cells(RNA), "atac": cells(RNA[::-1])}
    assert NOTES not in pair(given, None)["rna"].uns
    given["rna"].uns[NOTES] = ["Read with care."]
    given["atac"] = given["atac"][:4].copy()
    notes = pair(given, None)["rna"].uns[NOTES]
    assert notes == ["Read with care.", "1 cell not measured in every modality left out."]


def test_labels_of_the_whole_go_before_those_of_a_modality() -> None:
    obs = pd.DataFrame({"type": list("VWXYZ")}, index=["e", "d", "c", "b", "a"])
    paired = pair(two(), "type", obs=obs)
    assert list(paired["protein"].obs["type"]) == ["Z", "Y", "X", "V"]
    assert list(paired["rna"].obs["type"]) == ["Z", "Y", "X", "V"]
    partly = pair(two(), "type", obs=obs.loc[["a", "c", "e"]])
    assert list(partly["rna"].obs["type"].isna()) == [False, True, False, False]


def test_cells_that_are_empty_in_one_are_left_out_of_all() -> None:
    given = two()
    given["protein"].X[PROTEIN.index("c")] = 0
    given["protein"].X.eliminate_zeros()
    given["rna"].X = given["rna"].X.toarray()
    given["rna"].X[RNA.index("e")] = 0
    paired = pair(given, None)
    assert [list(adata.obs_names) for adata in paired.values()] == [["a", "b"], ["a", "b"]]
    assert paired["rna"].uns[NOTES][1] == (
        "2 cells without any value above zero in one of the modalities left out."
    )


def test_zeros_among_negative_values_are_no_empty_cells() -> None:
    given = two()
    given["protein"].X = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    given["protein"].X[0] = 0
    assert pair(given, None)["rna"].n_obs == 4


def test_an_empty_cell_in_the_layer_of_counts_is_left_out_too() -> None:
    """The check takes raw counts of a layer before an X that holds none."""
    given = two()
    given["rna"].layers["counts"] = given["rna"].X.copy()
    given["rna"].layers["counts"].data[:4] = 0
    given["rna"].X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    assert list(pair(given, None)["protein"].obs_names) == ["b", "c", "e"]


@pytest.mark.filterwarnings("ignore:Observation names are not unique")
def test_what_cannot_be_paired_is_refused() -> None:
    assert "one modality only, rna" in refused({"rna": cells(RNA)}, None)
    assert "has no modality" in refused({}, None)
    twice = two() | {"protein": cells(["a", "a", "b"])}
    assert "'a' occurs 2 times in modality protein" in refused(twice, None)
    obs = pd.DataFrame({"type": ["A", "B"]}, index=["a", "a"])
    assert "'a' occurs 2 times in obs" in refused(two(), "type", obs=obs)
    apart = two() | {"protein": cells(["x", "y"])}
    assert "No cell is in every modality (rna has 'a', protein has 'x')" in refused(apart, None)
    nothing = two() | {"protein": cells(PROTEIN)[:0].copy()}
    assert "No cell is in every modality" in refused(nothing, None)
    zero = two()
    zero["protein"].X = np.zeros((5, 2), dtype=np.float32)
    assert "Modality protein has no value above zero" in refused(zero, None)
    featureless = two() | {"protein": cells(PROTEIN, 0)}
    assert "Modality protein has no value above zero" in refused(featureless, None)
    either = two()
    either["rna"].X[:3] = 0
    either["protein"].X[0] = 0
    assert "No cell has a value above zero in every modality" in refused(either, None)


def test_a_column_that_nothing_has_is_refused_with_those_there_are() -> None:
    obs = pd.DataFrame({"donor": list("12345")}, index=RNA)
    sentence = refused(two(), "tipe", obs=obs)
    assert "no label column 'tipe'; choose one of type" in sentence
    for column in ("donor", "batch"):
        assert column in sentence
    assert "no unit column 'plate'" in refused(two(), None, "plate")
    assert "leave --label out" in refused({"a": cells(RNA), "b": cells(RNA)}, "type")
