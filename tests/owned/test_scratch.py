"""Temporary folders: what killed processes leave is removed, what living ones have is not."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holders import holding
from omicsbench.owned.owner import read_owner
from omicsbench.owned.scratch import OWNER_FILE, remove_stale, scratch

BLOCK = "scratch('test')"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("lockless", [False, True], ids=["locks", "no locks"])
def test_only_what_the_dead_left_is_removed(
    place: Path, monkeypatch: pytest.MonkeyPatch, lockless: bool
) -> None:
    if lockless:

        def flock(handle: int, how: int) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(fcntl, "flock", flock)
    with holding(BLOCK, lockless=lockless), holding(BLOCK, lockless=lockless) as dead:
        both = set(place.iterdir())
        assert len(both) == 2
        left = next(f for f in both if _pid(f) == dead.pid)
        (left / "deep").mkdir()
        (left / "deep" / "file").write_text("x" * 1000)
        dead.kill()
        dead.wait()
        with scratch("next") as own:
            assert set(place.iterdir()) == both - {left} | {own}
    assert left.exists() is False


def _pid(folder: Path) -> int:
    owner = read_owner(folder / OWNER_FILE)
    assert owner
    return owner.pid


def test_one_that_stands_still_lives(place: Path) -> None:
    with holding(BLOCK) as still:
        still.send_signal(signal.SIGSTOP)
        assert remove_stale(place) == []


def test_what_is_not_ours_stays(place: Path) -> None:
    """Another machine's in a shared folder, what says nothing of its owner, what only looks so."""
    with holding(BLOCK) as dead:
        dead.kill()
    (far,) = place.iterdir()
    owner = read_owner(far / OWNER_FILE)
    assert owner
    (far / OWNER_FILE).write_text(owner.model_copy(update={"machine": "far"}).model_dump_json())
    (place / "omicsbench-notes").mkdir()
    (place / "omicsbench-link").symlink_to(far)
    (place / "omicsbench-file").write_text("mine")
    os.mkfifo(place / "omicsbench-notes" / OWNER_FILE)
    before = set(place.iterdir())
    assert remove_stale(place) == []
    assert set(place.iterdir()) == before


def test_what_works_on_in_a_folder_of_the_dead_is_ended(place: Path) -> None:
    with holding(BLOCK) as dead:
        (folder,) = place.iterdir()
        sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
        inside, outside = (
            subprocess.Popen(sleep, env=os.environ | {"TMPDIR": str(at)}, start_new_session=True)
            for at in (folder / "job", place)
        )
        dead.kill()
        dead.wait()
    time.sleep(0.1)  # their environments are known once they have begun
    try:
        assert remove_stale(place) == [folder]
        assert inside.wait(10) == -signal.SIGKILL
        assert outside.poll() is None
    finally:
        inside.kill()
        outside.kill()
        inside.wait()
        outside.wait()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user, whom permissions bind")
def test_what_a_method_made_unreadable_goes_too(place: Path) -> None:
    place.chmod(0o777)
    for parent in place.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    code = """
import os
from omicsbench.owned.owner import this_process
from omicsbench.owned.scratch import scratch
this_process("loads what it needs while it may")
os.setuid(65534)
with scratch("test") as folder:
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c").write_text("x")
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0)
    folder.chmod(0o500)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    assert list(place.iterdir()) == []


def test_a_full_disk_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "ftruncate", full)
    with pytest.raises(OSError, match="No space left"), scratch("test"):
        pass
    assert list(place.iterdir()) == []
