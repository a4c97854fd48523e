"""Hostile to omicsbench: methods that change the state that a process shares with the harness."""

from __future__ import annotations

import builtins
import decimal
import gc
import importlib
import json
import locale
import logging
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings

import numpy as np

from hostility import ROWS, Honest, expected, in_fit, on_output


@in_fit("ok")
def numpy_raises(X):
    """Has numpy raise at every rounding."""
    np.seterr(all="raise")


@on_output("ok")
def numpy_raises_late(Z):
    """The same when all is fitted."""
    np.seterr(all="raise")
    return Z


@in_fit("ok")
def warnings_are_errors(X):
    """Has warnings raised."""
    warnings.simplefilter("error")


@in_fit("ok")
def seeds_everything(X):
    """Seeds what is random, for all."""
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)


@in_fit("ok")
def numpy_prints_otherwise(X):
    """Changes how numpy prints."""
    np.set_printoptions(precision=0, threshold=0, legacy="1.13")


@in_fit("ok")
def counts_otherwise(X):
    """Changes the precision of decimals, and what division by zero does."""
    decimal.getcontext().prec = 1
    decimal.getcontext().traps[decimal.Inexact] = True


@in_fit("ok")
def works_in_a_deleted_folder(X):
    """Changes into a folder and deletes it."""
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    shutil.rmtree(folder)


@in_fit("ok")
def forgets_its_environment(X):
    """Deletes all environment variables."""
    os.environ.clear()


@in_fit("ok")
def takes_away_temporary_files(X):
    """Sends temporary files where there is nothing."""
    os.environ["TMPDIR"] = tempfile.tempdir = "/nonexistent"


@in_fit("ok|error|crashed")
def forgets_where_modules_are(X):
    """Empties the list of places where modules are found."""
    sys.path.clear()
    importlib.invalidate_caches()


@in_fit("ok|error", then="ok|error")
def forgets_modules(X):
    """Has all modules of the harness imported anew."""
    for name in [name for name in sys.modules if name.startswith("omicsbench")]:
        del sys.modules[name]


@in_fit("ok|error|crashed", then="ok|error|crashed")
def imports_nothing(X):
    """Forbids imports."""

    def refuse(name, *args, **more):
        raise ImportError(f"no {name} today")

    builtins.__import__ = refuse


@in_fit("ok|error|crashed", then="ok|error|crashed")
def opens_nothing(X):
    """Forbids to open files."""

    def refuse(*args, **more):
        raise PermissionError("no")

    builtins.open = refuse
    os.open = refuse


@in_fit("ok")
def length_is_another(X):
    """Takes print away."""
    builtins.print = None


@in_fit("ok|error|crashed|timeout", then="ok|error|crashed|skipped", same=False)
def json_lies(X):
    """Has JSON written wrongly."""
    json.dumps = lambda *args, **more: '{"status": "ok"}'
    json.loads = lambda *args, **more: {"status": "ok"}


@in_fit("ok|error", then="ok|error")
def the_clock_stands(X):
    """Stops the clocks of Python."""
    time.perf_counter = time.monotonic = time.time = lambda: 1.0


@in_fit("ok|error|invalid_output", then="ok|error|invalid_output")
def the_clock_runs_backwards(X):
    """Has the clocks of Python run backwards."""
    now = [1e9]

    def earlier():
        now[0] -= 1.0
        return now[0]

    time.perf_counter = time.monotonic = earlier


@in_fit("ok|error", then="ok|error")
def metrics_are_perfect(X):
    """Has every metric that is loaded return 1."""
    for name, module in list(sys.modules.items()):
        if name.startswith("omicsbench.metrics"):
            for key, value in list(vars(module).items()):
                if callable(value) and getattr(value, "__module__", "") == name:
                    setattr(module, key, lambda *args, **more: 1.0)


@in_fit("ok|error|invalid_output|crashed", then="ok|error|invalid_output|crashed", same=False)
def numpy_lies(X):
    """Has numpy find all things finite and equal."""
    np.asarray = np.array
    np.isfinite = np.ones_like
    np.allclose = np.array_equal = lambda *args, **more: True
    np.save = np.load = lambda *args, **more: None


@in_fit("ok")
def hears_signals(X):
    """Sets handlers that raise, and an alarm for later."""

    def ring(number, frame):
        raise RuntimeError("riing")

    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, ring)


@in_fit("ok")
def hears_nothing(X):
    """Ignores all signals, for good."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


@in_fit("ok")
def never_collects(X):
    """Turns the collection of garbage off."""
    gc.disable()
    gc.freeze()


@in_fit("ok")
def collects_always(X):
    """Collects garbage at each turn."""
    gc.set_threshold(1)


@in_fit("ok")
def speaks_another_language(X):
    """Changes the locale of numbers."""
    for name in ("de_DE.UTF-8", "C.UTF-8", "C"):
        try:
            locale.setlocale(locale.LC_ALL, name)
            return
        except locale.Error:
            continue


@in_fit("ok|error|crashed", then="ok|error|crashed")
def calls_hardly_anything(X):
    """Lowers the limit of recursion to what is just possible."""
    for limit in range(1, 1000):
        try:
            sys.setrecursionlimit(limit)
            return
        except RecursionError:
            continue


@in_fit("ok")
def watches_every_call(X):
    """Has a function called at each call."""
    sys.setprofile(lambda *args: None)
    threading.setprofile(lambda *args: None)


@in_fit("ok|error", then="ok|error")
def raises_at_every_call(X):
    """Has a function called at each line, which raises."""

    def refuse(frame, event, arg):
        raise RuntimeError("not this line")

    sys.settrace(refuse)


@in_fit("ok")
def logs_nothing(X):
    """Turns logging off, and takes away what reports uncaught exceptions."""
    logging.disable(logging.CRITICAL)
    sys.excepthook = threading.excepthook = sys.unraisablehook = None


@in_fit("ok|error", then="ok|error")
def forbids_all(X):
    """Has files made that nobody may read."""
    os.umask(0o777)


@in_fit("ok|error|crashed|out_of_memory", then="ok|error|crashed|skipped|out_of_memory")
def leaves_no_room(X):
    """Forbids itself more memory, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (1, 1))


@in_fit("ok")
def is_nice(X):
    """Lets all others go first."""
    os.nice(5)


@in_fit("ok")
def stays_on_one_core(X):
    """Stays on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@in_fit("ok")
def switches_never(X):
    """Has threads wait for each other."""
    sys.setswitchinterval(100)


@expected("ok")
class RemembersItsWarmUp(Honest):
    """Its class keeps the first rows that any of it was fitted on."""

    first = None

    def fit(self, X):
        self.rows_ = len(X)
        cls = type(self)
        cls.first = cls.first or self.rows_
        return self

    def transform(self, X):
        Z = Honest.transform(self, X)
        return Z if self.first in (ROWS, self.rows_) else Z * np.linspace(0, 1, len(Z))[:, None]


@expected("ok", same=False)
class SpoilsItsClass(Honest):
    """From its run on, all of its class return zeros: as long as its process lives."""

    def fit(self, X):
        self.rows_ = len(X)
        return self

    def transform(self, X):
        Z = Honest.transform(self, X)
        if self.rows_ == ROWS:
            type(self).transform = lambda self, X: np.zeros((len(X), 2), dtype=np.float32)
        return Z
