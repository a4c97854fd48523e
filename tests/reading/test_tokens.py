"""Texts among measurements are named; truth values, decimals and the like are numbers."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.errors import DataError
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.reading.tables import from_table

CELLS, GENES = 30, 8
RNG = np.random.default_rng(1)
VALUES = (RNG.gamma(2, 2, (CELLS, GENES)) + 0.5).round(4)
TYPES = ["B", "T", "NK"] * (CELLS // 3)
TOKENS = [
    "<LOD",
    "n.d.",
    "NA",
    "-",
    "#DIV/0!",
    "nan",
    "None",
    "null",
    "below LOD",
    "< 0.5",
    "ND",
    "x",
]


def table() -> pd.DataFrame:
    made = pd.DataFrame(VALUES, [f"c{i}" for i in range(CELLS)], [f"g{j}" for j in range(GENES)])
    return made.assign(kind=TYPES)


def found(given: pd.DataFrame, path: Path, label: str | None = "kind", **options: Any) -> Any:
    """What is read of a table that was written as ``path`` says."""
    if path.suffix == ".parquet":
        given.to_parquet(path)
    else:
        given.to_csv(path)
    return read(OwnData(path, label=label, **options))


def refused(given: pd.DataFrame, path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        found(given, path, **options)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    return str(caught.value)


@settings(max_examples=40)
@given(
    token=st.sampled_from(TOKENS),
    places=st.sets(st.tuples(st.integers(0, CELLS - 1), st.integers(0, GENES - 1)), min_size=1,
                   max_size=40),
    suffix=st.sampled_from(["csv", "parquet"]),
)  # fmt: skip
def test_texts_among_measurements_are_named(
    tmp_path_factory: pytest.TempPathFactory,
    token: str,
    places: set[tuple[int, int]],
    suffix: str,
) -> None:
    given = table().astype(object)
    for row, column in places:
        given.iloc[row, column] = token
    if suffix == "parquet":
        given = given.astype({f"g{j}": str for _, j in places})
    sentence = refused(given, tmp_path_factory.mktemp("tokens") / f"a.{suffix}")
    columns = {column for _, column in places}
    column = min(columns)
    row = min(row for row, c in places if c == column)
    assert repr(token) in sentence
    assert f"first in column g{column}, row c{row}" in sentence
    assert f"{len(places)} times" in sentence or (len(places) == 1 and "once" in sentence)
    assert f"{len(columns)} column" in sentence
    assert "--exclude" in sentence


def test_columns_with_texts_can_be_left_out(tmp_path: Path) -> None:
    given = table().astype(object)
    given.iloc[4, 2] = "<LOD"
    adata = found(given, tmp_path / "a.csv", exclude=("g2",))
    assert list(adata.var_names) == [f"g{j}" for j in range(GENES) if j != 2]
    adata = found(given, tmp_path / "a.csv", features_like=("g0", "g[45]"))
    assert list(adata.var_names) == ["g0", "g4", "g5"]


def test_several_texts_are_counted_each(tmp_path: Path) -> None:
    given = table().astype(object)
    given.iloc[:3, 1] = "n.d."
    given.iloc[5, 4] = "NA"
    sentence = refused(given, tmp_path / "a.csv")
    assert "2 columns of numbers hold texts: 'n.d.' 3 times" in sentence
    assert "'NA' once" in sentence


def test_mostly_missing_measurements_are_no_text(tmp_path: Path) -> None:
    given = table().astype(object)
    given.iloc[1:, 3] = "<LOD"
    assert f"'<LOD' {CELLS - 1} times" in refused(given, tmp_path / "a.csv")


@pytest.mark.parametrize("numbers", [0, 5])
def test_features_of_other_texts_are_no_annotations(tmp_path: Path, numbers: int) -> None:
    given = table().astype(object)
    given.iloc[numbers:, 3] = "undetected"
    sentence = refused(given, tmp_path / "a.csv")
    assert f"'undetected' {CELLS - numbers} times, the first in column g3" in sentence


def test_annotations_of_text_stay_beside_symbols(tmp_path: Path) -> None:
    symbols = ["ACTB", "CD3D", "CD4", "LYZ", "MS4A1", "NKG7", "FTL", "B2M"]
    given = table().rename(columns=dict(zip(table().columns, symbols, strict=False)))
    given = given.assign(Diagnosis=TYPES, REGION=TYPES[::-1])
    assert list(found(given, tmp_path / "a.csv").var_names) == symbols


def test_text_with_some_numbers_stays_text(tmp_path: Path) -> None:
    given = table().assign(line=["293", "HeLa", "K562"] * (CELLS // 3))
    adata = found(given, tmp_path / "a.csv")
    assert list(adata.obs["line"][:3]) == ["293", "HeLa", "K562"]
    assert notes_of(adata) == ["Columns of text are taken as annotations, not features: line."]


def test_the_label_keeps_its_texts_in_every_format(tmp_path: Path) -> None:
    kinds = ["NA", "None", "null", "nan", "N/A", "True", "1", "01", "<NA>", " T"] * 3
    for name in ("a.csv", "a.tsv", "a.parquet"):
        given = table().assign(kind=kinds, donor=kinds[::-1])
        path = tmp_path / name
        if name == "a.tsv":
            given.to_csv(path, sep="\t")
            adata = read(OwnData(path, label="kind", unit="donor"))
        else:
            adata = found(given, path, unit="donor")
        assert list(adata.obs["kind"]) == kinds
        assert list(adata.obs["donor"]) == kinds[::-1]


def test_an_empty_label_is_missing(tmp_path: Path) -> None:
    kinds = ["B", "", "NA"] * (CELLS // 3)
    adata = found(table().assign(kind=kinds), tmp_path / "a.csv")
    assert adata.obs["kind"].isna().tolist() == [False, True, False] * (CELLS // 3)


@pytest.mark.parametrize("kinds", [[1, 2, 3], [0.5, 1.5, 2.0]])
def test_a_label_of_numbers_stays_one(tmp_path: Path, kinds: list[float]) -> None:
    adata = found(table().assign(kind=kinds * (CELLS // 3)), tmp_path / "a.csv")
    assert list(adata.obs["kind"]) == kinds * (CELLS // 3)


# Thousands and decimal commas among other numbers


def test_thousands_are_read_where_it_is_certain(tmp_path: Path) -> None:
    values = np.rint(VALUES * 90_000)
    written = table()
    for j in range(GENES):
        written[f"g{j}"] = [f"{value:,.0f}" for value in values[:, j]]
    adata = found(written, tmp_path / "a.csv")
    np.testing.assert_array_equal(adata.X, values.astype(np.float32))
    assert "separator of thousands" in notes_of(adata)[0]
    dotted = written.map(lambda text: text.replace(",", "."))
    dotted["g0"] = [f"{value:.2f}".replace(".", ",") for value in VALUES[:, 0]]
    dotted.to_csv(tmp_path / "b.csv", sep=";")
    adata = read(OwnData(tmp_path / "b.csv", label="kind"))
    np.testing.assert_allclose(adata.X[:, 0], VALUES[:, 0].round(2), rtol=1e-6)
    np.testing.assert_array_equal(adata.X[:, 1:], values[:, 1:].astype(np.float32))


@pytest.mark.parametrize("separator", [";", "\t", ","])
@pytest.mark.parametrize("group", [".", ","])
def test_thousands_among_smaller_numbers_are_read(
    tmp_path: Path, separator: str, group: str
) -> None:
    values = RNG.lognormal(6, 1.5, (200, GENES)).round()
    names = [f"c{i}" for i in range(200)]
    written = pd.DataFrame(values, names, [f"g{j}" for j in range(GENES)]).map("{:,.0f}".format)
    written.map(lambda x: x.replace(",", group)).to_csv(tmp_path / "a.csv", sep=separator)
    np.testing.assert_array_equal(read(OwnData(tmp_path / "a.csv")).X, values.astype(np.float32))


def test_one_number_that_reads_in_two_ways_is_named(tmp_path: Path) -> None:
    given = table().assign(**{f"g{j}": np.rint(VALUES[:, j]).astype(int) for j in range(GENES)})
    given = given.astype({"g5": object})
    given.iloc[7, 5] = "1,234"
    sentence = refused(given, tmp_path / "a.csv")
    assert "Column g5, row c7, holds '1,234', which may be 1234 or 1.234 (once" in sentence


def test_decimal_commas_that_begin_late_are_read(tmp_path: Path) -> None:
    values = np.ones((200, 3))
    values[150:] = RNG.random((50, 3)).round(3)
    given = pd.DataFrame(values, [f"c{i}" for i in range(200)], ["g0", "g1", "g2"])
    given.map(lambda x: f"{x:g}".replace(".", ",")).to_csv(tmp_path / "a.csv", sep=";")
    adata = read(OwnData(tmp_path / "a.csv"))
    np.testing.assert_allclose(adata.X, values, rtol=1e-6)
    assert "decimal comma" in " ".join(notes_of(adata))


# Truth values, decimals and what is neither number nor text


@pytest.mark.parametrize("pair", [("True", "False"), ("TRUE", "FALSE"), (" true", " false"), None])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_truth_values_are_1_and_0(
    tmp_path: Path, pair: tuple[str, str] | None, suffix: str
) -> None:
    truth = RNG.random(CELLS) < 0.5
    given = table().assign(g1=[pair[not t] for t in truth] if pair else truth)
    adata = found(given, tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(adata.X[:, 1], truth)
    assert notes_of(adata) == ["Columns of True and False are taken as 1 and 0: g1."]


@settings(max_examples=20)
@given(kind=st.sampled_from(
    ["decimal", "Int64", "UInt8", "Float64", "float16", "int8", "uint64", "boolean", "arrow",
     "arrow decimal", "object"]))  # fmt: skip
def test_numbers_of_every_type_are_numbers(kind: str) -> None:
    whole = np.rint(VALUES)
    given = pd.DataFrame(whole, [f"c{i}" for i in range(CELLS)], [f"g{j}" for j in range(GENES)])
    match kind:
        case "decimal":
            given = given.map(lambda x: Decimal(int(x)))
        case "arrow":
            given = given.astype("int32[pyarrow]")
        case "arrow decimal":
            given = given.map(lambda x: Decimal(int(x))).astype(pd.ArrowDtype(pa.decimal128(9, 2)))
        case "boolean":
            given = (given > 4).astype("boolean")
            whole = (whole > 4).astype(float)
        case _:
            given = given.astype(kind)
    adata = from_table(given, "the DataFrame", OwnData(Path("x")))
    np.testing.assert_array_equal(adata.X, whole)
    assert adata.X.dtype == np.float32


def test_a_nullable_hole_is_left_to_the_check() -> None:
    given = table().drop(columns="kind").astype("Float64")
    given.iloc[3, 2] = pd.NA
    assert np.isnan(from_table(given, "the DataFrame", OwnData(Path("x"))).X[3, 2])


def test_other_kinds_are_named(tmp_path: Path) -> None:
    given = table().assign(
        drawn=pd.Timestamp("2024-01-31"),
        born=datetime.date(1970, 1, 1),
        lasted=pd.Timedelta("1h"),
        peaks=[[1, 2]] * CELLS,
        place=[{"x": 1}] * CELLS,
        wave=1 + 2j,
        kit=pd.Categorical(["a", "b", "c"] * (CELLS // 3)),
    )
    adata = from_table(given, "the DataFrame", OwnData(Path("x"), label="kind"))
    assert adata.n_vars == GENES
    said = " ".join(notes_of(adata))
    for kind, names in (
        ("dates", "drawn, born"), ("durations", "lasted"), ("lists", "peaks, place"),
        ("complex numbers", "wave"), ("text", "kit"),
    ):  # fmt: skip
        assert f"Columns of {kind} are taken as annotations, not features: {names}." in said
