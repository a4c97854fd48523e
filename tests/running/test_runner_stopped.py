"""A suite that is stopped from outside keeps what is done, leaves no process, and resumes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from command import inside
from omicsbench.records import store
from omicsbench.records.spec import Status


def _words(tmp_path: Path, bad_plugins: Path, *pipelines: str) -> list[str]:
    return [
        "run",
        "quick",
        "--only",
        "--no-report",
        "--sizes",
        "30,40,130",
        "--plugins",
        str(bad_plugins),
        "--out",
        str(tmp_path),
        "--set",
        "n_components=2",
        "--metrics",
        "knn_recall",
        "--repeats",
        "2",
        "--jobs",
        "1",
        *(f"-m{pipeline}" for pipeline in pipelines),
    ]


def _start(*given: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "omicsbench", *_words(*given)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def _wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _hanging(folder: Path) -> bool:
    """All of `good` is done, and of the other what comes before it hangs at 130 rows."""
    statuses = [r.spec.pipeline for r in store.stored(folder).values() if r.status is Status.OK]
    return sum("hangs" in pipeline for pipeline in statuses) >= 4


def _workers(driver: int) -> list[int]:
    """Processes that run methods for this driver."""
    import psutil

    children = psutil.Process(driver).children(recursive=True)
    return [p.pid for p in children if "omicsbench.running.worker" in " ".join(p.cmdline())]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_suite_keeps_what_is_done_and_resumes(
    tmp_path: Path, bad_plugins: Path, number: signal.Signals
) -> None:
    process = _start(tmp_path, bad_plugins, "good", "hangs_when_large")
    try:
        _wait_for(lambda: _hanging(tmp_path))
        workers = _workers(process.pid)
        assert workers
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    if number is not signal.SIGKILL:
        assert process.returncode == 130
        assert "Traceback" not in errors
        assert "the same command goes on from there" in errors
    _wait_for(lambda: not any(_alive(pid) for pid in workers), 10)
    done = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").glob("*.json")}
    assert len(done) > 4, "finished runs are kept"
    again = inside(*_words(tmp_path, bad_plugins, "good"))
    assert again.returncode == 0, again.stderr
    assert "0 runs to do" in again.stderr, "what was finished is not done again"
    assert {p: p.stat().st_mtime_ns for p in done} == done


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
