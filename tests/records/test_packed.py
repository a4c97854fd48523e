"""Packed results say what the loose ones said, in a file whose diff can be read."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

import builders
from omicsbench.errors import StoreError
from omicsbench.records import disk, packed, store
from omicsbench.records.decode import NewerRecord
from omicsbench.records.packed import FORMAT, PACKED_FILE, SHARED
from omicsbench.records.packing import pack
from omicsbench.records.planned import planned_records
from omicsbench.records.spec import SCHEMA_VERSION, RunRecord, RunSpec, Status
from omicsbench.tracking.sides import read_side


def record(size: int = 10, pipeline: str = "p", **more: Any) -> RunRecord:
    spec = builders.spec(
        pipeline=pipeline,
        pipeline_id="2",
        size=size,
        scored_in_sample=5,
        metrics=("knn_recall", "ari"),
    )
    facts = {"environment": {"cpu": "ü", "cores": 2}, "dataset_info": {"name": "d"}}
    scores = {"knn_recall": 0.1 + 0.2 + size / 3e7, "ari": 1e-17}
    told: dict[str, Any] = {"status": Status.OK, "scores": scores} | facts
    return builders.record(spec, **(told | more))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = store.open_folder(tmp_path / "out")
    for size, pipeline in itertools.product((10, 20, 100), ("p", "q")):
        store.write_record(made, record(size, pipeline))
    return made


def lines(folder: Path) -> list[str]:
    return (folder / PACKED_FILE).read_text(encoding="utf-8").splitlines()


def test_packing_changes_no_record_and_leaves_one_file(folder: Path) -> None:
    before = store.read_records(folder)
    done = pack(folder)
    assert (done.runs, done.removed) == (6, 6)
    assert store.loose_files(folder) == []
    assert store.read_records(folder) == before
    assert store.stored(folder) == {r.key: r for r in before}
    shutil.rmtree(folder / "runs")
    assert planned_records(folder) == (before, 0, 0)
    assert read_side(str(folder), "any").records == before


def test_packing_is_the_same_bytes_in_any_order_and_again(folder: Path) -> None:
    pack(folder)
    text = (folder / PACKED_FILE).read_bytes()
    assert pack(folder).removed == 0
    assert (folder / PACKED_FILE).read_bytes() == text
    found = [content for _, content in packed.decode_lines(text.splitlines(), "x")]  # type: ignore[misc]
    random.Random(0).shuffle(found)
    assert packed.encode(found) == text


def test_shared_facts_stand_once_and_runs_are_sorted(folder: Path) -> None:
    pack(folder)
    content = [json.loads(line) for line in lines(folder)]
    assert content[0] == {"packed": FORMAT}
    shared = [line for line in content if "shared" in line]
    assert [line["shared"] for line in shared] == ["dataset_info", "environment", "metrics"]
    runs = content[1 + len(shared) :]
    order = [(run["spec"]["pipeline"], run["spec"]["size"]) for run in runs]
    assert order == [("p", 10), ("p", 20), ("p", 100), ("q", 10), ("q", 20), ("q", 100)]
    assert {run["environment"] for run in runs} == {shared[1]["id"]}


def test_rooms_are_shared_and_leave_no_trace_where_none_was_measured(folder: Path) -> None:
    before = record(10)
    assert "rooms" not in before.model_dump()
    assert '"rooms"' not in before.model_dump_json()
    for size in (30, 40):
        store.write_record(folder, record(size, rooms={"knn_recall": (0.01, 0.5)}))
    found = store.read_records(folder)
    pack(folder)
    assert store.read_records(folder) == found
    assert sum(line.startswith('{"shared":"rooms"') for line in lines(folder)) == 1


def test_what_is_shared_is_a_field_of_a_record() -> None:
    for *parents, name in SHARED:
        assert name in (RunSpec if parents else RunRecord).model_fields


def test_loose_records_win_and_are_merged(folder: Path) -> None:
    pack(folder)
    before = lines(folder)
    changed, new = record(20, scores={"ari": 0.5}), record(30, environment={"cpu": "b"})
    for one in (changed, new):
        store.write_record(folder, one)
    expected = store.stored(folder)
    assert len(expected) == 7
    assert expected[changed.key] == changed
    assert pack(folder).removed == 2
    assert store.stored(folder) == expected
    added = [line for line in lines(folder) if line not in before]
    assert len(added) == 3, "a diff: the changed run, the new one, and its environment"
    assert len([line for line in before if line not in lines(folder)]) == 1


def test_a_finished_run_that_is_packed_is_not_replaced_by_a_failure(folder: Path) -> None:
    pack(folder)
    failed = record(20, status=Status.ERROR, scores={}, reason="x")
    assert store.write_record(folder, failed) == folder / PACKED_FILE
    assert store.stored(folder)[failed.key].status is Status.OK
    store.write_record(folder, record(40, status=Status.ERROR, scores={}, reason="x"))
    pack(folder)
    store.write_record(folder, record(40))
    assert store.stored(folder)[record(40).key].status is Status.OK, "a failure by a finished run"


def test_a_damaged_line_is_named_and_counts_as_not_done(folder: Path) -> None:
    pack(folder)
    whole = lines(folder)
    lost = json.loads(whole[-1])["key"]
    for damage in (
        whole[-1][:50],
        "<<<<<<< HEAD",
        "[]",
        '"x"',
        '{"key": 1}',
        '{"schema_version": 2, "spec": {}}',
    ):
        (folder / PACKED_FILE).write_text("\n".join([*whole[:-1], damage]), encoding="utf-8")
        for reader in (store.read_records, pack):
            with pytest.raises(StoreError, match=rf"Line {len(whole)} of .*{PACKED_FILE}.*restore"):
                reader(folder)
        with pytest.raises(StoreError, match=f"Line {len(whole)} of"):
            read_side(str(folder), "any")
        assert store.stored(folder).keys() == {r["key"] for r in map(json.loads, whole[4:-1])}
        assert store.readable(folder)[1] == 1
    invalid = json.loads(whole[-1]) | {"family": "strange"}
    (folder / PACKED_FILE).write_text("\n".join([*whole[:-1], json.dumps(invalid)]))
    with pytest.raises(StoreError, match=r"Line \d+ of .*family.*restore it, or delete the line"):
        store.read_records(folder)
    # Without a line that runs share, none of these runs can be read.
    (folder / PACKED_FILE).write_text("\n".join([*whole[:1], *whole[2:]]), encoding="utf-8")
    with pytest.raises(StoreError, match="Line 4 of"):
        store.read_records(folder)
    assert store.stored(folder) == {}
    assert lost


def test_what_a_newer_omicsbench_packed_is_told(folder: Path) -> None:
    pack(folder)
    whole = lines(folder)
    newer = json.loads(whole[-1]) | {"schema_version": SCHEMA_VERSION + 1}
    for text in ([*whole[:-1], json.dumps(newer)], [json.dumps({"packed": FORMAT + 1})]):
        (folder / PACKED_FILE).write_text("\n".join(text), encoding="utf-8")
        for reader in (store.read_records, store.stored, pack):
            with pytest.raises(NewerRecord, match="update omicsbench"):
                reader(folder)


def test_nothing_is_removed_unless_the_packed_file_is_whole(folder: Path) -> None:
    kept = store.loose_files(folder)
    kept[0].write_text("{")
    with pytest.raises(StoreError, match="delete it"):
        pack(folder)
    assert store.loose_files(folder) == kept
    assert not (folder / PACKED_FILE).exists()
    with pytest.raises(StoreError, match="no run records"):
        pack(store.open_folder(folder.parent / "empty"))
    with pytest.raises(StoreError, match="no results folder"):
        pack(folder.parent / "none")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_on_a_full_disk_nothing_is_packed_and_nothing_lost(folder: Path) -> None:
    kept = store.read_records(folder)
    name = f".{PACKED_FILE}.{socket.gethostname()}.{os.getpid()}.tmp"
    (folder / name).symlink_to("/dev/full")
    with pytest.raises(StoreError, match="disk is full"):
        pack(folder)
    assert len(store.loose_files(folder)) == 6
    assert store.read_records(folder) == kept


def test_a_run_done_again_while_packing_stays(folder: Path, monkeypatch: Any) -> None:
    again = record(20, scores={"ari": 0.5})
    encode = packed.encode

    def meanwhile(contents: Any) -> bytes:
        path = folder / "runs" / f"{again.key}.json"
        disk.write(path, again.model_dump_json().encode())  # by one that heeds no claim
        return encode(contents)

    monkeypatch.setattr(packed, "encode", meanwhile)
    pack(folder)
    assert [path.stem for path in store.loose_files(folder)] == [again.key]
    assert store.stored(folder)[again.key] == again
