"""How long the analysis of 10,000 stored runs takes: read, judged, compared at equal cost, told.

``make bench`` measures; without it this is a plain test, on 1,700 of them, that it works.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stored import copies

from omicsbench.records import store
from omicsbench.records.analysis import Analysis
from omicsbench.records.table import current
from omicsbench.reporting import answer
from omicsbench.reporting.how_many import how_many
from omicsbench.verdict.equal_cost import at_equal_cost
from omicsbench.verdict.judge import verdicts

STORED = Path(__file__).parents[2] / "results" / "answer"
RECORDS = 10_000


def test_analysis(benchmark: Any, tmp_path: Path) -> None:
    number = RECORDS if benchmark.enabled else 3_100
    store.open_folder(tmp_path)
    for record in copies(store.read_records(STORED), number):
        store.write_record(tmp_path, record)

    def analyse() -> int:
        records = store.read_records(tmp_path)
        found = verdicts(records, Analysis(reference="pca"))
        assert at_equal_cost(records)
        assert answer(found, records)
        return len(found)

    count = benchmark.pedantic(analyse, rounds=3 if benchmark.enabled else 1)
    assert count > 0
    benchmark.extra_info["records"], benchmark.extra_info["verdicts"] = number, count


def test_how_many(benchmark: Any) -> None:
    """The samples that contestants need, and their standings: of records at hand."""
    number = RECORDS if benchmark.enabled else 3_100
    records = current(copies(store.read_records(STORED), number))
    found = benchmark.pedantic(
        how_many, (records, Analysis()), rounds=3 if benchmark.enabled else 1
    )
    assert found.own
    assert found.standings
    benchmark.extra_info["records"], benchmark.extra_info["curves"] = number, len(found.own)
