"""docs/answer.md says what the committed records say."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import experiment

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_table_of_the_answer_is_made_from_the_committed_records() -> None:
    made, put = experiment("answer_page"), experiment("into_docs").with_table
    page, readme = (path.read_text(encoding="utf-8") for path in (made.PAGE, made.README))
    tables = made.tables(ROOT / "results")
    assert set(made.IN_README) < set(tables)
    differ = [name for name, table in tables.items() if put(page, name, table) != page]
    differ += [name for name in made.IN_README if put(readme, name, tables[name]) != readme]
    assert not differ, "renew them: python tests/experiments/answer_page.py --write"
