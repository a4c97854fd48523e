"""Hostile to omicsbench: methods that take more memory than there is."""

from __future__ import annotations

import ctypes
import mmap
import tempfile
import threading
import time

import numpy as np

from hostility import WARM_UP_ROWS, in_fit, on_output

MEMORY = ("out_of_memory", "memory limit", "skipped")


def _fill(wait_s):
    kept = []
    while True:
        kept.append(np.ones(8_000_000))
        time.sleep(wait_s)


@in_fit(*MEMORY)
def fills_memory(X):
    """Takes memory as fast as it can."""
    _fill(0.0)


@in_fit(*MEMORY)
def fills_memory_slowly(X):
    """Takes 64 MB every 50 ms."""
    _fill(0.05)


@in_fit(*MEMORY)
def fills_memory_at_once(X):
    """Takes 4 GB in one go."""
    kept = np.ones(500_000_000)
    time.sleep(30)
    del kept


@in_fit(*MEMORY)
def fills_memory_natively(X):
    """Takes memory of which Python knows nothing."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    while True:
        ctypes.memset(libc.malloc(ctypes.c_size_t(1 << 26)), 1, 1 << 26)


@in_fit(*MEMORY)
def fills_memory_by_threads(X):
    """Four threads take it."""
    threads = [threading.Thread(target=_fill, args=(0.01,), daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@in_fit(*MEMORY)
def fills_memory_by_a_map(X):
    """Writes into anonymous maps."""
    kept = []
    while True:
        kept.append(mmap.mmap(-1, 1 << 26))
        kept[-1].write(b"x" * (1 << 26))


@on_output(*MEMORY)
def fills_memory_late(Z):
    """Takes it when all is fitted."""
    _fill(0.0)


@in_fit("out_of_memory", "while warming up", then="skipped", when=WARM_UP_ROWS)
def fills_memory_while_warming_up(X):
    """Takes it in the warm-up, so that no run begins."""
    _fill(0.0)


@in_fit("out_of_memory", "MemoryError", "skipped")
def asks_for_a_petabyte(X):
    """Asks for what no machine has, and is told so."""
    np.ones(1 << 47)


@in_fit("ok")
def maps_a_petabyte(X):
    """Takes addresses, no memory."""
    global kept
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 40)
        kept = mmap.mmap(file.fileno(), 1 << 40)
