"""A results folder that is spoilt while a suite fills it: one sentence, and the rest stays."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.runner import RunsMissing, run_suite
from suites import tiny_suite

SUITE = tiny_suite("good(2)")  # four runs


@pytest.fixture(scope="module")
def registry(bad_plugins: Path) -> Registry:
    return discover([bad_plugins])


class _Meddling:
    """Does something to the results folder once two records are there."""

    def __init__(self, meddle: Callable[[], object]) -> None:
        self.meddle = meddle
        self.seen = 0

    def dataset(self, name: str, share: float) -> None: ...

    def start(self, todo: object, done: int) -> None: ...

    def record(self, record: RunRecord) -> None:
        self.seen += 1
        if self.seen == 2:
            self.meddle()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or _call("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place):
        pytest.skip("only root, on Linux, can mount a disk")
    yield place
    _call("umount", "--lazy", place)


def _call(*words: object) -> int:
    return subprocess.run([*map(str, words)], capture_output=True, check=False).returncode


def test_planned_is_counted_against_stored(tmp_path: Path, registry: Registry) -> None:
    def lose_one() -> None:
        store.loose_files(tmp_path)[0].unlink()

    with pytest.raises(RunsMissing, match=r"1 of 4 planned runs have no record in .*same command"):
        run_suite(SUITE, tmp_path, registry=registry, observer=_Meddling(lose_one))
    again = run_suite(SUITE, tmp_path, registry=registry)
    assert [record.status for record in again] == [Status.OK] * 4


def test_a_removed_folder(tmp_path: Path, registry: Registry) -> None:
    out = tmp_path / "out"
    meddling = _Meddling(lambda: shutil.rmtree(out))
    with pytest.raises(StoreError, match="was removed; run the same command again"):
        run_suite(SUITE, out, registry=registry, observer=meddling)
    assert meddling.seen == 2
    assert not out.exists(), "it is not made anew behind the back of whoever removed it"


def test_a_folder_that_becomes_read_only(tmp_path: Path, registry: Registry) -> None:
    runs = tmp_path / "out" / "runs"
    runs.mkdir(parents=True)
    if sys.platform != "linux" or _call("chattr", "+i", runs):
        pytest.skip("only root, on Linux, is bound by nothing but this")
    _call("chattr", "-i", runs)
    try:
        meddling = _Meddling(lambda: _call("chattr", "+i", runs))
        for observer in (meddling, None):
            with pytest.raises(StoreError, match="permission denied"):
                run_suite(SUITE, tmp_path / "out", registry=registry, observer=observer)
        kept = {path: path.read_bytes() for path in store.loose_files(tmp_path / "out")}
        assert len(kept) == 2
    finally:
        _call("chattr", "-i", runs)
    assert len(run_suite(SUITE, tmp_path / "out", registry=registry)) == 4
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_disk_that_goes_away(disk: Path, registry: Registry) -> None:
    meddling = _Meddling(lambda: _call("umount", "--lazy", disk))
    with pytest.raises(StoreError, match="its folder was removed"):
        run_suite(SUITE, disk / "out", registry=registry, observer=meddling)
    assert not list(disk.iterdir()), "nothing is written into the place where it was mounted"
