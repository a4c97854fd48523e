"""A process of the harness is told apart from what it is made to do, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest

from omicsbench.processes import guardian
from omicsbench.processes.child import Child, Lost, Stopped, Terms
from omicsbench.processes.descendants import MARK, marked
from omicsbench.records.spec import Status

PLUGINS = Path(__file__).parents[1] / "plugins"


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    with Child("unruly_child", {}, Terms(tmp_path, 1, 1 << 30)) as child:
        yield child
    assert not list(tmp_path.iterdir()), "its folder is gone"


def _do(child: Child, what: str, limit_s: float = 30.0) -> dict[str, Any]:
    child.ask({"do": what})
    return child.message(limit_s)


def _others(child: Child) -> list[psutil.Process]:
    """Processes that belong to it, by their environment or their parents."""
    found = psutil.Process(child._process.pid).children(recursive=True)
    for process in psutil.process_iter():
        try:
            if process.environ().get("OMICSBENCH_OWNER") == str(child.folder):
                found.append(process)
        except psutil.Error:
            continue
    return [one for one in found if one.pid != child._process.pid]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("stray", "something other than a message was written into the harness's own pipe"),
        ("everywhere", "something other than a message was written into the harness's own pipe"),
        ("half_a_message", "the process ended with exit code 0"),
        ("closes_all", "closed the harness's own pipe"),
        ("floods", "the process ended with exit code 5"),
        ("dies", "the process was killed by SIGKILL"),
    ],
)
def test_whatever_it_does_ends_as_one_loss_with_its_cause(
    child: Child, what: str, why: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Lost, match=why) as lost:
        _do(child, what)
    assert lost.value.status is Status.CRASHED
    assert lost.value.outside == ("SIGKILL" if what == "dies" else None)
    if what == "floods":
        assert lost.value.last == ": the last \ufffd word"
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 50_000, "kB: only the end of what it printed is kept"


def test_a_second_answer_is_not_taken_for_that_to_the_next_question(child: Child) -> None:
    assert _do(child, "answers_twice")["event"] == "done"
    with pytest.raises(Lost, match="own pipe"):
        _do(child, "child")


def test_a_fork_that_comes_back_says_nothing(child: Child) -> None:
    assert _do(child, "forks")["event"] == "done"
    time.sleep(0.3)
    assert _do(child, "closes_its_output_and_goes_on")["event"] == "done"
    assert _do(child, "forks")["event"] == "done"


@pytest.mark.parametrize(
    "what", ["child", "child_in_its_own_session", "orphan", "orphan_without_environment", "many"]
)
@pytest.mark.parametrize("dead", [False, True])
def test_what_it_started_is_ended_with_it(child: Child, what: str, dead: bool) -> None:
    """However it ends itself; without an environment only as long as it lives."""
    _do(child, what)
    time.sleep(0.2)
    others = _others(child)
    assert len(others) >= (30 if what == "many" else 1)
    if dead and what != "orphan_without_environment":
        with pytest.raises(Lost):
            _do(child, "dies")
    child.close()
    assert not [one for one in others if one.is_running() and one.status() != "zombie"]


def test_a_process_that_is_replaced_all_the_time_is_caught(child: Child) -> None:
    _do(child, "replaced")
    time.sleep(0.2)
    with pytest.raises(Lost):
        _do(child, "dies")
    child.close()
    for _ in range(20):
        assert not [*marked(str(child.folder))]
        time.sleep(0.005)


def test_a_time_limit_holds(child: Child) -> None:
    with pytest.raises(Lost, match=r"exceeded its time limit of 0\.5 s") as lost:
        _do(child, "sleeps", 0.5)
    assert lost.value.status is Status.TIMEOUT


def test_a_stop_is_heard(child: Child) -> None:
    child.stop = Event()
    child.stop.set()
    with pytest.raises(Stopped):
        _do(child, "sleeps")


def test_memory_that_forks_share_counts_once(child: Child) -> None:
    child.terms = Terms(child.terms.scratch, 1, 600 << 20)
    assert _do(child, "idle_forks")["event"] == "done"
    with pytest.raises(Lost, match=r"exceeded its memory limit of 0\.586 GiB") as lost:
        _do(child, "hungry_fork")
    assert lost.value.status is Status.OUT_OF_MEMORY


def test_what_cannot_be_started_is_a_loss(tmp_path: Path) -> None:
    (tmp_path / "scratch").write_text("a file")
    with pytest.raises(Lost, match="no process can be started"):
        Child("unruly_child", {}, Terms(tmp_path / "scratch", 1, 1 << 30))


def test_temporary_files_may_take_their_share_of_the_disk_and_go(child: Child) -> None:
    """Those without a name count too: they are the ones that nobody can find."""
    child._disk.limit = 150 << 20
    with pytest.raises(Lost, match=r"wrote more than 0\.146 GiB of temporary files"):
        _do(child, "fills")


DRIVER = """
import sys, time
from pathlib import Path
from omicsbench.processes import guardian
from omicsbench.processes.child import Child, Terms
with Child("unruly_child", {}, Terms(Path(sys.argv[1]), 1, 1 << 30)) as child:
    for what in ("child_in_its_own_session", "orphan"):
        child.ask({"do": what})
        child.message(30)
    print(child.folder, flush=True)
    time.sleep(60)
"""


def test_what_a_child_started_is_ended_too_when_the_driver_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))
    command = [sys.executable, "-P", "-c", DRIVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout
        folder = driver.stdout.readline().strip()
        belonging = [*psutil.Process(driver.pid).children(recursive=True), *marked(folder)]
        driver.kill()
    assert len(set(belonging)) == 4, "a worker, two that it started, and the guardian"
    assert not psutil.wait_procs(belonging, timeout=10)[1]
    assert not list(tmp_path.iterdir())


def test_a_guardian_hears_what_it_was_told_before_it_began(tmp_path: Path) -> None:
    """By a driver that is gone by then: no process is its parent."""
    folder = tmp_path / "work"
    folder.mkdir()
    read, write = os.pipe()
    os.write(write, f"+{folder}\n".encode())
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(sleeper, env={**os.environ, MARK: str(folder)}) as left:
        command = [sys.executable, "-P", "-m", guardian.__name__, str(read), "0"]
        try:
            subprocess.run(command, pass_fds=(read,), check=True, timeout=60)
            assert left.wait(5) == -signal.SIGKILL
        finally:
            left.kill()
    os.close(read)
    os.close(write)
    assert not folder.exists()


def test_a_guardian_that_was_ended_is_replaced(child: Child) -> None:
    assert guardian._guardian._process
    guardian._guardian._process.kill()
    guardian._guardian._process.wait()
    with Child("unruly_child", {}, child.terms):
        assert guardian._guardian._process.poll() is None
