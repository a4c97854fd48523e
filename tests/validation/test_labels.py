"""Labels: what counts as missing, in every format; which names are one class; what is no class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.errors import DataError
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.validation.check import Checked, check
from omicsbench.validation.labels import MISSING, code, unit_codes

CELLS = 40
X = np.random.default_rng(0).poisson(3, (CELLS, 5)).astype(np.float32) + 1
TEXTS = st.sampled_from([*MISSING, "NA", "None", "NULL", "N/A", "NaN", " NA "])
CLASSES = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=4).filter(
    lambda text: text.casefold() not in MISSING and not text.isdecimal()
)


def coded(values: Any, keep_na: bool = False) -> tuple[list[str | None], tuple[str, ...]]:
    """The class of each cell, None where it is missing; and the notes."""
    found = code(pd.Series(values), "type", keep_na)
    return [None if c < 0 else found.names[c] for c in found.codes], found.notes


def written(adata: anndata.AnnData, folder: Path, suffix: str, **more: Any) -> Checked:
    path = folder / f"a{suffix}"
    if suffix == ".h5ad":
        adata.write_h5ad(path)
    else:
        table = pd.DataFrame(adata.X, adata.obs_names, adata.var_names)
        table["type"] = adata.obs["type"].to_numpy()
        if suffix == ".parquet":
            table.to_parquet(path)
        else:
            table.to_csv(path, sep="\t" if suffix == ".tsv" else ",")
    own = OwnData(path, label="type", **more)
    return check(read(own), "type", keep_na=own.keep_na)


@pytest.mark.parametrize("suffix", [".h5ad", ".csv", ".tsv", ".parquet"])
@pytest.mark.parametrize("category", [False, True])
def test_texts_that_mean_missing_are_the_same_in_every_format(
    suffix: str, category: bool, tmp_path: Path
) -> None:
    label = ["T cell", "NA", "None", "B cell"] * 10
    names = [f"sample_{i}" for i in range(CELLS)]
    obs = pd.DataFrame({"type": pd.Categorical(label) if category else label}, index=names)
    var = pd.DataFrame(index=[f"Gene{j}" for j in range(5)])
    adata = anndata.AnnData(X, obs, var)
    found = written(adata, tmp_path, suffix)
    assert found.label_names == ("B cell", "T cell")
    (note,) = (note for note in found.notes if "without a label" in note)
    assert note.startswith("20 cells")
    for part in ("10 hold 'NA'", "10 hold 'None'", "--keep-na"):
        assert part in note
    (missing,) = (d for d in found.decisions if d.option == "--keep-na")
    assert missing.about == "label"
    kept = written(adata, tmp_path, suffix, keep_na=True)
    assert kept.label_names == ("B cell", "NA", "None", "T cell")
    assert not any("without a label" in note for note in kept.notes)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8), st.lists(CLASSES, min_size=2, max_size=4))
def test_every_such_text_is_missing_or_kept(missing: list[str], classes: list[str]) -> None:
    values = (missing + classes) * 3
    found, _ = coded(values)
    assert [name is None for name in found] == ([True] * len(missing) + [False] * len(classes)) * 3
    kept, notes = coded(values, keep_na=True)
    assert [name or "" for name in kept] == [value.strip() for value in values]
    assert any("without a label" in note for note in notes) == any(not m.strip() for m in missing)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=4, max_size=9), st.sampled_from(range(6)))
def test_whole_numbers_are_named_alike_however_they_are_kept(numbers: list[int], how: int) -> None:
    values = numbers * 3
    kept: Any = [
        values,
        [float(v) for v in values],
        [f"{v}.0" for v in values],
        [str(v) for v in values],
        pd.array(values, dtype="Int64"),
        pd.Categorical([float(v) for v in values]),
    ][how]
    assert coded(kept)[0] == [str(v) for v in values]


def test_what_is_missing_beside_a_text_is_not_kept() -> None:
    found, notes = coded([None, "NA", "a", "b", ""] * 5, keep_na=True)
    assert found[:5] == [None, "NA", "a", "b", None]
    assert notes == ("10 cells without a label in 'type'.",)


def test_nothing_can_be_kept_without_a_label() -> None:
    with pytest.raises(DataError, match="--label"):
        check(anndata.AnnData(X), None, keep_na=True)


def test_unknown_is_a_class() -> None:
    assert coded(["unknown", "a", "b"] * 5)[0][0] == "unknown"


def test_where_all_are_missing_it_is_said_what_they_hold() -> None:
    with pytest.raises(DataError, match=r"9 hold 'NA' \(--keep-na makes"):
        coded(["NA"] * 9)


# Names of classes


def test_blanks_around_a_class_are_left_out_and_said() -> None:
    found, notes = coded(["B ", "B", " T", "T"] * 5)
    assert found[:4] == ["B", "B", "T", "T"]
    assert notes == ("Blanks around classes of 'type' are left out: ' T', 'B '.",)


def test_classes_that_differ_in_capitals_are_said() -> None:
    found, notes = coded(["B cell", "b cell", "T"] * 5)
    assert found[:2] == ["B cell", "b cell"]
    assert "'B cell' and 'b cell'" in notes[0]


def test_mixed_types_are_taken_as_text_and_said() -> None:
    found, notes = coded([1, "two", 3.0, "1"] * 5)
    assert found[:4] == ["1", "two", "3", "1"]
    assert "float, int" in notes[0]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([True, False], ["True", "False"]),
        (pd.array([True, False], dtype="boolean"), ["True", "False"]),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), ["2020-01-01", "2020-01-02"]),
        (pd.cut([0.5, 1.5], [0, 1, 2]), ["(0, 1]", "(1, 2]"]),
        (pd.Categorical(["a", "b"], categories=["unused", "b", "a"]), ["a", "b"]),
        (pd.array(["a", "b"], dtype="string"), ["a", "b"]),
        (["01", "1"], ["01", "1"]),
    ],
)
def test_other_types_become_classes(values: Any, names: list[str]) -> None:
    series = pd.concat([pd.Series(values)] * 8, ignore_index=True)
    found = coded(series)[0]
    assert [str(name)[: len(short)] for name, short in zip(found, names, strict=False)] == names
    assert len(set(found)) == 2


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=30).tolist() + ["NA"] * 5,
        [f"{v:.3f}" for v in np.random.default_rng(0).normal(size=30)] + ["1.5"] * 5,
        pd.date_range("2020-01-01", periods=30).tolist() + [pd.Timestamp("2020-01-01")] * 5,
        [f"id{i}" for i in range(20)],
    ],
)
def test_a_measurement_or_a_name_is_no_class(values: Any) -> None:
    with pytest.raises(DataError, match="not a class"):
        coded(values)


# Units


def test_a_unit_that_says_na_is_missing_unless_it_is_kept() -> None:
    obs = pd.DataFrame({"donor": ["d1", "d2", "NA", "d1"] * 10}, index=[f"c{i}" for i in range(40)])
    adata = anndata.AnnData(X, obs)
    with pytest.raises(DataError, match="10 cells of no 'donor' \\(10 hold 'NA'; --keep-na"):
        unit_codes(adata, obs, "donor")
    assert len(set(unit_codes(adata, obs, "donor", keep_na=True).tolist())) == 3
