"""BibTeX of methods and data: what they declare, and nothing that would break a file."""

from __future__ import annotations

from pathlib import Path

from demo import DATASETS, EVIL, demo
from omicsbench.registry.cited import declared
from omicsbench.reporting import write_report
from omicsbench.reporting.cite import Cited, bibtex


def test_a_doi_an_address_and_words() -> None:
    text = bibtex(
        [
            Cited("pca", "method", "Principal axes, 100 % exact.", "https://doi.org/10.1080/144"),
            Cited("own", "method", "", "https://x.org/a_b"),
            Cited("d", "data set", "Cells.", "A. Author, a lecture, 2023"),
        ]
    )
    assert text.count("@misc{") == 3
    assert "doi = {10.1080/144}" in text
    assert "title = {pca: Principal axes, 100 \\% exact.}" in text
    assert "url = {https://x.org/a_b}" in text
    assert "howpublished = {A. Author, a lecture, 2023}" in text


def test_hostile_names_end_no_field_and_no_two_keys_are_alike() -> None:
    text = bibtex(
        [Cited(f"a{sign}b", "method", "}}, evil = {\\", "https://x.org/}{ ") for sign in "}{,@"]
    )
    assert text.count("{") - text.count("\\{") == text.count("}") - text.count("\\}")
    keys = [line for line in text.splitlines() if line.startswith("@")]
    assert len(set(keys)) == 4
    assert bibtex([]) == ""


def test_methods_declare_their_sources() -> None:
    found = declared(["pca(50) > umap", "nobody(3)", "a > > b", "module.x:Net(2)"])
    assert set(found) == {"pca", "umap"}
    assert found["pca"].source.startswith("https://doi.org/")


def test_the_page_and_a_file_hold_the_references(tmp_path: Path) -> None:
    records = demo(tmp_path, {"digits": DATASETS["digits"]})[:40]
    page = write_report(
        records,
        tmp_path,
        tmp_path / "a.html",
        command="",
        methods={"pca": ("Axes.", "https://doi.org/10.1/y"), "evil": (EVIL, EVIL)},
    ).page
    file = (tmp_path / "references.bib").read_text(encoding="utf-8")
    assert "doi = {10.1/y}" in file
    assert "doi = {10.1/x}" in file, "of the data set"
    text = page.read_text(encoding="utf-8")
    assert "doi = {10.1/y}" in text
    assert "references.bib" in text
    assert "<script>alert" not in text
