"""Hostile to omicsbench: methods that end their process, in every way."""

from __future__ import annotations

import atexit
import ctypes
import mmap
import os
import signal
import sys
import tempfile
import threading
import time

from hostility import WARM_UP_ROWS, in_fit, on_output


def _strike(number):
    os.kill(os.getpid(), number)
    time.sleep(30)


@in_fit("crashed", "exit code 74")
def exits_74(X):
    """Exits with the code by which workers once said that they cannot store."""
    os._exit(74)


@in_fit("crashed", "exit code 0")
def exits_0(X):
    """Exits as if all were well."""
    os._exit(0)


@in_fit("crashed", "exit code 1")
def exits_1(X):
    """Exits with a failure."""
    os._exit(1)


@in_fit("crashed", "exit code 255")
def exits_255(X):
    """Exits with the greatest code."""
    os._exit(255)


@in_fit("crashed", "exit code 137")
def exits_137(X):
    """Exits with the code of what was killed."""
    os._exit(137)


@on_output("crashed", "exit code 3: last words")
def exits_late(Z):
    """Exits when all is fitted, and says so."""
    print("last words", flush=True)
    os._exit(3)


@in_fit("crashed", "exit code 4", then="crashed|skipped", when=WARM_UP_ROWS)
def exits_while_warming_up(X):
    """Exits in the warm-up, so that no run begins."""
    os._exit(4)


@in_fit("crashed", "exit code 5")
def exits_from_a_thread(X):
    """A thread of it ends the process."""
    threading.Thread(target=lambda: os._exit(5)).start()
    time.sleep(30)


@in_fit("ok")
def a_thread_asks_to_exit(X):
    """A thread raises SystemExit, which ends the thread alone."""
    thread = threading.Thread(target=sys.exit)
    thread.start()
    thread.join()


@in_fit("ok")
def a_thread_fails(X):
    """A thread raises."""
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()


@in_fit("ok")
def exits_wrongly_at_the_end(X):
    """Exits with a failure when its work is long done."""
    atexit.register(os._exit, 9)


@in_fit("ok")
def crashes_at_the_end(X):
    """Crashes when its work is long done."""
    atexit.register(os.abort)


@in_fit("crashed", "exit code 0")
def becomes_another_program(X):
    """Replaces the worker by another program."""
    os.execv("/bin/true", ["true"])


@in_fit("crashed", "exit code")
def becomes_another_python(X):
    """Replaces the worker by a Python that prints what looks like a record."""
    os.execv(sys.executable, [sys.executable, "-c", 'print(\'{"event": "record"}\')'])


@in_fit("crashed", "SIGABRT")
def aborts(X):
    """Aborts, as C++ does where nobody catches."""
    os.abort()


@in_fit("crashed", "SIGSEGV")
def segfaults(X):
    """Reads address 0."""
    ctypes.string_at(0)


@in_fit("crashed", "SIGSEGV")
def calls_nothing(X):
    """Calls a function at an address that nobody owns."""
    ctypes.CFUNCTYPE(None)(0xDEAD)()


@in_fit("crashed", "SIGSEGV")
def breaks_an_array(X):
    """Writes far behind the end of an array."""
    ctypes.memset(X.ctypes.data, 0xFF, 1 << 33)


@in_fit("crashed", "SIGBUS")
def loses_its_file(X):
    """Reads a mapped file that has become shorter."""
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 20)
        mapped = mmap.mmap(file.fileno(), 1 << 20)
        file.truncate(0)
        mapped[1 << 19]


@in_fit("crashed", "SIGFPE")
def fails_at_arithmetic(X):
    """Is struck by what a division by zero in C is struck by."""
    _strike(signal.SIGFPE)


@in_fit("crashed", "SIGALRM")
def sets_an_alarm(X):
    """Sets an alarm and does not wake."""
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(30)


@in_fit("crashed", "SIGKILL")
def kills_itself(X):
    """Does to itself what the kernel does where memory is short."""
    _strike(signal.SIGKILL)


@in_fit("crashed", "SIGTERM")
def terminates_itself(X):
    """Does to itself what batch systems do."""
    _strike(signal.SIGTERM)


@in_fit("crashed", "SIGINT")
def interrupts_itself(X):
    """Does to itself what Ctrl-C does."""
    _strike(signal.SIGINT)


@in_fit("crashed", "SIGKILL")
def kills_its_group(X):
    """Kills all processes of its group: those of its worker alone."""
    os.killpg(0, signal.SIGKILL)
    time.sleep(30)


@in_fit("crashed", "SIGKILL", then="crashed|skipped", when=WARM_UP_ROWS)
def kills_itself_while_warming_up(X):
    """Kills itself in every warm-up."""
    _strike(signal.SIGKILL)
