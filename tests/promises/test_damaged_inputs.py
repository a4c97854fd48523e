"""Damaged files of every format: one sentence or cells, never a traceback or a crash."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import omicsbench
from cohorts import WITHOUT_LABEL, WRITERS, cohort
from omicsbench.reading.formats import FORMATS

FAST, SLOW = 4, 40  # of each format


def _files(path: Path) -> list[Path]:
    found = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sorted(found)


def _damage(rng: np.random.Generator, path: Path) -> None:
    """Cut short, emptied, overwritten, or with some bytes changed."""
    files = _files(path)
    file = files[rng.integers(len(files))]
    content = bytearray(file.read_bytes())
    way = int(rng.integers(4))
    if way == 0:
        content = content[: rng.integers(len(content) + 1)]
    elif way == 1:
        content = bytearray(rng.bytes(300))
    else:
        for place in rng.integers(len(content), size=3 if way == 2 else 30):
            content[place] = rng.integers(256)
    file.write_bytes(bytes(content))


def _walk(suffix: str, folder: Path, count: int) -> None:
    refused = 0
    for number in range(count):
        place = folder / str(number)
        place.mkdir()
        path = place / f"x{suffix}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            WRITERS[suffix](cohort(), path)
            _damage(np.random.default_rng([number, FORMATS_AT[suffix]]), path)
            label = None if suffix in WITHOUT_LABEL else "cell_type"
            found = omicsbench.inspect(path, label=label)
        assert "\n" not in found.refused
        assert found.line or found.refused.endswith(".")
        refused += bool(found.refused)
    assert refused or suffix == ".zarr", "a store has many files that are not read"


FORMATS_AT = {suffix: place for place, suffix in enumerate(FORMATS)}


@pytest.mark.parametrize("suffix", FORMATS)
def test_some_damaged_files(suffix: str, tmp_path: Path) -> None:
    _walk(suffix, tmp_path, FAST)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
def test_many_damaged_files(suffix: str, tmp_path: Path) -> None:
    _walk(suffix, tmp_path, SLOW)
