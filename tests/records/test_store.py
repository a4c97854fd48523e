"""Records survive: atomic, readable, told apart when old, new or broken."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from pydantic import ValidationError

import builders
from damage import IN_PLACE, place
from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.planned import PLAN_FILE, read_plan, write_plan
from omicsbench.records.spec import SCHEMA_VERSION, RunRecord, RunSpec, Status

SPEC = builders.spec(pipeline_id="2", scored_in_sample=5)


def _record(spec: RunSpec = SPEC) -> RunRecord:
    return builders.record(spec)


def test_a_record_reads_back_the_same(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path / "results")
    record = _record().model_copy(update={"scores": {"knn_recall": 0.1 + 0.2}, "notes": ("ü",)})
    store.write_record(folder, record)
    assert store.read_records(folder) == [record]
    assert [p.name for p in (folder / "runs").iterdir()] == [f"{record.key}.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"size": 11},
        {"pipeline": "q"},
        {"pipeline_id": "x"},
        {"dataset_id": "x"},
        {"repeat": 1},
        {"device": "cuda"},
        {"seed": 1},
        {"threads": 2},
        {"features": 5},
        {"metrics": ("ari",)},
    ],
)
def test_whatever_defines_a_run_changes_its_key(change: dict[str, object]) -> None:
    assert SPEC.model_copy(update=change).key != SPEC.key


def test_records_are_immutable_and_checked() -> None:
    with pytest.raises(ValidationError):
        _record().status = Status.ERROR  # type: ignore[misc]
    with pytest.raises(ValidationError):
        RunRecord.model_validate(_record().model_dump() | {"scores": {"knn_recall": float("nan")}})
    with pytest.raises(ValidationError):
        RunSpec.model_validate(SPEC.model_dump() | {"unknown": 1})


def test_older_newer_and_broken_files_are_told_apart(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path)
    path = store.write_record(folder, _record())
    content = json.loads(path.read_text())
    for schema, advice in ((SCHEMA_VERSION + 1, "update omicsbench"), (0, "run the suite again")):
        path.write_text(json.dumps(content | {"schema_version": schema}))
        with pytest.raises(StoreError, match=advice):
            store.read_records(folder)
    path.write_text(path.read_text()[:40])
    with pytest.raises(StoreError, match="delete it"):
        store.read_records(folder)
    assert store.stored(folder) == {}, "a damaged record counts as not done"
    path.write_text(json.dumps(content | {"family": "strange"}))
    with pytest.raises(StoreError, match="family"):
        store.read_records(folder)


def test_half_written_files_are_never_read(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path)
    store.write_record(folder, _record())
    (folder / "runs" / ".abc.json.123.tmp").write_text("{")
    (folder / "runs" / ".abc.json").write_text("{")
    assert len(store.read_records(folder)) == 1


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no results folder"):
        store.read_records(tmp_path / "none")
    with pytest.raises(StoreError, match="no run records"):
        store.read_records(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="in the way"):
        store.open_folder(tmp_path / "file")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path)
    kept = store.write_record(folder, _record())
    other = SPEC.model_copy(update={"repeat": 1})
    # The file written first is a link to the device that is always full.
    (folder / "runs" / f".{other.key}.json.{socket.gethostname()}.{os.getpid()}.tmp").symlink_to(
        "/dev/full"
    )
    with pytest.raises(StoreError, match=r"disk is full.*Finished runs are kept"):
        store.write_record(folder, _record(other))
    assert list((folder / "runs").iterdir()) == [kept]


def test_a_record_is_stored_and_read_under_the_key_of_its_run_alone(tmp_path: Path) -> None:
    """Neither forged keys nor files that were renamed or edited name another run."""
    folder = store.open_folder(tmp_path / "out")
    one, other = builders.record(), builders.record(builders.spec(repeat=1))
    for key in ("../../forged", other.key):
        with pytest.raises(ValueError, match="is not the key of"):
            store.write_record(folder, one.model_copy(update={"key": key}))
    assert not list(tmp_path.rglob("*forged*"))
    path = store.write_record(folder, one)
    renamed = path.with_name(f"{other.key}.json")
    renamed.write_bytes(path.read_bytes())
    edited = path.with_name(f"{'0' * 16}.json")
    edited.write_text(path.read_text().replace(one.key, "0" * 16))
    for misplaced in (renamed, edited):
        with pytest.raises(StoreError, match="holds the record of another run; delete it"):
            store.read_record(misplaced)
    assert store.readable(folder) == ({one.key: one}, 2)
    line = path.read_bytes().replace(one.key.encode(), b"0" * 16)
    (folder / PACKED_FILE).write_bytes(b'{"packed":1}\n' + line)
    assert store.readable(folder) == ({one.key: one}, 3)


def test_one_after_another_they_are_those_that_can_be_read(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path / "results")
    store.write_record(folder, _record())
    broken = folder / "runs" / f"{'0' * 16}.json"
    broken.write_text("{", encoding="utf-8")
    assert list(store.each(folder)) == [_record()]
    broken.write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1}), encoding="utf-8")
    with pytest.raises(StoreError, match="update omicsbench"):
        list(store.each(folder))


@pytest.mark.parametrize("what", ["named pipe", "link to itself", "leads nowhere", "link"])
def test_what_lies_in_the_place_of_a_record_is_replaced(tmp_path: Path, what: str) -> None:
    folder = store.open_folder(tmp_path / "results")
    path, other = folder / "runs" / f"{SPEC.key}.json", tmp_path / "other"
    other.write_text("of somebody else")
    place(path, IN_PLACE.get(what, lambda at: at.symlink_to(other)))
    store.write_record(folder, _record())
    assert store.read_records(folder) == [_record()]
    assert not path.is_symlink()
    assert other.read_text() == "of somebody else"


def test_a_pipe_in_the_place_of_the_plan_is_replaced(tmp_path: Path) -> None:
    place(tmp_path / PLAN_FILE, IN_PLACE["named pipe"])
    write_plan(tmp_path, "{}", ["k"], "run \udcff")
    assert read_plan(tmp_path).runs == ("k",)
