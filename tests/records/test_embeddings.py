"""Pictures' embeddings are plain arrays, in files of their own or packed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from damage import IN_PLACE, place
from omicsbench.errors import StoreError
from omicsbench.records import reading, store
from omicsbench.records.embeddings import (
    PACKED_EMBEDDINGS,
    has_embedding,
    packed_bytes,
    read_embedding,
    write_embedding,
)
from omicsbench.records.packing import pack

RECORD = store.read_records(Path(__file__).parents[2] / "results" / "ci")[0]


def test_embeddings_are_plain_arrays(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {
        part: (
            rng.normal(size=(n, 2)).astype(np.float32),
            rng.integers(-1, 3, n),  # int64: prepared labels may be wider
        )
        for part, n in (("test", 3), ("train", 7))
    }
    name = write_embedding(tmp_path, "k", parts)
    assert name == "embeddings/k.npy"
    for part, file in (("test", "k"), ("train", "k.train")):
        Z, codes = (
            np.load(tmp_path / "embeddings" / f"{file}{end}", allow_pickle=False)
            for end in (".npy", ".labels.npy")
        )
        assert (Z.dtype, codes.dtype) == (np.float32, np.int32)
        assert np.array_equal(Z, parts[part][0])
        assert np.array_equal(codes, parts[part][1])


def test_embeddings_need_no_labels_and_no_training_cells(tmp_path: Path) -> None:
    write_embedding(tmp_path, "k", {"test": (np.zeros((3, 2), np.float32), None)})
    assert [path.name for path in (tmp_path / "embeddings").iterdir()] == ["k.npy"]


def test_packed_pictures_are_read_as_loose_ones(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path)
    rng = np.random.default_rng(0)
    for key in ("a", "b"):
        parts = {
            part: (rng.normal(size=(n, 2)).astype(np.float32), rng.integers(0, 3, n))
            for part, n in (("test", 4), ("train", 9))
        }
        name = write_embedding(folder, key, parts)
        store.write_record(folder, RECORD)
        loose = read_embedding(folder, name, "test")
        assert pack(folder).removed == 3
        assert sorted(path.name for path in (folder / "embeddings").iterdir()) == [
            f"{one}.train{end}"
            for one in ("a", "b")[: ord(key) - 96]
            for end in (".labels.npy", ".npy")
        ], "those of training cells are large, and stay"
        for found, expected in zip(read_embedding(folder, name, "test"), loose, strict=True):
            assert np.array_equal(found, expected)
    assert sorted(np.load(folder / PACKED_EMBEDDINGS)) == ["a", "a.labels", "b", "b.labels"]
    text = (folder / PACKED_EMBEDDINGS).read_bytes()
    assert pack(folder).removed == 0
    assert (folder / PACKED_EMBEDDINGS).read_bytes() == text
    assert has_embedding(folder, name, "test")
    write_embedding(folder, "b", {"test": (np.ones((3, 2), np.float32), None)})
    Z, _ = read_embedding(folder, name, "test")
    assert np.array_equal(Z, np.ones((3, 2))), "loose ones win"


def test_a_damaged_packed_picture_is_a_missing_one(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path)
    name = write_embedding(folder, "a", {"test": (np.zeros((40, 2), np.float32), None)})
    store.write_record(folder, RECORD)
    pack(folder)
    text = (folder / PACKED_EMBEDDINGS).read_bytes()
    for damage in (text[:20], text[:40] + b"?" * 20 + text[60:], b""):
        (folder / PACKED_EMBEDDINGS).write_bytes(damage)
        assert read_embedding(folder, name, "test") == (None, None)
    outside = read_embedding(folder, "../../etc/a.npy", "test")
    assert outside == (None, None)


@pytest.mark.parametrize("kind", IN_PLACE)
def test_what_is_no_file_is_a_missing_picture(kind: str, tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path)
    name = write_embedding(folder, "a", {"test": (np.zeros((40, 2), np.float32), None)})
    place(folder / name, IN_PLACE[kind])
    place(folder / PACKED_EMBEDDINGS, IN_PLACE[kind])
    assert read_embedding(folder, name, "test") == (None, None)
    assert packed_bytes(folder) == {}
    store.write_record(folder, RECORD)
    with pytest.raises(StoreError, match=r"embeddings\.npz|a\.npy"):
        pack(folder)
    assert len(store.loose_files(folder)) == 1


def test_a_picture_that_would_fill_the_memory_is_a_missing_one(tmp_path: Path) -> None:
    folder = store.open_folder(tmp_path)
    with zipfile.ZipFile(folder / PACKED_EMBEDDINGS, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(reading.LARGEST + 1))
    assert read_embedding(folder, "embeddings/a.npy", "test") == (None, None)
    store.write_record(folder, RECORD)
    with pytest.raises(StoreError, match="damaged"):
        pack(folder)
