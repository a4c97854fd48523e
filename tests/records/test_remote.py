"""Results under an address: put, fetched, put again, contradicted, cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import builders
from command import inside
from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.address import Address
from omicsbench.records.decode import decode
from omicsbench.records.embeddings import has_embedding, write_embedding
from omicsbench.records.ids import digest
from omicsbench.records.packing import pack
from omicsbench.records.planned import planned_records, read_plan, write_plan
from omicsbench.records.remote import Moved, pull, push, put_record, put_run
from omicsbench.records.spec import Cause, RunRecord, Status
from s3_server import Bucket, bucket

__all__ = ["bucket"]
MANY = 400


def run(repeat: int = 0, score: float = 0.5, **changes: Any) -> RunRecord:
    told: dict[str, Any] = {"scores": {"knn_recall": score}}
    if changes.get("status", Status.OK) is not Status.OK:
        told = {"reason": "it failed"}
    return builders.record(builders.spec(repeat=repeat), **(told | changes))


def folder_of(
    folder: Path, *records: RunRecord, part: str = "", suite: dict[str, Any] | None = None
) -> Path:
    store.open_folder(folder)
    for record in records:
        store.write_record(folder, record)
    keys = [record.key for record in records]
    text = json.dumps({"name": "s", "analysis": {}} | (suite or {}))
    write_plan(folder, text, keys, f"omicsbench run {folder.name}", part=part)
    return folder


@pytest.fixture(params=["file", "memory", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        return str(request.getfixturevalue("bucket").address)
    return f"file://{tmp_path}/there" if request.param == "file" else f"memory://{uuid.uuid4()}"


def test_results_go_there_and_back(address: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", run(0), run(1), run(2, status=Status.TIMEOUT))
    Z = np.zeros((3, 2), dtype=np.float32)
    name = write_embedding(folder, run(0).key, {"test": (Z, None), "train": (Z, None)})
    assert push(folder, address) == Moved(3, 3, 0)
    assert push(folder, address) == Moved(3, 0, 0), "putting again changes nothing"
    back = tmp_path / "back"
    assert pull(address, back) == Moved(3, 3, 0)
    assert pull(address, back) == Moved(3, 0, 0)
    assert planned_records(back) == planned_records(folder)
    assert read_plan(back) == read_plan(folder)
    assert has_embedding(back, name, "test")
    assert has_embedding(back, name, "train")


def test_a_packed_folder_is_put_like_a_loose_one(address: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", run(0), run(1))
    records = store.read_records(folder)
    pack(folder)
    push(folder, address)
    pull(address, tmp_path / "back")
    assert store.read_records(tmp_path / "back") == records


def test_parts_that_were_put_to_one_address_are_one_suite(address: str, tmp_path: Path) -> None:
    push(folder_of(tmp_path / "a", run(0), run(1), part="1of2"), address)
    second = folder_of(tmp_path / "b", run(2), part="2of2")
    keys = [run(2).key, run(3).key]
    write_plan(second, '{"name": "s", "analysis": {}}', keys, "second", part="2of2")
    push(second, address)
    assert pull(address, tmp_path / "back") == Moved(3, 3, 1)
    records, missing, others = planned_records(tmp_path / "back")
    assert ({r.key for r in records}, missing, others) == ({run(i).key for i in range(3)}, 1, 0)


def test_parts_that_are_judged_by_other_rules_are_not_joined(tmp_path: Path) -> None:
    address = f"memory://{uuid.uuid4()}"
    push(folder_of(tmp_path / "a", run(0), part="1of2"), address)
    rules = {"analysis": {"margins": {"knn_recall": 0.5}}}
    push(folder_of(tmp_path / "b", run(1), part="2of2", suite=rules), address)
    with pytest.raises(StoreError, match=r"plan-1of2\.json.*judged by other rules"):
        pull(address, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_another_result_of_the_same_run_is_told_and_replaces_none(
    address: str, tmp_path: Path
) -> None:
    push(folder_of(tmp_path / "a", run(0, 0.5)), address)
    other = folder_of(tmp_path / "b", run(0, 0.6), run(1))
    with pytest.raises(StoreError, match=r"other scores .*knn_recall 0\.5 and 0\.6"):
        push(other, address)
    with pytest.raises(StoreError, match="other scores"):
        pull(address, other)
    assert store.stored(other)[run(0).key].scores == {"knn_recall": 0.6}
    pull(address, tmp_path / "back")
    found = {r.key: r.scores["knn_recall"] for r in store.read_records(tmp_path / "back")}
    assert found == {run(0).key: 0.5, run(1).key: 0.5}, "all others were put"


def test_a_run_that_was_repeated_takes_the_place_of_its_failure(
    address: str, tmp_path: Path
) -> None:
    failed = run(0, status=Status.CRASHED, started_at="2026-01-01T00:00:00+00:00")
    push(folder_of(tmp_path / "a", failed), address)
    push(folder_of(tmp_path / "b", run(0)), address)
    assert push(tmp_path / "a", address).new == 0, "a failure replaces nothing that is finished"
    assert pull(address, tmp_path / "a") == Moved(1, 1, 0)
    assert store.stored(tmp_path / "a")[failed.key].status is Status.OK


def test_only_a_finished_run_replaces_a_record_at_an_address(address: str, tmp_path: Path) -> None:
    old, new = (
        run(0, status=Status.CRASHED, started_at=f"2026-01-0{day}T00:00:00+00:00") for day in (1, 2)
    )
    there = Address(address)
    name = f"runs/{old.key}.json"
    assert put_record(there, old, tmp_path)
    seen = there.read([name])[name]
    assert not put_record(there, new, tmp_path), "a later failure"
    assert put_record(there, run(0, 0.5), tmp_path, seen)
    with pytest.raises(StoreError, match="other scores"):  # and not by what was seen before
        put_record(there, run(0, 0.6), tmp_path, seen)
    assert not put_record(there, new, tmp_path, seen)
    assert decode(there.read([name])[name], name).scores == {"knn_recall": 0.5}


def test_a_run_that_was_tried_replaces_one_that_was_set_aside(address: str, tmp_path: Path) -> None:
    there = Address(address)
    done = run(0, 0.5)
    tried = done.model_copy(update={"status": Status.TIMEOUT, "reason": "slow", "scores": {}})
    aside = tried.model_copy(update={"status": Status.SKIPPED, "cause": Cause.SET_ASIDE})
    assert put_record(there, aside, tmp_path)
    assert put_record(there, tried, tmp_path)
    assert not put_record(there, aside, tmp_path)


def test_pictures_are_put_before_the_record_that_says_the_run_is_done(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", run(0))
    Z = np.zeros((3, 2), dtype=np.float32)
    write_embedding(folder, run(0).key, {"test": (Z, None), "train": (Z, None)})
    address = f"memory://{uuid.uuid4()}"
    Address(address).create(f"runs/{run(0).key}.json", run(0, 0.6).model_dump_json().encode())
    with pytest.raises(StoreError, match="other scores"):
        put_run(Address(address), run(0), folder)
    assert Address(address).names("embeddings") == {
        f"embeddings/{run(0).key}{part}.npy" for part in ("", ".train")
    }


def test_a_folder_keeps_what_it_had_planned_itself(address: str, tmp_path: Path) -> None:
    push(folder_of(tmp_path / "a", run(0), part="1of2"), address)
    own = folder_of(tmp_path / "own", run(1), part="2of2")
    for new in (1, 0):
        assert pull(address, own) == Moved(1, new, 0)
        plan = read_plan(own)
        assert set(plan.runs or ()) == {run(0).key, run(1).key}
        assert plan.part == ""
        assert plan.command.count("omicsbench pull") == 1
    rules = {"analysis": {"margins": {"knn_recall": 0.5}}}
    other = folder_of(tmp_path / "other", run(2), suite=rules)
    with pytest.raises(StoreError, match="judged by other rules"):
        pull(address, other)
    assert set(store.stored(other)) == {run(2).key}


def test_the_plan_of_another_suite_is_not_replaced(address: str, tmp_path: Path) -> None:
    push(folder_of(tmp_path / "a", run(0)), address)
    other = folder_of(tmp_path / "b", run(1), suite={"name": "t"})
    with pytest.raises(StoreError, match=r"plan of the suite s, not of t; give each suite"):
        push(other, address)
    assert pull(address, tmp_path / "back") == Moved(1, 1, 0), "no record was put either"


def test_plans_of_another_division_do_not_stay_beside(address: str, tmp_path: Path) -> None:
    half = folder_of(tmp_path / "half", run(0), part="1of2")
    push(half, address)
    with pytest.raises(StoreError, match=r"plan-1of2\.json divides the suite otherwise"):
        push(folder_of(tmp_path / "third", run(1), part="1of3"), address)
    push(folder_of(tmp_path / "whole", run(0), run(1)), address)
    plans = {name for name in Address(address).names("") if name.startswith("plan")}
    assert plans == {"plan.json"}, "its runs are all of those of the parts"
    push(half, address)
    assert plans == {name for name in Address(address).names("") if name.startswith("plan")}
    rules = {"analysis": {"margins": {"knn_recall": 0.5}}}
    changed = folder_of(tmp_path / "new", run(0), part="1of2", suite=rules)
    with pytest.raises(StoreError, match=r"plan\.json divides the suite otherwise"):
        push(changed, address)


def test_the_first_look_of_a_suite_whose_parts_are_there_is_planned_there(tmp_path: Path) -> None:
    address = f"memory://{uuid.uuid4()}"
    for i in (0, 1):
        push(folder_of(tmp_path / str(i), run(i), run(i + 2), part=f"{i + 1}of2"), address)
    push(folder_of(tmp_path / "look", run(0), run(1), suite={"repeats": 1}), address)
    assert pull(address, tmp_path / "back") == Moved(4, 4, 0)
    assert Address(address).names("") >= {"plan-1of2.json", "plan-2of2.json"}
    assert "plan.json" not in Address(address).names("")


def test_what_others_have_put_beside_is_left_alone(address: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", run(0), run(1))
    address = f"{address}/x[0-9]*"
    push(folder, address)
    for name in ("runs/[a]?.json", "runs/notes.json", "plan-b.json", "embeddings/*.npy"):
        Address(address).create(name, b"not ours")
    assert push(folder, address) == Moved(2, 0, 0)
    assert pull(address, tmp_path / "back") == Moved(2, 2, 0)


def test_all_records_are_looked_at_before_one_is_written(tmp_path: Path) -> None:
    address = f"memory://{uuid.uuid4()}"
    push(folder_of(tmp_path / "a", run(0)), address)
    content = json.loads(run(1).model_dump_json())
    # A key that is that of the spec as it is written, and not of the spec as it is read.
    content["spec"]["size"] = str(content["spec"]["size"])
    content["key"] = digest(content["spec"])
    Address(address).create(f"runs/{content['key']}.json", json.dumps(content).encode())
    with pytest.raises(StoreError, match=rf"{content['key']}\.json holds the record of another"):
        pull(address, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_damaged_records_of_a_folder_are_told(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", run(0), run(1))
    (folder / "runs" / f"{run(0).key}.json").write_text("{")
    done = inside("push", folder, f"file://{tmp_path}/there")
    assert done.returncode == 1
    assert f"1 of the records in {folder} cannot be read" in done.stderr
    assert done.stderr.count("\n") == 1
    assert Address(f"file://{tmp_path}/there").names("runs") == {f"runs/{run(1).key}.json"}


def test_a_damaged_object_is_named(tmp_path: Path) -> None:
    address = f"memory://{uuid.uuid4()}"
    push(folder_of(tmp_path / "a", run(0)), address)
    Address(address).replace(f"runs/{run(0).key}.json", b'{"key":')
    with pytest.raises(StoreError, match=rf"{run(0).key}\.json is not a run record"):
        pull(address, tmp_path / "back")


def test_the_command_line_says_what_it_did(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", run(0))
    done = inside("push", folder, f"file://{tmp_path}/there")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 runs" in done.stdout
    done = inside("pull", f"file://{tmp_path}/there", tmp_path / "back")
    assert (done.returncode, done.stderr) == (0, "")
    done = inside("pull", f"file://{tmp_path}/nowhere", tmp_path / "none")
    assert done.returncode == 2
    assert "holds no run records" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_push_that_is_killed_leaves_whole_records(bucket: Bucket, tmp_path: Path) -> None:
    _killed_push(bucket.address, tmp_path)


def test_a_push_to_a_folder_that_is_killed_leaves_whole_records(tmp_path: Path) -> None:
    _killed_push(f"file://{tmp_path}/there", tmp_path)


def _settled(there: Address) -> set[str]:
    """The names of stored records, once a server has put what it had been sent."""
    before = None
    while (names := there.names("runs")) != before:
        before = names
        time.sleep(1)
    return names


def _killed_push(address: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", *map(run, range(MANY)))
    there = Address(address)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "omicsbench", "push", str(folder), address],
        env=os.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not there.names("runs") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was killed while it put"
    found = there.read(_settled(there))
    assert 0 < len(found) < MANY
    for name, content in found.items():
        assert decode(content, name).status is Status.OK
    assert push(folder, address) == Moved(MANY, MANY - len(found), 0)
    pull(address, tmp_path / "back")
    assert store.read_records(tmp_path / "back") == store.read_records(folder)
