"""Files of state that are damaged, absurd, or no files: one sentence, at once, and nothing lost."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import builders
from damage import IN_PLACE, TEXTS, Damage, place
from omicsbench.errors import StoreError
from omicsbench.records import packed, reading, store
from omicsbench.records.packing import pack
from omicsbench.records.planned import PLAN_FILE, read_analysis, read_plan, write_plan
from omicsbench.records.spec import SCHEMA_VERSION

every_damage = pytest.mark.parametrize(
    "damage", [*IN_PLACE.values(), *TEXTS.values()], ids=[*IN_PLACE, *TEXTS]
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two records, and a plan of both."""
    made = store.open_folder(tmp_path / "results")
    keys = [store.write_record(made, builders.record(builders.spec(repeat=r))).stem for r in (0, 1)]
    write_plan(made, json.dumps({"analysis": {}}), keys, "omicsbench run")
    return made


def _said(error: pytest.ExceptionInfo[StoreError], path: Path) -> str:
    text = str(error.value)
    assert path.name in text
    assert text.endswith(".")
    assert len(text) < 400 + 2 * len(str(path))
    return text


@pytest.mark.parametrize("kind", IN_PLACE)
def test_what_is_no_file_is_told_and_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = place(tmp_path / "state.json", IN_PLACE[kind])
    word = {"link to itself": "leads nowhere", "a terabyte": "more than 64 MiB"}.get(kind, kind)
    with pytest.raises(StoreError, match=word):
        reading.read(path)
    told = {"link to itself": "leads nowhere", "a terabyte": "without end"}.get(kind, kind)
    with pytest.raises(StoreError, match=told):
        list(reading.lines(path))
    if kind == "a terabyte":
        assert reading.is_file(path)
        return
    with pytest.raises(StoreError, match=word):
        reading.is_file(path)


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert not reading.is_file(tmp_path / "none")
    for read in (reading.read, lambda path: list(reading.lines(path))):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_somebody_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("{}")
    path.chmod(0)
    with pytest.raises(StoreError, match="permission denied"):
        reading.read(path)


@every_damage
def test_a_damaged_record_is_not_done_and_nothing_else_is_lost(
    damage: Damage | bytes, folder: Path
) -> None:
    first, second = store.loose_files(folder)
    kept = second.read_bytes()
    place(first, damage)
    found, others = store.readable(folder)
    assert (list(found), others) == ([second.stem], 1)
    with pytest.raises(StoreError) as error:
        store.read_records(folder)
    _said(error, first)
    with pytest.raises(StoreError) as error:
        pack(folder)
    _said(error, first)
    assert second.read_bytes() == kept


@every_damage
def test_a_damaged_packed_file_is_told(damage: Damage | bytes, folder: Path) -> None:
    pack(folder)
    path = place(folder / packed.PACKED_FILE, damage)
    with pytest.raises(StoreError) as error:
        store.read_records(folder)
    _said(error, path)
    with pytest.raises(StoreError) as error:
        pack(folder)
    _said(error, path)


@pytest.mark.parametrize("name", sorted(TEXTS.keys() - {"empty"}))
def test_a_damaged_line_loses_no_other(name: str, folder: Path) -> None:
    pack(folder)
    path = folder / packed.PACKED_FILE
    path.write_bytes(path.read_bytes() + TEXTS[name].replace(b"\n", b" ") + b"\n")
    found, others = store.readable(folder)
    assert (len(found), others) == (2, 1)
    with pytest.raises(StoreError, match="Line"):
        store.read_records(folder)


@every_damage
def test_a_damaged_plan_is_told(damage: Damage | bytes, folder: Path) -> None:
    path = place(folder / PLAN_FILE, damage)
    with pytest.raises(StoreError) as error:
        read_plan(folder)
    _said(error, path)
    assert len(store.read_records(folder)) == 2


@pytest.mark.parametrize(
    "plan",
    [
        {"suite": [], "runs": []},
        {"suite": {}, "runs": {"a": 1}},
        {"suite": {}, "runs": [1]},
        {"suite": {}, "command": 3},
        {"suite": {"analysis": {"tolerances": {"score": "much"}}}},
        {"suite": {"analysis": {"price_per_hour": {"cpu": -1}}}},
        {"suite": {"analysis": []}},
    ],
    ids=json.dumps,
)
def test_a_plan_with_a_wrong_type_inside_is_told(plan: dict[str, Any], folder: Path) -> None:
    (folder / PLAN_FILE).write_text(json.dumps(plan))
    with pytest.raises(StoreError) as error:
        read_analysis(folder)
    _said(error, folder / PLAN_FILE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("started_at", "yesterday"),
        ("started_at", "0001-01-01T00:00:00+23:59"),
        ("schema_version", True),
        ("schema_version", float(SCHEMA_VERSION)),
        ("fit_info", {"pca": {"loss": [1e999]}}),
        ("fit_info", {"pca": 10**400}),
        ("scores", {"knn_recall": 1e999}),
        ("phases", {"fit_s": 1e999}),
        ("spec", None),
        ("environment", []),
    ],
)
def test_a_record_with_an_absurd_value_inside_is_not_done(
    field: str, value: object, folder: Path
) -> None:
    path = store.loose_files(folder)[0]
    text = json.dumps(json.loads(path.read_bytes()) | {field: value}).replace("Infinity", "1e999")
    path.write_text(text)
    assert store.readable(folder)[1] == 1
    with pytest.raises(StoreError) as error:
        store.read_records(folder)
    _said(error, path)


def test_what_editors_do_to_a_text_is_no_damage() -> None:
    assert reading.from_toml(b"\xef\xbb\xbfa = 1\r\nb = 'x'\r\n") == {"a": 1, "b": "x"}
    for text in (b"a = " + b"[" * 100_000, "a = 1".encode("utf-16"), b"a = '\xfc'"):
        with pytest.raises(ValueError):
            reading.from_toml(text)
