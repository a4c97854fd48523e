"""A results folder has one writer: real processes that live, stand still, die, or are elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from holders import claiming, holding
from omicsbench.errors import StoreError
from omicsbench.owned import owner
from omicsbench.records import claim
from omicsbench.records.claim import CLAIM_FILE, LEASE_S, claimed

no_locks = pytest.mark.parametrize("lockless", [False, True], ids=["locks", "no locks"])


@pytest.fixture
def locks(lockless: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them, as on some network file systems."""
    if lockless:

        def flock(handle: int, how: int) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(fcntl, "flock", flock)


@no_locks
@pytest.mark.usefixtures("locks")
def test_a_living_holder_is_not_disturbed(tmp_path: Path, lockless: bool) -> None:
    with holding(claiming(tmp_path), lockless=lockless) as first:
        said = f"is being filled by `omicsbench run first`, process {first.pid} on "
        with pytest.raises(StoreError, match=said), claimed(tmp_path, "second"):
            pass
        first.send_signal(signal.SIGSTOP)
        time.sleep(0.1)
        with pytest.raises(StoreError, match=said), claimed(tmp_path, "second"):
            pass


@no_locks
@pytest.mark.usefixtures("locks")
def test_a_dead_holder_has_lost_the_folder_at_once(tmp_path: Path, lockless: bool) -> None:
    with holding(claiming(tmp_path), lockless=lockless) as first:
        first.kill()
        first.wait()
    assert (tmp_path / CLAIM_FILE).exists(), "it could not clear up"
    with claimed(tmp_path, "second"):
        assert (tmp_path / CLAIM_FILE).stat().st_size
    assert not list(tmp_path.iterdir()), "whoever ends in peace leaves nothing"


def test_within_one_process_too(tmp_path: Path) -> None:
    with (
        claimed(tmp_path, "first"),
        pytest.raises(StoreError, match="filled by `first`"),
        claimed(tmp_path, "second"),
    ):
        pass
    with claimed(tmp_path, "third"):
        pass


def _left_by_another_machine(folder: Path, silent_s: float) -> None:
    far = owner.this_process("omicsbench run far").model_copy(
        update={"machine": "elsewhere", "host": "elsewhere"}
    )
    path = folder / CLAIM_FILE
    path.write_text(far.model_dump_json())
    os.utime(path, (time.time() - silent_s,) * 2)


def test_another_machine_is_known_by_its_heartbeat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _left_by_another_machine(tmp_path, LEASE_S - 30)
    said = r"`omicsbench run far`.* on elsewhere.*heard of \d+ s ago.*try again in (29|30) s"
    with pytest.raises(StoreError, match=said), claimed(tmp_path, "near"):
        pass
    _left_by_another_machine(tmp_path, LEASE_S + 1)
    with claimed(tmp_path, "near"):
        assert "is taken over from `omicsbench run far`" in capsys.readouterr().err


def test_a_heartbeat_is_a_touch_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "BEAT_S", 0.05)
    with claimed(tmp_path, "first"):
        os.utime(tmp_path / CLAIM_FILE, (0, 0))
        _wait_for(lambda: (tmp_path / CLAIM_FILE).stat().st_mtime > 0)


@pytest.mark.parametrize("taken", [True, False], ids=["taken over", "removed"])
def test_who_has_lost_a_folder_notices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    """As after hours in which the machine slept, and another took the folder over."""
    monkeypatch.setattr(claim, "BEAT_S", 0.05)
    with claimed(tmp_path, "first") as first:
        if taken:
            _left_by_another_machine(tmp_path, 0)
        else:
            (tmp_path / CLAIM_FILE).unlink()
        assert first.lost.wait(10)
        said = "is now filled by `omicsbench run far`" if taken else "was removed"
        assert said in str(first.error())
    assert (tmp_path / CLAIM_FILE).exists() is taken, "the other's claim stands"


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def test_without_locks_the_last_of_two_at_once_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(seconds: float) -> None:
        _left_by_another_machine(tmp_path, 0)

    monkeypatch.setattr(claim, "lock", lambda handle: None)
    monkeypatch.setattr(time, "sleep", too_late)
    with pytest.raises(StoreError, match="filled by `omicsbench run far`"), claimed(tmp_path, "x"):
        pass
    assert json.loads((tmp_path / CLAIM_FILE).read_text())["host"] == "elsewhere"


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000, '{"pid": 1e400}', "\ud800"])
def test_a_damaged_claim_of_nobody_is_no_obstacle(tmp_path: Path, content: str) -> None:
    (tmp_path / CLAIM_FILE).write_bytes(content.encode(errors="surrogatepass"))
    with claimed(tmp_path, "first"):
        pass


@pytest.mark.parametrize("kind", ["folder", "fifo", "link"])
def test_what_is_no_file_is_one_sentence(tmp_path: Path, kind: str) -> None:
    path = tmp_path / CLAIM_FILE
    target = tmp_path / "precious"
    target.write_text("x")
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
    with pytest.raises(StoreError, match="Cannot write"), claimed(tmp_path, "first"):
        pass
    assert target.read_text() == "x"
