"""A protocol is fixed once, and what deviates from it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import builders
from omicsbench.errors import StoreError
from omicsbench.planning.freezing import freeze
from omicsbench.planning.suite import dump, make_suite
from omicsbench.records.frozen import FROZEN_FILE, FrozenProtocol, deviations, read_frozen
from omicsbench.records.planned import Plan
from omicsbench.records.spec import RunRecord
from omicsbench.registry.discover import discover
from omicsbench.reporting.frozen_note import frozen_note
from omicsbench.verdict.rules import rules

SUITE = make_suite({"name": "mine", "pipelines": ["pca", "random_embedding"]})
PLAN = Plan(suite=json.loads(dump(SUITE)))


@pytest.fixture
def frozen(tmp_path: Path) -> FrozenProtocol:
    return freeze(SUITE, discover(), rules(), tmp_path)


def record(frozen: FrozenProtocol, name: str = "pca(10)", **changes: str) -> RunRecord:
    given = {"pipeline_id": frozen.pipelines.get(name, "1"), "started_at": "2999-01-01T00:00:00Z"}
    given |= changes
    made = builders.spec(pipeline=name, pipeline_id=given["pipeline_id"])
    return builders.record(made, started_at=given["started_at"])


def test_nothing_deviates_from_what_was_frozen(frozen: FrozenProtocol, tmp_path: Path) -> None:
    assert read_frozen(tmp_path) == frozen
    assert set(frozen.pipelines) == {"pca(10)", "random_embedding(10)"}
    assert deviations(frozen, PLAN, [record(frozen)], rules()) == []


def test_it_is_frozen_once(frozen: FrozenProtocol, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="frozen once"):
        freeze(SUITE, discover(), rules(), tmp_path)
    assert read_frozen(tmp_path) == frozen


def test_every_deviation_is_told(frozen: FrozenProtocol) -> None:
    other = Plan(suite=PLAN.suite | {"repeats": 3})
    laxer = rules() | {"level": 0.1}
    records = [
        record(frozen, pipeline_id="2"),
        record(frozen, "umap(10)"),
        record(frozen, started_at="1999-01-01T00:00:00Z"),
    ]
    assert deviations(frozen, other, records, laxer) == [
        "repeats of the suite was changed",
        "level of the rules was changed",
        "1 runs were started before it was frozen",
        "the code of pca(10) was changed",
        "umap(10) was no contestant",
    ]


def test_an_edited_file_is_told(frozen: FrozenProtocol, tmp_path: Path) -> None:
    path = tmp_path / FROZEN_FILE
    path.write_text(path.read_text().replace('"level": 0.05', '"level": 0.5'))
    edited = read_frozen(tmp_path)
    assert edited is not None
    said = deviations(edited, PLAN, [], rules())
    assert said[0] == "the frozen file itself was edited after it was frozen"
    path.write_text("{")
    with pytest.raises(StoreError, match="restore it from where it was committed"):
        read_frozen(tmp_path)


def test_a_report_says_so(frozen: FrozenProtocol, tmp_path: Path) -> None:
    (said,) = frozen_note(tmp_path, [record(frozen, pipeline_id="2")])
    assert frozen.hash in said
    assert "the code of pca(10) was changed" in said
    assert frozen_note(tmp_path / "elsewhere", []) == []
