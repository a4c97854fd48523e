"""A disk that is full or cannot be written is one sentence, and costs nothing that is done."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo import demo
from omicsbench.records import store
from omicsbench.records.spec import Status
from watched import Watched

SUITE = """
name = "small"
pipelines = ["pca"]
repeats = 6
n_components = 2
metrics = ["knn_recall"]
threads = 1
jobs = 2
[[datasets]]
name = "linear_control(n=300)"
sizes = [50, 70, 100]
"""
RUNS = 6 * 3
LIMIT_S = 300.0
Disk = Callable[[int], Path]
Tell = Callable[[str, str, str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Makes small disks, of so many kilobytes; only root may."""
    made: list[Path] = []

    def make(kilobytes: int) -> Path:
        place = tmp_path / f"disk{len(made)}"
        place.mkdir()
        options = f"size={kilobytes}k,mode=0777"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("disks of a chosen size can be mounted by root on Linux only")
        made.append(place)
        return place

    yield make
    for place in made:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _run(folder: Path, out: Path) -> tuple[int, str]:
    (folder / "small.toml").write_text(SUITE)
    return _said(Watched(folder, "run", folder / "small.toml", "--out", out, "--no-report"))


def _said(command: Watched) -> tuple[int, str]:
    """Exit code and words of a command that leaves no process and no temporary file."""
    try:
        code = command.wait(LIMIT_S)
        assert "Traceback" not in command.words(), command.words()
        assert command.left() == []
        if command.temporary.is_dir():
            assert command.files() == []
        return code, command.words()
    finally:
        command.end()


def _tell(tell: Tell, what: str, found: str) -> None:
    tell(f"a full disk for {what}", "1", found)


def _fill(place: Path, but: int) -> Path:
    """Fill a disk up but for so many kilobytes; returns the file to delete."""
    ballast = place / "ballast"
    free = shutil.disk_usage(place).free - but * 1024
    ballast.write_bytes(bytes(max(0, free)))
    return ballast


def _whole(out: Path) -> int:
    """Runs that are done; all files are whole, and nothing else is there."""
    records = store.stored(out)
    assert {path.name for path in (out / "runs").iterdir()} == {f"{k}.json" for k in records}
    assert {record.status for record in records.values()} <= {Status.OK}
    return len(records)


def test_a_full_disk_for_records(tmp_path: Path, disk: Disk, tell: Tell) -> None:
    place = disk(400)
    ballast = _fill(place, but=60)
    code, words = _run(tmp_path, place / "out")
    assert code == 2, words
    assert "disk is full" in words
    done = _whole(place / "out")
    assert 0 < done < RUNS
    kept = {path: path.stat().st_mtime_ns for path in (place / "out" / "runs").iterdir()}
    ballast.unlink()
    code, words = _run(tmp_path, place / "out")
    assert code == 0, words
    assert _whole(place / "out") == RUNS
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "done once"
    _tell(tell, "the records", "one sentence, exit code 2; the rest is done later")


@pytest.mark.slow
@pytest.mark.parametrize("free", [0, 8, 200])
def test_a_full_disk_for_temporary_files(tmp_path: Path, disk: Disk, tell: Tell, free: int) -> None:
    place = disk(1000)
    ballast = _fill(place, but=free)
    (tmp_path / "tmp").symlink_to(place)
    try:
        code, words = _full_scratch(tmp_path)
    finally:
        ballast.unlink()
    assert code == 0 or "disk" in words or "No space left" in words, words
    code, words = _run(tmp_path, tmp_path / "out")
    assert code == 0, words
    assert _whole(tmp_path / "out") == RUNS, "nothing was set aside for it"
    _tell(tell, f"temporary files, with {free} kB left", "told or done without; later all is done")


def _full_scratch(folder: Path) -> tuple[int, str]:
    (folder / "small.toml").write_text(SUITE)
    command = Watched(folder, "run", folder / "small.toml", "--out", folder / "out", "--no-report")
    try:
        code = command.wait(LIMIT_S)
        assert "Traceback" not in command.words(), command.words()
        assert command.left() == []
        assert command.files() == ["ballast"]
        return code, command.words()
    finally:
        command.end()


@pytest.mark.slow
@pytest.mark.parametrize("free", [0, 100])
def test_a_full_disk_for_prepared_data(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, tell: Tell, free: int
) -> None:
    place = disk(1000)
    ballast = _fill(place, but=free)
    monkeypatch.setenv("OMICSBENCH_CACHE", str(place / "cache"))
    code, words = _run(tmp_path, tmp_path / "out")
    assert code == 2, words
    assert len(words.strip().splitlines()[-1]) > 20
    ballast.unlink()
    code, words = _run(tmp_path, tmp_path / "out")
    assert code == 0, words
    _tell(tell, f"prepared data, with {free} kB left", "one sentence, exit code 2; done later")


@pytest.mark.slow
@pytest.mark.parametrize("command", ["report", "export"])
def test_a_full_disk_for_pages_and_tables(
    tmp_path: Path, disk: Disk, tell: Tell, command: str
) -> None:
    place, out = disk(20_000), store.open_folder(tmp_path / "out")
    for record in demo(out):
        store.write_record(out, record)
    words = {"report": ["--out", place / "page.html"], "export": [place / "table.csv"]}[command]
    target = Path(words[-1])
    code, said = _said(Watched(tmp_path, command, out, *words))
    assert code == 0, said
    before, names = target.read_bytes(), sorted(place.iterdir())
    ballast = _fill(place, but=8)
    code, said = _said(Watched(tmp_path, command, out, *words))
    assert code == 2, said
    assert "disk is full" in said
    ballast.unlink()
    assert target.read_bytes() == before, "the one before is kept whole"
    assert sorted(place.iterdir()) == names
    _tell(tell, f"what `{command}` writes", "one sentence, exit code 2; the file before is kept")


@pytest.mark.slow
def test_a_folder_that_cannot_be_written(tmp_path: Path, disk: Disk, tell: Tell) -> None:
    place = disk(2000)
    code, words = _run(tmp_path, place / "out")
    assert code == 0, words
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    code, words = _said(Watched(tmp_path, "report", place / "out", "--out", tmp_path / "page.html"))
    assert code == 0, words
    code, words = _said(Watched(tmp_path, "report", place / "out"))
    assert code == 2, words
    code, words = _run(tmp_path, place / "other")
    assert code == 2, words
    assert "permission denied" in words.lower()
    assert _whole(place / "out") == RUNS
    tell("a disk that became read-only", "1", "`report` reads it; who writes says one sentence")
