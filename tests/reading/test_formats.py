"""What is of no format that is read is refused with what to do."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from omicsbench.errors import DataError
from omicsbench.inputs.source import own
from omicsbench.reading.formats import ELSEWHERE, FORMATS, content_digest, file_digest, format_of
from omicsbench.reading.own import OwnData

README = Path(__file__).parents[2] / "README.md"


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        own(OwnData(path))
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("suffix", [suffix for suffixes in ELSEWHERE for suffix in suffixes])
def test_formats_of_others_are_refused_with_what_to_do(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix.upper()}"
    path.write_bytes(b"PK")
    assert re.search(r"which is not read: (save|write|load|unpack|make) ", refused(path))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.xlsx", "save the sheet as CSV"),
        ("a.rds", "zellkonverter"),
        ("a.npz", r"omicsbench.run(data=...)"),
        ("a.gz", "unpack it"),
        ("a.nonsense", ".h5ad, "),
        ("a", ".h5ad, "),
        ("a.zarr", "copy the whole folder"),
        ("a.mtx", "has no features.tsv or genes.tsv"),
    ],
)
def test_what_to_do_fits_the_file(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / name).write_bytes(b"")
    assert says in refused(tmp_path / name)


def test_folders_are_refused_by_what_they_hold(tmp_path: Path) -> None:
    assert "it holds no data" in refused(tmp_path)
    (tmp_path / "a.csv").write_text("g\n1\n")
    (tmp_path / "notes.docx").write_text("")
    assert "it holds a.csv" in refused(tmp_path)
    assert "notes" not in refused(tmp_path)


def test_the_folder_one_is_in_has_its_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "pbmc" / "outs"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    for path, name in ((".", "outs"), ("..", "pbmc"), ("../outs/", "outs")):
        one = OwnData(Path(path))
        assert one.title == one.called == one.stem == name


def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert "neither a file nor a folder" in refused(tmp_path / "a.csv")


def test_the_id_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    """Results are stored under ids made of it: they would be lost with another."""
    path = tmp_path / "a.csv"
    path.write_text("g\n1\n")
    assert content_digest(path, format_of(path)) == file_digest(path)
    assert own(OwnData(path)).identity[:2] == ["file", file_digest(path)]


def test_the_readme_names_every_format() -> None:
    text = README.read_text(encoding="utf-8")
    plain = {suffix.removesuffix(".gz") for suffix in FORMATS}
    assert {suffix for suffix in plain if f"`{suffix}`" not in text} <= {".mtx"}
    assert "matrix.mtx" in text
