"""Keys of the committed records: code may move, but what defines a run stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.records.store import read_records

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("folder", sorted(p.name for p in RESULTS.iterdir() if p.is_dir()))
def test_committed_records_have_their_keys(folder: str) -> None:
    records = read_records(RESULTS / folder)
    assert records
    assert [r.key for r in records if r.spec.key != r.key] == []
