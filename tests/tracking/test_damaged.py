"""Noise floors and histories that are damaged or absurd: one sentence, and no gate is silenced."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from damage import IN_PLACE, TEXTS, Damage, place
from omicsbench.errors import StoreError
from omicsbench.tracking import history
from omicsbench.tracking.follow import follow
from omicsbench.tracking.noise_floor import NOISE_FILE, read_noise
from omicsbench.tracking.sides import compare_stored

STORED = Path(__file__).parents[2] / "results" / "ci"
every_damage = pytest.mark.parametrize(
    "damage", [*IN_PLACE.values(), *TEXTS.values()], ids=[*IN_PLACE, *TEXTS]
)


@every_damage
def test_a_damaged_noise_floor_is_told(damage: Damage | bytes, tmp_path: Path) -> None:
    path = place(tmp_path / NOISE_FILE, damage)
    with pytest.raises(StoreError, match=NOISE_FILE):
        read_noise(path)


@pytest.mark.parametrize(
    "floors",
    [
        {"pca(10)": {"knn_recall": 1e999}},
        {"pca(10)": {"knn_recall": 1.5}},
        {"pca(10)": {"knn_recall": -0.1}},
        {"pca(10)": {"knn_recall": None}},
        {"pca(10)": {"wall_s": 1e300}},
        {"pca(10)": {"reconstruction_r2": 1e300}},
        {"pca(10)": [0.1]},
        [],
        {},
    ],
    ids=json.dumps,
)
def test_no_floor_silences_the_gate(floors: Any, tmp_path: Path) -> None:
    path = tmp_path / NOISE_FILE
    path.write_text(json.dumps({"floors": floors}).replace("Infinity", "1e999"))
    if floors == {}:
        assert read_noise(path) == {}
        return
    with pytest.raises(StoreError, match=r"calibrate again, or name another file with --noise\.$"):
        read_noise(path)


def test_what_lies_beside_the_records_is_no_way_past_the_gate(tmp_path: Path) -> None:
    """In place of a noise floor, a folder must not pass for none."""
    base = tmp_path / "base"
    shutil.copytree(STORED, base)
    for kind in ("folder", "leads nowhere"):
        place(base / NOISE_FILE, IN_PLACE[kind])
        with pytest.raises(StoreError, match=NOISE_FILE):
            compare_stored(str(base), str(base))
        shutil.rmtree(base / NOISE_FILE) if kind == "folder" else (base / NOISE_FILE).unlink()


@every_damage
def test_a_damaged_history_is_told_and_not_written_over(
    damage: Damage | bytes, tmp_path: Path
) -> None:
    path = place(tmp_path / "history.jsonl", damage)
    there = path.lstat().st_mode, path.lstat().st_size
    if damage == b"":
        assert history.read_entries(path) == []
        return
    for add in ([], [STORED]):
        with pytest.raises(StoreError, match=path.name):
            follow(path, add)
    assert (path.lstat().st_mode, path.lstat().st_size) == there


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "yesterday"),
        ("measured", "0001-01-01T00:00:00+23:59"),
        ("commits", 10**400),
        ("schema_version", True),
        ("schema_version", "1"),
        ("machine", []),
        ("cells", {"a": 1}),
    ],
)
def test_an_entry_with_an_absurd_value_is_named(field: str, value: Any, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    follow(path, [STORED], revision="v1")
    (line,) = path.read_text().splitlines()
    path.write_text(line + "\n" + json.dumps(json.loads(line) | {field: value}) + "\n")
    with pytest.raises(StoreError, match=rf"Line 2 of {path} is no history entry"):
        follow(path)


def test_an_infinite_mean_is_named(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    follow(path, [STORED], revision="v1")
    content = json.loads(path.read_text())
    content["cells"][0]["values"]["wall_s"] = [1e999, 0, 1]
    path.write_text(json.dumps(content).replace("Infinity", "1e999") + "\n")
    with pytest.raises(StoreError, match="a number is too large"):
        follow(path)
