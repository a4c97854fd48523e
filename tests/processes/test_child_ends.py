"""How a process of the harness is started, asked and heard, and in which words its end is told."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from omicsbench.processes import child as running_child
from omicsbench.processes.child import Child, Lost, Terms
from omicsbench.records.spec import Status

OBEDIENT = """
import os, signal, sys, time
from omicsbench.processes.serving import Served

served = Served(sys.argv[1:])
time.sleep(served.told.get("late_s", 0.0))
for request in served.channel.requests():
    os.write(1, request.get("out", "").encode())
    os.write(2, request.get("err", "").encode())
    if "signal" in request:
        signal.signal(request["signal"], signal.SIG_DFL) if request["signal"] != 9 else None
        os.kill(os.getpid(), request["signal"])
        time.sleep(60)
    if "exit" in request:
        os._exit(request["exit"])
    time.sleep(request.get("sleep_s", 0.0))
    served.channel.reply(
        "done",
        told=served.told,
        length=len(request.get("text", "")),
        environment=dict(os.environ),
        sid=os.getsid(0),
        stdin=os.readlink("/proc/self/fd/0"),
        temporary=os.path.isdir(os.environ["TMPDIR"]),
    )
"""
Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    (tmp_path / "obedient.py").write_text(OBEDIENT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    terms = Terms(tmp_path / "deep" / "scratch", 3, 1 << 30)
    return lambda **told: Child("obedient", told, terms)


def told(child: Child, limit_s: float = 60.0, **request: Any) -> dict[str, Any]:
    child.ask(request)
    return child.message(limit_s)


def end(child: Child, limit_s: float = 60.0, **request: Any) -> Lost:
    with child, pytest.raises(Lost) as lost:
        told(child, limit_s, **request)
    assert str(lost.value) == lost.value.reason
    return lost.value


def test_a_process_has_its_folder_its_threads_and_a_session_of_its_own(
    start: Start, tmp_path: Path
) -> None:
    with start(a=[1, "ü"]) as child:
        folder = child.folder
        assert folder.parent == tmp_path / "deep" / "scratch"
        assert folder.name.startswith("process-")
        found = told(child)
        assert found["told"] == {"a": [1, "ü"]}
        assert found["environment"]["TMPDIR"] == str(folder / "tmp")
        assert found["temporary"]
        assert found["environment"]["OMICSBENCH_OWNER"] == str(folder)
        assert found["environment"]["OMP_NUM_THREADS"] == "3"
        assert found["environment"]["HOME"] == os.environ["HOME"]
        assert found["sid"] == child._process.pid
        assert found["stdin"] == "/dev/null"
        assert psutil.pid_exists(child._process.pid)
    assert not folder.exists()
    assert not psutil.pid_exists(child._process.pid)


@pytest.mark.parametrize(
    ("code", "outside"),
    [
        (0, None),
        (1, None),
        (128 + signal.SIGTERM, "SIGTERM"),
        (128 + signal.SIGINT, "SIGINT"),
        (128 + signal.SIGSEGV, None),
        (255, None),
    ],
)
def test_exit_codes(start: Start, code: int, outside: str | None) -> None:
    lost = end(start(), exit=code)
    assert lost.status is Status.CRASHED
    assert lost.reason == f"the process ended with exit code {code}"
    assert (lost.last, lost.outside) == (": no message", outside)


@pytest.mark.parametrize(
    ("number", "hint", "outside"),
    [
        (signal.SIGKILL, ", perhaps by the system for want of memory", True),
        (signal.SIGXCPU, ", the limit of CPU time (ulimit -t)", True),
        (signal.SIGTERM, "", True),
        (signal.SIGHUP, "", True),
        (signal.SIGQUIT, "", True),
        (signal.SIGUSR1, "", True),
        (signal.SIGUSR2, "", True),
        (signal.SIGSEGV, "", False),
        (signal.SIGABRT, "", False),
    ],
)
def test_signals(start: Start, number: signal.Signals, hint: str, outside: bool) -> None:
    lost = end(start(), signal=int(number))
    assert (lost.status, lost.reason) == (
        Status.CRASHED,
        f"the process was killed by {number.name}",
    )
    assert (lost.last, lost.outside) == (hint, number.name if outside else None)


def test_the_last_line_is_told_wherever_it_was_printed(start: Start) -> None:
    lost = end(start(), out="first\n", err="last words \n\n", exit=3)
    assert lost.last == ": last words"
    long = end(start(), out="x" * 1_000, exit=3)
    assert 200 < len(long.last) < 320


def test_a_limit_of_time_is_told_in_seconds(start: Start) -> None:
    before = time.monotonic()
    lost = end(start(), 0.25, sleep_s=60.0)
    assert (lost.status, lost.outside) == (Status.TIMEOUT, None)
    assert lost.reason == "exceeded its time limit of 0.25 s"
    assert time.monotonic() - before < 20


def test_the_drivers_own_memory_is_not_held_against_it(start: Start) -> None:
    held = b"x" * (300 << 20)
    with start() as child:
        child.terms = replace(child.terms, memory_bytes=250 << 20)
        assert told(child, sleep_s=0.8)["event"] == "done"
    assert psutil.Process().memory_info().rss > len(held)


def test_a_folder_that_is_gone_already_is_no_failure(start: Start) -> None:
    with start() as child:
        told(child)
        shutil.rmtree(child.folder)
    assert not psutil.pid_exists(child._process.pid)


def test_what_is_larger_than_the_pipe_arrives_whole_though_it_is_read_late(start: Start) -> None:
    with start(late_s=0.3) as child:
        assert told(child, text="x" * 1_000_000)["length"] == 1_000_000
        assert told(child, text="y")["length"] == 1


def test_what_is_never_read_is_not_waited_for_without_end(start: Start) -> None:
    with start(late_s=60.0) as child:
        with pytest.raises(Lost) as lost:
            child.ask({"text": "x" * 1_000_000}, limit_s=0.3)
        assert lost.value.reason == "exceeded its time limit of 0.3 s"


def test_asking_one_that_is_gone_is_noticed_with_the_answer(start: Start) -> None:
    with start() as child:
        os.kill(child._process.pid, signal.SIGKILL)
        child._process.wait()
        child.ask({"text": "x" * 1_000_000})
        with pytest.raises(Lost, match="killed by SIGKILL"):
            child.message(60.0)


def test_a_driver_that_was_suspended_does_not_hold_it_against_the_process(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock jumps by an hour between two looks: that hour does not count."""
    real = time.monotonic

    class Time:
        sleep = time.sleep
        jumped = False

        @classmethod
        def monotonic(cls) -> float:
            cls.jumped = cls.jumped or real() - begun > 0.3
            return real() + 3_600.0 * cls.jumped

    with start() as child:
        begun = real()
        monkeypatch.setattr(running_child, "time", Time)
        assert told(child, 30.0, sleep_s=0.8)["event"] == "done"
        assert Time.jumped
