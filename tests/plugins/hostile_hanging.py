"""Hostile to omicsbench: methods that never come back, in every way."""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from hostility import FOREVER_S, WARM_UP_ROWS, Honest, expected, in_fit, on_output, on_telling

# The next size is not tried after a time limit: it would take longer.
LONG = ("timeout", "time limit", "skipped")


@in_fit(*LONG)
def sleeps(X):
    """Sleeps."""
    time.sleep(FOREVER_S)


@in_fit(*LONG)
def sleeps_with_the_lock(X):
    """Sleeps in native code and holds the interpreter's lock."""
    ctypes.PyDLL(None).sleep(int(FOREVER_S))


@in_fit(*LONG)
def spins(X):
    """Counts."""
    while True:
        pass


@in_fit(*LONG)
def spins_natively(X):
    """Counts in C, where no signal handler of Python is called."""
    sum(itertools.repeat(0))


@in_fit(*LONG)
def matches_forever(X):
    """Tries a regular expression that takes longer than the age of the universe."""
    re.match(r"(a+)+$", "a" * 64 + "b")


@in_fit(*LONG)
def locks_itself_out(X):
    """Waits for itself."""
    lock = threading.Lock()
    with lock, lock:
        pass


@in_fit(*LONG)
def waits_for_threads(X):
    """Two threads wait for each other."""
    barrier, locks = threading.Barrier(2), (threading.Lock(), threading.Lock())

    def take(first, second):
        with first:
            barrier.wait()
            with second:
                pass

    threads = [threading.Thread(target=take, args=order) for order in (locks, locks[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@in_fit(*LONG)
def waits_for_a_child(X):
    """Waits for a child that sleeps."""
    subprocess.run(["sleep", str(FOREVER_S)], check=False)


@in_fit(*LONG)
def waits_for_a_writer(X):
    """Opens a pipe into which nobody writes."""
    path = Path(tempfile.mkdtemp()) / "fifo"
    os.mkfifo(path)
    path.read_bytes()


@in_fit(*LONG)
def stops_itself(X):
    """Stops, as by Ctrl-Z."""
    os.kill(os.getpid(), signal.SIGSTOP)


@in_fit(*LONG)
def ignores_signals(X):
    """Sleeps and heeds no signal that can be ignored."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    time.sleep(FOREVER_S)


@in_fit(*LONG)
def blocks_signals(X):
    """Sleeps with all signals blocked."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(FOREVER_S)


@on_output(*LONG)
def sleeps_late(Z):
    """Sleeps when all is fitted."""
    time.sleep(FOREVER_S)


@on_telling(*LONG)
def sleeps_when_asked():
    """Sleeps when it is asked what it has to tell."""
    time.sleep(FOREVER_S)


@in_fit("timeout", "while warming up", then="skipped", when=WARM_UP_ROWS)
def sleeps_while_warming_up(X):
    """Sleeps in the warm-up, so that no run begins."""
    time.sleep(FOREVER_S)


@on_output(*LONG)
def outputs_forever(Z):
    """Returns an iterator without end."""

    class Endless:
        def __len__(self):
            return 1 << 62

        def __getitem__(self, place):
            return [0.0, 0.0]

        def __array__(self, *args, **more):
            time.sleep(FOREVER_S)

    return Endless()


@in_fit("ok")
def sleeps_at_the_end(X):
    """Sleeps when its process would end."""
    atexit.register(time.sleep, FOREVER_S)


@in_fit("ok")
def a_thread_never_ends(X):
    """A thread that Python waits for at the end."""
    threading.Thread(target=time.sleep, args=(FOREVER_S,)).start()


@in_fit("ok")
def many_threads_never_end(X):
    """Two hundred of them."""
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(FOREVER_S,), daemon=True).start()


@expected("ok|timeout", then="ok|skipped")
class SleepsWhenForgotten(Honest):
    """Its destructor sleeps, whenever that is called."""

    def __del__(self):
        if getattr(self, "rows_", 0) == 100:
            time.sleep(FOREVER_S)
