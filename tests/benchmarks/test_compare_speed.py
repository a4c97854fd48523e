"""How long two results folders of 20,000 records in all take to be read and compared.

``make bench`` measures; without it this is a plain test, on 2,000 of them, that it works.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stored import copies

from omicsbench.records import store
from omicsbench.records.planned import planned_records
from omicsbench.tracking.compare import Alarm, compare_records

STORED = Path(__file__).parents[2] / "results" / "answer"
PAIRS = 10_000


def test_compare(benchmark: Any, tmp_path: Path) -> None:
    pairs = PAIRS if benchmark.enabled else 1_000
    for side, begun in (("base", "2026-01-01"), ("head", "2026-01-02")):
        store.open_folder(tmp_path / side)
        for record in copies(store.read_records(STORED), pairs):
            text = record.model_copy(update={"started_at": begun}).model_dump_json()
            (tmp_path / side / "runs" / f"{record.key}.json").write_text(text)

    def both() -> int:
        sides = [planned_records(tmp_path / side)[0] for side in ("base", "head")]
        found = compare_records(*sides)
        assert found.alarm is Alarm.NONE
        return len(found.changes)

    count = benchmark.pedantic(both, rounds=3 if benchmark.enabled else 1)
    assert count > pairs / 2
    benchmark.extra_info["records"], benchmark.extra_info["comparisons"] = 2 * pairs, count
