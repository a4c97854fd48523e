"""Records of the schema before are read: what their words told is told by their cause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import builders
from omicsbench.records import store
from omicsbench.records.spec import SCHEMA_VERSION, Cause, RunRecord, Status

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "results").glob("*/plan.json"))
LIMITS = {"timeout_s": 3.0, "memory_bytes": 1e9}
SPEC = builders.spec(pipeline_id="2", scored_in_sample=5)


def _read(folder: Path, **old: Any) -> RunRecord:
    """A record of schema 2, as it was written, read back."""
    record = builders.record(SPEC, family="deep")
    content = json.loads(record.model_dump_json()) | {"schema_version": 2, "limits": LIMITS} | old
    del content["cause"]
    path = store.open_folder(folder) / "runs" / f"{SPEC.key}.json"
    path.write_text(json.dumps(content))
    return store.read_record(path)


@pytest.mark.parametrize(
    ("status", "reason", "cause"),
    [
        ("timeout", "exceeded its time limit of 3 s", None),
        ("timeout", "exceeded its time limit of 3 s while warming up", Cause.WARM_UP),
        ("timeout", "exceeded its time limit of 300 s while starting up", Cause.START_UP),
        ("skipped", "timeout already while warming up", Cause.WARM_UP),
        ("skipped", "crashed already while starting up", Cause.START_UP),
        ("skipped", "out_of_memory already at the smaller size 100", Cause.SMALLER_SIZE),
        ("skipped", "predicted to exceed its time limit of 3 s: about 9 s", Cause.PREDICTED),
        ("crashed", "the process was killed by SIGTERM", Cause.SIGNAL),
        ("crashed", "the process was killed by SIGKILL, perhaps by the system", Cause.SIGNAL),
        ("crashed", "the process was killed by SIGSEGV", None),
        ("error", "ValueError: predicted to exceed (a.py:1)", None),
        ("ok", None, None),
    ],
)
def test_the_words_of_schema_2_become_a_cause(
    tmp_path: Path, status: str, reason: str | None, cause: Cause | None
) -> None:
    record = _read(tmp_path, status=status, reason=reason)
    assert (record.cause, record.reason, record.status) == (cause, reason, status)
    assert record.schema_version == SCHEMA_VERSION


def test_a_run_of_schema_2_without_limits_could_not_run(tmp_path: Path) -> None:
    record = _read(tmp_path, status="skipped", reason="needs torch", limits={})
    assert record.cause is Cause.CANNOT_RUN


def test_an_older_record_that_is_written_again_has_the_present_schema(tmp_path: Path) -> None:
    record = _read(tmp_path, status="skipped", reason="timeout already while warming up")
    path = store.write_record(tmp_path, record)
    assert json.loads(path.read_text())["schema_version"] == SCHEMA_VERSION
    assert store.read_record(path) == record


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_committed_records_keep_their_keys(folder: Path) -> None:
    for record in store.read_records(folder):
        assert record.dataset_info.n_cells
        assert record.spec.key == record.key
        told = record.status is Status.OK or record.cause or record.exceeded
        assert told, "no committed run ended in a way that its schema cannot tell"
