"""Two suites on one results folder: one has it, the other is refused; the dead leave nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from command import Cli
from gated import GATED
from omicsbench.api import load, pack
from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.claim import CLAIM_FILE

SUITE = """
pipelines = ["gated(2)"]
repeats = 2
metrics = ["knn_recall"]
threads = 1
datasets = [{ name = "linear_control(n=300)", sizes = [30, 120] }]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "gated.py").write_text(GATED)
    (tmp_path / "suite.toml").write_text(SUITE)
    (tmp_path / "scratch").mkdir()
    return tmp_path


def _words(place: Path, *more: str) -> list[str]:
    words = ["run", str(place / "suite.toml"), "--plugins", str(place / "plugins"), "--no-report"]
    return [*words, "--out", str(place / "out"), *more]


def _variables(place: Path) -> dict[str, str]:
    return os.environ | {"GATE": str(place / "gate"), "TMPDIR": str(place / "scratch")}


@pytest.fixture
def first(place: Path) -> subprocess.Popen[str]:
    """A driver that stands before its gate."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "omicsbench", *_words(place)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_variables(place),
    )
    _wait_for(lambda: len(store.loose_files(place / "out")) == 2, process)
    return process


def _wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _left(place: Path) -> list[Path]:
    return list((place / "scratch").iterdir())


def test_the_second_is_refused_while_the_first_lives(
    place: Path, first: subprocess.Popen[str], cli: Cli
) -> None:
    before = store.stored(place / "out")
    try:
        refused = cli(*_words(place), env=_variables(place))
        assert refused.returncode == 2
        assert f"is being filled by `omicsbench run {place}/suite.toml" in refused.stderr
        assert f"process {first.pid} on" in refused.stderr
        assert "Traceback" not in refused.stderr
        with pytest.raises(StoreError, match=f"process {first.pid} on"):
            pack(place / "out")
        assert len(load(place / "out").drop_duplicates("key")) == 2, "readers are never refused"
        assert store.stored(place / "out") == before
        (place / "gate").touch()
        said = first.communicate(timeout=120)[0]
    finally:
        first.kill()
    assert first.returncode == 0
    assert "Runs: 4 ok" in said
    assert not (place / "out" / CLAIM_FILE).exists()
    assert not _left(place)


def test_what_a_killed_one_left_is_taken_over_and_cleared(
    place: Path, first: subprocess.Popen[str], cli: Cli
) -> None:
    first.send_signal(signal.SIGKILL)
    first.communicate()
    before = {path: path.read_bytes() for path in store.loose_files(place / "out")}
    assert len(before) == 2
    assert _left(place), "a killed process clears nothing"
    (place / "gate").touch()
    second = cli(*_words(place), env=_variables(place))
    assert second.returncode == 0, second.stderr
    assert "2 runs to do, 2 done" in second.stderr
    assert {path: path.read_bytes() for path in before} == before
    assert not _left(place)
