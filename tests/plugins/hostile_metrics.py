"""Hostile to omicsbench: metrics that fail, or do more than to score."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from hostility import FOREVER_S, Kind
from omicsbench.plugin import Estimate, metric

ENDS = "crashed|error"


def scored(status, says="", **more):
    """Decorator: a metric of a function of the embedding, and what must come of a run with it.

    ``says`` is in the reason of the run or, where that is ok, in the reason of the metric's gap.
    """

    def make(function):
        function.kind = Kind(status, says, **more)
        return metric(
            title=function.__name__,
            range=(0, 1),
            direction="max",
            source="tests",
            group="labels",
        )(function)

    return make


@scored("ok", "ValueError: no number")
def scores_nothing(embedding):
    """Raises."""
    raise ValueError("no number")


@scored("ok|error", "SystemExit")
def scores_and_asks_to_exit(embedding):
    """Raises what is no Exception."""
    raise SystemExit(74)


@scored("ok", "ValueError")
def scores_surrogates(embedding):
    """Its message cannot be encoded."""
    raise ValueError("\udcff\0")


@scored("ok", "ValueError: xxx")
def scores_at_length(embedding):
    """Its message has 100 MB."""
    raise ValueError("x" * 100_000_000)


@scored("ok", "nan")
def scores_nan(embedding):
    """Not a number."""
    return float("nan")


@scored("ok", "TypeError")
def scores_words(embedding):
    """A word."""
    return "good"


@scored("ok", "TypeError")
def scores_complex_numbers(embedding):
    """A complex number."""
    return 1j


@scored("ok", "outside of the declared range")
def scores_too_much(embedding):
    """More than it may."""
    return 1e300


@scored("ok")
def scores_other_cells(embedding):
    """Tells of more cells than there are."""
    return Estimate(0.5, np.full(len(embedding) + 1, 0.5))


@scored("ok")
def scores_and_spoils(embedding):
    """Overwrites what it is given."""
    try:
        embedding[:] = 0
    except ValueError:
        return 0.25
    return 0.5


@scored("ok")
def scores_and_has_numpy_raise(embedding):
    """Has numpy raise at every rounding."""
    np.seterr(all="raise")
    return 0.5


@scored("ok")
def scores_and_prints(embedding):
    """Prints 50 MB."""
    for _ in range(50):
        os.write(1, b"x" * 1_000_000)
    return 0.5


@scored("ok")
def scores_and_forks(embedding):
    """Both parent and child return."""
    os.fork()
    return 0.5


@scored("ok")
def scores_and_leaves_a_child(embedding):
    """A child that sleeps, in a session of its own."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(FOREVER_S)
        os._exit(0)
    return 0.5


@scored(ENDS, "exit code 41")
def scores_and_exits(embedding):
    """Exits."""
    os._exit(41)


@scored(ENDS, "SIGSEGV")
def scores_and_crashes(embedding):
    """Is struck by what bad memory is struck by."""
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(30)


@scored("timeout", "time limit")
def scores_forever(embedding):
    """Sleeps."""
    time.sleep(FOREVER_S)


@scored("out_of_memory", "memory limit")
def scores_and_fills_memory(embedding):
    """Takes memory without end."""
    kept = []
    while True:
        kept.append(np.ones(8_000_000))
