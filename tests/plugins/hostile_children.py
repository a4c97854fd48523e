"""Hostile to omicsbench: methods that start processes and threads, and leave them."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np

from hostility import FOREVER_S, Honest, expected, in_fit, on_output

SLEEP = ["sleep", str(FOREVER_S)]


def _child(deed):
    """Fork a child that does it and then sleeps."""
    pid = os.fork()
    if pid == 0:
        deed()
        time.sleep(FOREVER_S)
        os._exit(0)
    return pid


@in_fit("ok")
def forks_and_returns(X):
    """Both parent and child return, so that two processes go on with the run."""
    os.fork()


@on_output("ok")
def forks_late(Z):
    """The same when all is fitted."""
    os.fork()
    return Z


@in_fit("crashed", "exit code 6")
def leaves_its_child_behind(X):
    """The parent leaves, the child goes on with the run."""
    if os.fork():
        os._exit(6)


@in_fit("ok")
def forks_and_the_child_raises(X):
    """The child fails with the run, the parent goes on."""
    if os.fork() == 0:
        raise ValueError("a child's")


@in_fit("ok")
def forks_often(X):
    """Twenty-four children that sleep."""
    for _ in range(24):
        _child(int)


@in_fit("ok")
def forks_in_a_row(X):
    """A child of a child of a child, and so on."""

    def deeper(left):
        if left:
            _child(lambda: deeper(left - 1))

    deeper(12)
    time.sleep(0.2)


@in_fit("ok")
def forks_away(X):
    """Forks twice and leaves its session, as daemons do."""

    def leave():
        os.setsid()
        _child(int)
        os._exit(0)

    os.waitpid(_child(leave), 0)


@in_fit("crashed", "exit code 8")
def forks_away_and_exits(X):
    """The same, and exits."""
    forks_away_now()
    os._exit(8)


def forks_away_now():
    def leave():
        os.setsid()
        _child(int)
        os._exit(0)

    os.waitpid(_child(leave), 0)


@in_fit("timeout", "time limit", "skipped")
def forks_away_and_sleeps(X):
    """The same, and never returns."""
    forks_away_now()
    time.sleep(FOREVER_S)


@in_fit("ok")
def starts_a_session(X):
    """A program in a session of its own."""
    subprocess.Popen(SLEEP, start_new_session=True)


@in_fit("ok")
def starts_without_environment(X):
    """A program that knows nothing of where it comes from."""
    subprocess.Popen(["env", "-i", *SLEEP], start_new_session=True, close_fds=True, cwd="/")


@in_fit("ok")
def starts_by_a_shell(X):
    """A shell that starts in the background and is gone."""
    subprocess.run(f"nohup sleep {FOREVER_S} >/dev/null 2>&1 &", shell=True, check=True)


@in_fit("ok")
def leaves_a_child_that_heeds_nothing(X):
    """A child that ignores what can be ignored, in a session of its own."""

    def deaf():
        os.setsid()
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)

    _child(deaf)
    time.sleep(0.1)


@in_fit("ok")
def leaves_a_stopped_child(X):
    """A child that is stopped."""
    _child(lambda: os.kill(os.getpid(), signal.SIGSTOP))


@in_fit("ok")
def leaves_a_child_that_survives_its_parent(X):
    """A child that asks the kernel to be left alone when its parent dies."""
    _child(lambda: ctypes.CDLL(None).prctl(1, 0))


@in_fit("ok")
def leaves_children_that_replace_each_other(X):
    """A chain of processes, each of which starts the next one and dies."""

    def next_one():
        os.setsid()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if os.fork():
                os._exit(0)
            time.sleep(0.05)

    _child(next_one)


@in_fit("ok")
def leaves_a_child_that_spins(X):
    """A child that takes a whole core."""
    subprocess.Popen([sys.executable, "-c", f"while {FOREVER_S}: pass"])


@in_fit("ok")
def leaves_a_zombie(X):
    """A dead child that nobody asks for."""
    if os.fork() == 0:
        os._exit(0)


@in_fit("ok")
def leaves_a_pool(X):
    """A pool of processes that is not closed."""
    global pool
    pool = multiprocessing.get_context("fork").Pool(2)
    pool.map(abs, [1, 2, 3])


@in_fit("ok")
def leaves_a_process(X):
    """A process that Python waits for at the end."""
    multiprocessing.get_context("fork").Process(target=time.sleep, args=(FOREVER_S,)).start()


@in_fit("ok")
def leaves_a_child_that_holds_everything(X):
    """A child that keeps all descriptors open."""
    subprocess.Popen(SLEEP, close_fds=False)


@in_fit("ok")
def leaves_a_thread_that_prints(X):
    """A thread that goes on printing."""

    def chatter():
        while True:
            print("and another thing", flush=True)
            time.sleep(0.001)

    threading.Thread(target=chatter, daemon=True).start()


@in_fit("ok")
def fits_in_a_thread(X):
    """A thread that goes on with the run of long ago."""
    threading.Timer(0.05, lambda: np.linalg.svd(X)).start()


@in_fit("out_of_memory", "memory limit", "skipped")
def fills_memory_of_children(X):
    """Four children that take 400 MB each."""

    def eat():
        kept.append(np.ones(50_000_000))

    kept = []
    for _ in range(4):
        _child(eat)
    time.sleep(FOREVER_S)


@in_fit("out_of_memory", "memory limit", "skipped")
def fills_memory_of_a_child_far_away(X):
    """A child in a session of its own, with another parent by now."""

    def leave():
        os.setsid()
        kept = []
        _child(lambda: kept.append(np.ones(200_000_000)))
        os._exit(0)

    os.waitpid(_child(leave), 0)
    time.sleep(FOREVER_S)


@in_fit("ok")
def shares_memory_with_children(X):
    """Eight idle children of a process with 300 MB, which are there once."""
    kept = np.ones(37_500_000)
    for _ in range(8):
        _child(int)
    time.sleep(1.5)
    del kept


@expected("ok")
class IsInAGroupOfItsOwn(Honest):
    """Leaves the group of processes in which it was started."""

    def fit(self, X):
        self.rows_ = len(X)
        if self.rows_ == 100:
            if os.fork() == 0:
                os.setpgid(0, 0)
                time.sleep(FOREVER_S)
            time.sleep(0.1)
        return self
