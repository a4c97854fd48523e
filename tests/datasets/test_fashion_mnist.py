"""Pictures of clothes, on small files of the same layout."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from downloads import load
from idx_files import clothes, idx
from stand_ins import refused, stand_in


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))


def test_pictures_of_both_parts_with_their_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "fashion_mnist", clothes())
    adata = load("fashion_mnist")
    assert adata.shape == (40, 784)
    assert adata.X.dtype == np.float32
    parts = [np.random.default_rng(n).integers(0, 256, (n, 784)) for n in (30, 10)]
    np.testing.assert_array_equal(adata.X, np.concatenate(parts), "row by row")
    assert list(adata.var_names[27:29]) == ["pixel_0_27", "pixel_1_0"]
    assert adata.obs["part"].value_counts().to_dict() == {"train": 30, "t10k": 10}
    assert list(adata.obs["kind"][29:32]) == ["Ankle boot", "T-shirt/top", "Trouser"]


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("train_images", b"", "no IDX file"),
        ("train_images", b"no archive", "cannot be read"),
        ("train_images", idx(np.zeros((30, 28, 28)))[:-9], "cannot be read"),
        ("train_images", gzip.compress(b"<html>gone</html>"), "no IDX file"),
        ("train_images", idx(np.zeros((30, 14, 56))), "no IDX file"),
        ("train_images", idx(np.zeros(30)), "no IDX file"),
        ("train_images", gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 9])), "no IDX file"),
        ("t10k_labels", idx(np.zeros(9)), "one class, 0 to 9, a picture"),
        ("t10k_labels", idx(np.full(10, 10)), "one class, 0 to 9, a picture"),
        ("t10k_labels", gzip.compress(gzip.decompress(idx(np.zeros(10)))[:-1]), "too early"),
    ],
)
def test_other_files_of_pictures_are_refused(
    file: str, content: bytes, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, "fashion_mnist", clothes(**{file: content}))
    sentence = refused("fashion_mnist")
    assert says in sentence
    assert file.split("_")[0] in sentence
