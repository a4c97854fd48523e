"""Tests of one mutant, in a process forked from one that holds all libraries and no omicsbench."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"
PASSED, NOTHING_COLLECTED = 0, 5
TIMES, LEAST_S = 5, 30  # CPU time that a trial may take: so often what the tests took unharmed
WALL = 2  # seconds a second of CPU time: the machine may be busy
# Collecting garbage, as the last of these does, would copy all that was preloaded.
UNWANTED = ("cacheprovider", "xdist", "unraisableexception")
QUIET = ["-q", "-x", "--tb=line", "-W", "ignore", *(f"-pno:{name}" for name in UNWANTED)]


class Broken(Exception):
    """The tests fail without any fault, or cannot be run: no score could be believed."""


def forked(work: Callable[[], int], log: Path, cpu_s: float = 3_600) -> int | None:
    """Exit code of work done in a forked process; None if it took too long."""
    child = os.fork()
    if not child:
        _work(work, log, int(cpu_s))
    end = time.monotonic() + cpu_s * WALL
    try:
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                return None if code == -signal.SIGXCPU else code
            time.sleep(0.01)
        return None
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def _work(work: Callable[[], int], log: Path, cpu_s: int) -> None:
    """In the child: never returns."""
    code = 70
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 5))
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = work()
    finally:
        os._exit(code)


def preload(modules: Sequence[str]) -> None:
    """Import what every trial needs, once."""
    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()


def run_tests(tree: Path, tests: Sequence[str], plugins: Sequence[object] = ()) -> int:
    """In a child: the tests, by their ids, on the project that lies in the tree."""
    os.chdir(tree)
    sys.path.insert(0, str(tree))
    os.environ["PYTHONPATH"] = str(tree)
    return int(pytest.main([*QUIET, f"--basetemp={tree.parent / 'tmp'}", *tests], plugins))


def attempt(tree: Path, file: str, code: str, tests: Sequence[str], usual_s: float) -> str:
    """What becomes of a mutant: its code in the place of the file, then the tests."""
    place = tree / file
    original = place.read_bytes()
    sys.dont_write_bytecode = True  # what is compiled of a mutant must not outlive it
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        place.write_text(code, encoding="utf-8")
        ended = forked(
            lambda: run_tests(tree, tests),
            tree.parent / "trial.log",
            max(LEAST_S, TIMES * usual_s),
        )
    finally:
        place.write_bytes(original)
    if ended == NOTHING_COLLECTED:
        raise Broken(f"no test was found among {', '.join(tests[:3])}")
    return TIMED_OUT if ended is None else SURVIVED if ended == PASSED else KILLED
