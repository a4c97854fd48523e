"""Reading very many records: what they share is one object, and nothing else about them changes."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from builders import record, spec
from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.decode import from_content
from omicsbench.records.facts import DatasetFacts, Environment, Limits
from omicsbench.records.packing import pack
from omicsbench.records.spec import RunRecord

SHARED = {
    "environment": Environment(cpu="one", cores=2, packages={"numpy": "2"}),
    "dataset_info": DatasetFacts(name="d", label_names=("a", "b")),
    "limits": Limits(timeout_s=1.0, memory_bytes=2.0),
}


@pytest.fixture(params=["loose", "packed"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    store.open_folder(tmp_path)
    for repeat in range(3):
        store.write_record(tmp_path, record(spec(repeat=repeat), **SHARED))
    other = SHARED | {"limits": Limits(timeout_s=1.0, memory_bytes=3.0)}
    store.write_record(tmp_path, record(spec(repeat=3), **other))
    if request.param == "packed":
        pack(tmp_path)
    return tmp_path


def test_equal_parts_are_one_object_and_others_are_not(folder: Path) -> None:
    first, *others = sorted(store.read_records(folder), key=lambda r: r.spec.repeat)
    for name, value in SHARED.items():
        assert getattr(first, name) == value
        assert [getattr(r, name) is getattr(first, name) for r in others[:2]] == [True, True]
    assert others[2].environment is first.environment
    assert others[2].limits == Limits(timeout_s=1.0, memory_bytes=3.0)


def test_a_record_that_was_read_is_the_one_that_was_written(folder: Path) -> None:
    one = store.stored(folder)[spec(repeat=1).key]
    assert one == record(spec(repeat=1), **SHARED)
    changed = one.model_copy(update={"reason": "why"})
    assert "reason" in changed.model_fields_set
    text = one.model_dump_json()
    assert RunRecord.model_validate_json(text).model_dump_json() == text
    assert store.stored(folder)[one.key].model_fields_set == one.model_fields_set


def test_one_after_another_they_are_those_that_are_read_at_once(folder: Path) -> None:
    assert {r.key: r for r in store.each(folder)} == store.stored(folder)


def test_a_part_that_is_not_valid_is_named(folder: Path) -> None:
    content = record(**SHARED).model_dump(mode="json")
    content["environment"]["cores"] = "many"
    with pytest.raises(StoreError, match=r"x is not a valid run record \(environment\.cores: "):
        from_content(content, "x")


def test_the_collector_goes_on_after_reading(folder: Path) -> None:
    store.read_records(folder)
    assert gc.isenabled()
    with pytest.raises(StoreError):
        store.read_records(folder / "runs" / "none")
    assert gc.isenabled()
