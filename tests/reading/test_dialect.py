"""Text tables are read in the dialect in which they are written, or refused with what was seen."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.errors import DataError
from omicsbench.reading.notes import notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read

CELLS, GENES = 30, 6
RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(6, (CELLS, GENES)).astype(np.float64)
FRACTIONS = (RNG.gamma(2, 2, (CELLS, GENES)) + 0.001).round(3)
TYPES = ["B", "T", "NK"] * (CELLS // 3)


def table(values: Any = COUNTS, label: bool = True) -> pd.DataFrame:
    whole = (values == np.floor(values)).all()
    made = pd.DataFrame(
        values.astype(int) if whole else values,
        index=[f"c{i}" for i in range(len(values))],
        columns=[f"gene{j}" for j in range(values.shape[1])],
    )
    return made.assign(kind=TYPES) if label else made


def found(path: Path, label: str | None = "kind", **options: Any) -> Any:
    return read(OwnData(path, label=label, **options))


def agrees(path: Path, values: Any = COUNTS) -> Any:
    adata = found(path)
    np.testing.assert_allclose(adata.X, values, rtol=1e-6)
    assert list(adata.obs_names[:2]) == ["c0", "c1"]
    assert list(adata.var_names) == [f"gene{j}" for j in range(GENES)]
    assert list(adata.obs["kind"]) == TYPES
    return adata


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        found(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert "damaged" not in sentence
    return sentence


@pytest.mark.parametrize("separator", [",", "\t", ";", "|", " "])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
def test_the_lines_tell_the_separator(tmp_path: Path, separator: str, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    table().to_csv(path, sep=separator, index_label="cell")
    adata = agrees(path)
    promised = "," if suffix == "csv" else "\t"
    assert (notes_of(adata) == []) == (separator == promised), "what is not promised is said"


@settings(max_examples=40)
@given(
    separator=st.sampled_from([",", "\t", ";", "|"]),
    decimal=st.sampled_from([".", ","]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"]),
    ends=st.sampled_from(["\n", "\r\n", "\r"]),
    comments=st.integers(0, 3),
    packed=st.sampled_from(["", "gzip", "bz2", "xz", "zip"]),
    trailing=st.booleans(),
    blank=st.booleans(),
)
def test_dialects_and_their_mixtures(
    tmp_path_factory: pytest.TempPathFactory,
    separator: str,
    decimal: str,
    encoding: str,
    ends: str,
    comments: int,
    packed: str,
    trailing: bool,
    blank: bool,
) -> None:
    path = tmp_path_factory.mktemp("dialect") / "a.csv"
    text = (
        table(FRACTIONS).rename(columns={"gene0": "größe"}).to_csv(sep=separator, decimal=decimal)
    )
    lines = text.splitlines()
    lines = [line + separator for line in lines] if trailing else lines
    lines = [f"# made by {i}, with; all\tof | them" for i in range(comments)] + lines
    lines = [*lines, "", ""] if blank else lines
    content = (ends.join(lines) + ends).encode(encoding)
    match packed:
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("inner.csv", content)
        case "":
            path.write_bytes(content)
        case _:
            pack = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[packed]
            path.write_bytes(pack(content))
    adata = found(path)
    np.testing.assert_allclose(adata.X, FRACTIONS, rtol=1e-6)
    assert adata.var_names[0] == "größe"
    assert list(adata.obs["kind"]) == TYPES


@pytest.mark.parametrize("between", [1, 10, CELLS])
def test_comments_among_the_rows_are_left_out(tmp_path: Path, between: int) -> None:
    lines = table().to_csv().splitlines()
    comments = ["# a comment", "#with,three,fields", "# " + "many," * 20]
    (tmp_path / "a.csv").write_text("\n".join([*lines[:between], *comments, *lines[between:]]))
    assert "Comments among the rows are left out: 3." in notes_of(agrees(tmp_path / "a.csv"))


def test_a_commented_header_is_the_header(tmp_path: Path) -> None:
    text = "## version 3\n#cell" + table().to_csv(sep="\t")
    (tmp_path / "a.tsv").write_text(text)
    agrees(tmp_path / "a.tsv")


def test_names_with_a_number_sign_are_no_comments(tmp_path: Path) -> None:
    given_names = [f"#{i}" for i in range(CELLS)]
    table().set_axis(given_names).to_csv(tmp_path / "a.csv", index_label="cell")
    assert list(found(tmp_path / "a.csv").obs_names) == given_names


def test_r_leaves_out_the_name_of_the_row_names(tmp_path: Path) -> None:
    for separator in ("\t", " ", ",", ";"):
        text = table(FRACTIONS).to_csv(sep=separator, quoting=2).partition(separator)[2]
        (tmp_path / "a.txt").write_text(text)
        assert "row names without a name" in str(agrees(tmp_path / "a.txt", FRACTIONS).uns)


def test_an_empty_last_column_is_left_out_and_said(tmp_path: Path) -> None:
    header, *rows = table().to_csv().splitlines()
    for first in (header, header + ","):  # Excel writes it in rows alone, too
        (tmp_path / "a.csv").write_text("\n".join([first, *(row + "," for row in rows)]))
        assert "An empty last column is left out" in notes_of(agrees(tmp_path / "a.csv"))[0]


def test_rows_and_columns_of_nothing_are_left_out_and_said(tmp_path: Path) -> None:
    text = table().assign(remarks=np.nan).to_csv()
    (tmp_path / "a.csv").write_text(text + "," * (GENES + 2) + "\n")
    assert notes_of(agrees(tmp_path / "a.csv")) == [
        "Rows that hold nothing are left out: 1.",
        "Columns that hold nothing are left out: remarks.",
    ]


def test_quoted_names_hold_separators_and_line_ends(tmp_path: Path) -> None:
    names = ["a,b", 'say "x"', "two\nlines", "semi;colon", "tab\there", "plain"]
    for separator in (",", ";", "\t"):
        table().set_axis([*names, "kind"], axis="columns").to_csv(tmp_path / "a.csv", sep=separator)
        adata = found(tmp_path / "a.csv")
        assert list(adata.var_names) == names
        np.testing.assert_array_equal(adata.X, COUNTS)


def test_a_line_that_names_the_separator_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\n" + table(FRACTIONS).to_csv(sep=";", decimal=","))
    agrees(tmp_path / "a.csv", FRACTIONS)


def test_latin_1_is_read_where_it_begins_late(tmp_path: Path) -> None:
    names = [f"cell number {i:060d}" for i in range(3000)]
    kinds = ["B"] * 2999 + ["Größe"]
    big = pd.DataFrame({"gene0": 1, "gene1": 2, "kind": kinds}, index=names)
    big.to_csv(tmp_path / "a.csv", encoding="latin-1")
    adata = found(tmp_path / "a.csv")
    assert list(adata.obs["kind"])[-1] == "Größe"
    assert "LATIN-1" in notes_of(adata)[0]


# What is not certain is refused


@pytest.mark.parametrize("row", [1, 20, CELLS])
@pytest.mark.parametrize("more", [True, False])
def test_lines_of_another_length_are_named(tmp_path: Path, row: int, more: bool) -> None:
    lines = table().to_csv().splitlines()
    lines[row] = lines[row] + ",1" if more else lines[row].rpartition(",")[0]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    sentence = refused(tmp_path / "a.csv")
    assert f"line {row + 1} has {GENES + 2 + (1 if more else -1)} fields" in sentence
    assert "comma-separated" in sentence


def test_a_file_cut_off_in_a_line_is_refused(tmp_path: Path) -> None:
    text = table().to_csv()
    (tmp_path / "a.csv").write_text(text[:-12])
    assert f"line {CELLS + 1} has" in refused(tmp_path / "a.csv")


@pytest.mark.parametrize("values", [COUNTS, FRACTIONS])
def test_a_table_without_a_header_is_refused(tmp_path: Path, values: Any) -> None:
    for index in (True, False):
        table(values, label=False).to_csv(tmp_path / "a.csv", header=False, index=index)
        assert "has no header" in refused(tmp_path / "a.csv", label=None)
    table(values).to_csv(tmp_path / "a.csv", header=False)
    assert "has no header" in refused(tmp_path / "a.csv", label=None)


@pytest.mark.parametrize("names", [[100.5, 101.25, 300, 301, 302.75, 900], [2, 7, 9, 12, 13, 1000]])
def test_masses_and_identifiers_are_a_header(tmp_path: Path, names: list[float]) -> None:
    table(FRACTIONS, label=False).set_axis(names, axis="columns").to_csv(
        tmp_path / "a.csv", index_label="sample"
    )
    assert found(tmp_path / "a.csv", label=None).n_vars == GENES


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("# nothing but this\n", "is empty"),
        ("cell;g1;g2\n", "no cells"),
        ("cell\na\nb\n", "one field each"),
        ("Report of May\n,g1,g2\na,1,2\nb,3,4\n", "first line has 1 field, those below have 3"),
        ("cell;g1;g2\na;1,5;2.5\nb;3,5;4.5\n", "decimal comma (1,5) and others with a point"),
        ("cell;g1;g2\na;1,500;2\nb;3,500;4\n", "which may be 1500 or 1.500"),
        ("cell,g1,\na,1,2\nb,3,4\n", "column 3 has no name"),
        ("cell,g1\na,5%\nb,6%\n", "no column of numbers to use as features: column g1 holds '5%'"),
        ('cell,g1,g2\na,1,2\n"b,3,4\nc,5,6\n', "never closed"),
        ("cell;g1;g1\na;1;2\nb;3;4\n", "two columns 'g1'"),
        ("cell,g1\na,1\n,2\n", "is empty in row 2"),
    ],
)
def test_what_is_not_certain_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert says in refused(tmp_path / "a.csv", label=None)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(bytes(range(256)) * 20)
    assert "is no text" in refused(tmp_path / "a.csv")
    with zipfile.ZipFile(tmp_path / "b.csv", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert "Excel workbook" in refused(tmp_path / "b.csv")


@settings(max_examples=60)
@given(
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.binary(max_size=3), st.integers(0, 20)),
        min_size=1,
        max_size=4,
    ),
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_a_spoilt_text_is_read_or_refused_with_one_sentence(
    tmp_path_factory: pytest.TempPathFactory,
    edits: list[tuple[float, bytes, int]],
    separator: str,
    encoding: str,
) -> None:
    content = table().to_csv(sep=separator).encode(encoding)
    for where, new, lost in edits:
        place = int(where * len(content))
        content = content[:place] + new + content[place + lost :]
    path = tmp_path_factory.mktemp("spoilt") / "a.csv"
    path.write_bytes(content)
    with suppress(DataError):
        found(path, label=None)
        return
    refused(path, label=None)
