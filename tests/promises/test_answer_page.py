"""docs/answer.md says what the committed records say."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from experiments import experiment
from omicsbench.reporting.exports import verdicts_markdown

DESCRIPTION = "{http://purl.org/dc/elements/1.1/}description"


@pytest.mark.slow
def test_every_table_of_the_answer_is_made_from_the_committed_records() -> None:
    made, put = experiment("answer_page"), experiment("into_docs").with_table
    evidence = experiment("answer_evidence")
    text = {path: path.read_text(encoding="utf-8") for path in (made.PAGE, made.README)}
    tables = made.tables()
    assert set(made.IN_README) < set(tables)
    page = {name: text[made.page_of(name)] for name in tables}
    differ = [name for name, table in tables.items() if put(page[name], name, table) != page[name]]
    assert not differ, "renew them: python tests/experiments/answer_page.py --write"
    for suite in made.SUITES:
        if found := evidence.evidence_of(suite):
            written = evidence.RESULTS / suite / "verdicts.md"
            of_records = _matrix(verdicts_markdown(found.verdicts, (), found.kind_of))
            assert _matrix(written.read_text(encoding="utf-8")) == of_records, suite
    for name in ("answer_picture", "answer_curves"):
        picture = experiment(name)
        assert picture.figures()
        assert _told(picture.FILE) == picture.figures(), f"python tests/experiments/{name}.py"


def _matrix(page: str) -> str:
    """Which side is ahead, by data set and metric."""
    return page.partition("## Deep against simple")[2].partition("## Every verdict")[0]


def _told(picture: Path) -> str | None:
    """The figures that a picture has beside its drawing."""
    return ElementTree.parse(picture).getroot().findtext(f".//{DESCRIPTION}")
