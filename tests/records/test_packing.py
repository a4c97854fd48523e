"""What packing leaves, byte by byte: pictures, the order of lines, and what counts as stored."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import builders
from omicsbench.errors import StoreError
from omicsbench.records import packed, store
from omicsbench.records.claim import CLAIM_FILE, read_owner
from omicsbench.records.embeddings import PACKED_EMBEDDINGS
from omicsbench.records.ids import digest
from omicsbench.records.packed import PACKED_FILE, find
from omicsbench.records.packing import Packed, pack
from omicsbench.records.planned import planned_records, write_plan
from omicsbench.records.spec import RunRecord, Status, Tuning


def record(repeat: int = 0, **changes: Any) -> RunRecord:
    told: dict[str, Any] = {"scores": {"ari": 0.5}, "environment": {"cpu": "ü"}}
    return builders.record(builders.spec(repeat=repeat), **(told | changes))


def failed(repeat: int = 0, reason: str = "x") -> RunRecord:
    return record(repeat, status=Status.ERROR, reason=reason, scores={})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = store.open_folder(tmp_path / "out")
    for repeat in range(3):
        store.write_record(made, record(repeat))
    return made


def npy(value: float) -> bytes:
    out = io.BytesIO()
    np.save(out, np.array([value]))
    return out.getvalue()


def test_pictures_of_test_cells_are_packed_and_those_of_training_cells_stay(folder: Path) -> None:
    pictures = folder / "embeddings"
    pictures.mkdir()
    for name, value in (("b.npy", 2.0), ("a.npy", 1.0), ("a.train.npy", 3.0), (".c.npy", 4.0)):
        (pictures / name).write_bytes(npy(value))
    assert pack(folder) == Packed(runs=3, arrays=2, removed=5)
    assert sorted(path.name for path in pictures.iterdir()) == [".c.npy", "a.train.npy"]
    (pictures / "b.npy").write_bytes(npy(5.0))
    assert pack(folder) == Packed(runs=3, arrays=2, removed=1)
    with np.load(folder / PACKED_EMBEDDINGS) as arrays:
        assert {name: arrays[name].tolist() for name in arrays} == {"a": [1.0], "b": [5.0]}
    with zipfile.ZipFile(folder / PACKED_EMBEDDINGS) as archive:
        assert archive.namelist() == ["a.npy", "b.npy"]
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0), "the same bytes at any time"
            assert entry.compress_type == zipfile.ZIP_DEFLATED
    assert pack(folder).removed == 0


def test_a_damaged_file_of_pictures_is_told(folder: Path) -> None:
    (folder / PACKED_EMBEDDINGS).write_bytes(b"no zip")
    with pytest.raises(StoreError) as error:
        pack(folder)
    said = f"{folder / PACKED_EMBEDDINGS} is damaged; restore it, or delete it."
    assert str(error.value) == said
    assert len(store.loose_files(folder)) == 3


def test_what_does_not_read_back_as_it_was_meant_is_not_trusted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "encode", lambda contents: b'{"packed":1}\n')
    with pytest.raises(StoreError, match="does not read back as it was written; nothing was"):
        pack(folder)
    assert len(store.loose_files(folder)) == 3


def test_lines_come_by_what_a_run_is_and_what_they_share_before() -> None:
    def content(**spec: Any) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(builders.record(builders.spec(**spec)).model_dump_json())
        return made

    tuned = Tuning(trials=3, metric="ari")
    ordered = [
        content(dataset="a", pipeline="z"),
        content(pipeline="a", size=99),
        content(size=9, repeat=5),
        content(repeat=1, device="cuda"),
        content(repeat=2, device="cpu"),
        content(repeat=2, device="cuda"),
        content(repeat=3),
        content(repeat=3, tuning=tuned),
        content(task="integrate", pipeline="a"),
    ]
    text = packed.encode(ordered[::-1]).decode()
    found = [json.loads(line) for line in text.splitlines()]
    assert [line.get("key") for line in found if "key" in line] == [one["key"] for one in ordered]
    assert found[0] == {"packed": 1}
    shared = [(line["shared"], line["id"]) for line in found if "shared" in line]
    assert shared == sorted(shared)
    assert list(found[1]) == ["shared", "id", "value"]
    assert found[1]["id"] == digest(json.dumps(found[1]["value"], separators=(",", ":")))


def test_a_line_is_compact_text_with_letters_as_they_are(folder: Path) -> None:
    pack(folder)
    text = (folder / PACKED_FILE).read_bytes()
    assert '"cpu":"ü"'.encode() in text
    assert b": " not in text
    assert b", " not in text
    assert text.endswith(b"}\n")
    with pytest.raises(ValueError):
        packed.encode([json.loads(record().model_dump_json()) | {"scores": {"ari": float("nan")}}])


def test_one_packed_run_is_found_by_its_key_alone(folder: Path) -> None:
    kept = store.read_records(folder)
    said = record(7, notes=(f'about "key":"{kept[0].key}"',))
    store.write_record(folder, said)
    assert find(folder / PACKED_FILE, kept[0].key) is None, "there is no such file"
    pack(folder)
    for one in [*kept, said]:
        assert find(folder / PACKED_FILE, one.key) == one
    assert find(folder / PACKED_FILE, "0" * 16) is None
    lines = (folder / PACKED_FILE).read_text().splitlines()
    broken = [line[:-9] if kept[0].key in line and '"notes":[]' in line else line for line in lines]
    (folder / PACKED_FILE).write_text("\n".join(broken))
    assert find(folder / PACKED_FILE, kept[0].key) is None
    assert find(folder / PACKED_FILE, kept[1].key) == kept[1]
    strange = [line.replace('"family":"simple"', '"family":"odd"') for line in lines]
    (folder / PACKED_FILE).write_text("\n".join(strange))
    assert find(folder / PACKED_FILE, kept[0].key) is None


def test_a_packed_number_that_is_none_is_damage(folder: Path) -> None:
    pack(folder)
    text = (folder / PACKED_FILE).read_text()
    damaged = text.replace('"fit_info":{}', '"fit_info":{"loss":NaN}', 1)
    assert damaged != text
    (folder / PACKED_FILE).write_text(damaged)
    with pytest.raises(StoreError, match=r"^Line \d of .* is not a run record \(damaged\?\)"):
        store.read_records(folder)
    assert len(store.stored(folder)) == 2


def test_who_packs_is_named_to_others_meanwhile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = packed.encode

    def meanwhile(contents: Any) -> bytes:
        owner = read_owner(folder / CLAIM_FILE)
        assert owner is not None
        assert owner.command == "omicsbench pack"
        return encode(contents)

    monkeypatch.setattr(packed, "encode", meanwhile)
    assert pack(folder).runs == 3


def test_a_damaged_loose_record_does_not_hide_the_packed_one(folder: Path) -> None:
    before = store.stored(folder)
    pack(folder)
    (key, *_) = before
    (folder / "runs" / f"{key}.json").write_text("{")
    assert store.readable(folder) == (before, 1)
    with pytest.raises(StoreError, match=key):
        store.read_records(folder)


def test_a_failure_replaces_what_is_no_finished_run(folder: Path) -> None:
    path = store.write_record(folder, failed(8, "first"))
    assert path == folder / "runs" / f"{failed(8).key}.json"
    assert store.write_record(folder, failed(8, "second")) == path
    assert store.read_record(path).reason == "second"
    path.write_text("{")
    store.write_record(folder, failed(8, "third"))
    assert store.read_record(path).reason == "third"
    pack(folder)
    assert store.write_record(folder, failed(8, "fourth")) == path
    assert store.stored(folder)[failed(8).key].reason == "fourth"
    assert path.read_bytes().endswith(b"}\n")
    assert store.write_record(folder, record(8)) == path
    assert store.write_record(folder, failed(8)) == path
    assert store.read_record(path).status is Status.OK


def test_records_come_in_the_order_of_their_keys(folder: Path) -> None:
    pack(folder)
    for repeat in (5, 6, 7, 8):
        store.write_record(folder, record(repeat))
    keys = [one.key for one in store.read_records(folder)]
    assert keys == sorted(keys)
    assert len(keys) == 7


def test_opening_a_folder_removes_what_dead_processes_left(folder: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    name = f".a.json.{socket.gethostname()}.{dead.pid}.tmp"
    (folder / "embeddings").mkdir()
    places = [folder, folder / "runs", folder / "embeddings"]
    for place in places:
        (place / name).write_text("{")
    assert store.open_folder(folder) == folder
    assert not any((place / name).exists() for place in places)
    assert len(store.loose_files(folder)) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_when_it_is_opened(folder: Path) -> None:
    (folder / "runs").chmod(0o500)
    with pytest.raises(StoreError, match="permission denied"):
        store.open_folder(folder)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc on this system")
def test_a_folder_in_which_no_file_can_be_made_is_told_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to("/proc")
    with pytest.raises(StoreError, match=f"^Cannot write {tmp_path}"):
        store.open_folder(tmp_path)


def test_whether_a_folder_holds_records(tmp_path: Path, folder: Path) -> None:
    assert not store.holds_records(tmp_path)
    assert store.holds_records(folder)
    pack(folder)
    assert store.holds_records(folder)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.json").write_text("{")
    assert store.holds_records(tmp_path), "readable or not"


def test_a_text_file_is_written_with_its_folder_whatever_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "page.html"
    store.write_text(path, "ü \udcff")
    assert path.read_text(encoding="utf-8") == "ü \\udcff"


def test_the_plan_counts_what_is_missing_and_what_it_leaves_out(folder: Path) -> None:
    records = store.read_records(folder)
    assert planned_records(folder) == (records, 0, 0)
    keys = [records[0].key, "0" * 16, "1" * 16, records[0].key]
    write_plan(folder, '{"name": "s"}', keys, "omicsbench run s")
    assert planned_records(folder) == ([records[0]], 2, 2)
    plan = json.loads((folder / "plan.json").read_text())
    assert plan == {"suite": {"name": "s"}, "command": "omicsbench run s", "runs": keys}
    assert (folder / "plan.json").read_text().endswith("\n}\n")


def test_ids_do_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    assert digest({"a": 1}) == "015abd7f5cc57a2d"
    assert digest([1, 2]) != digest([2, 1])
