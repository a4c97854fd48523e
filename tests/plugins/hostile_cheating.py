"""Hostile to omicsbench: methods that look for what they must not see."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import inspect
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from hostility import MORE_ROWS, ROWS, Honest, expected, in_fit, on_output


class Found(Exception):
    """Labels of rows that a method must not see."""


def _is_labels(value, least):
    """Whether it is an array of few whole numbers that are as many as the cells."""
    return (
        type(value) is np.ndarray
        and value.ndim == 1
        and len(value) >= least
        and value.dtype.kind in "iu"
        and 1 < len(np.unique(value)) <= 20
    )


@in_fit("ok")
def looks_into_frames(X):
    """Looks for labels in the frames that called it."""
    for frame in inspect.stack(0):
        for value in frame.frame.f_locals.values():
            parts = getattr(value, "codes", value)
            for found in parts.values() if isinstance(parts, dict) else [parts]:
                if _is_labels(found, 20):
                    raise Found(frame.function)


@in_fit("ok")
def looks_into_memory(X):
    """Looks for labels in all objects of the process."""
    for value in gc.get_objects():
        members = []
        with contextlib.suppress(Exception):  # some objects do not like to be looked at
            members = list(vars(value).values())
        for found in members:
            if _is_labels(found, 20):
                raise Found(type(value).__name__)


@in_fit("ok")
def looks_into_open_files(X):
    """Looks for labels among the files that the process has open or mapped."""
    seen = {str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}
    seen |= {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    if any("label" in Path(name).name for name in seen):
        raise Found("an open file")


@in_fit("ok")
def reads_what_it_was_told(X):
    """Looks for labels in what the command line of its process names."""
    for word in sys.orig_argv:
        path = Path(word)
        if path.suffix == ".json" and path.is_file():
            told = json.loads(path.read_text(encoding="utf-8"))
            if "labels" in json.dumps(told):
                raise Found(word)


@on_output("ok")
def rescores(Z):
    """Has each function of metrics, scoring and records that it finds return another number."""
    for name, module in list(sys.modules.items()):
        if name.startswith("omicsbench.metrics") or name.endswith(("scoring", "evaluate")):
            for key in ("knn_recall", "reconstruction_r2"):
                if hasattr(module, key):
                    setattr(module, key, lambda *args, **more: 0.999)
    return Z


@on_output("ok")
def rewrites_memory(Z):
    """Overwrites all other arrays of its size that it finds."""
    for value in gc.get_objects():
        if type(value) is np.ndarray and value.shape == Z.shape and value.flags.writeable:
            value[:] = 1.0
    return Z


@in_fit("ok|crashed|error", "", "ok|crashed|error|skipped")
def deletes_its_temporary_files(X):
    """Deletes all that lies in the folder for temporary files of its process."""
    folder = Path(tempfile.gettempdir())
    for path in folder.iterdir():
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True) if not path.is_dir() else None


@in_fit("ok|crashed|error", "", "ok|crashed|error|skipped")
def fills_its_temporary_files(X):
    """Puts files in the way of what might be written there."""
    folder = Path(tempfile.gettempdir())
    for name in ("test.npy", "train.npy", "validation.npy", "reply", "outputs"):
        (folder / name).mkdir(exist_ok=True)


@in_fit("ok|error|crashed", then="ok|error|crashed")
def records_are_good(X):
    """Has each record that is made in its process say that all is well."""
    for name, module in list(sys.modules.items()):
        made = getattr(module, "RunRecord", None)
        if name.startswith("omicsbench") and made is not None:
            made.unfinished = classmethod(lambda cls, *args, **more: None)
    raise ValueError("or not")


@in_fit("ok")
def renames_itself(X):
    """Takes the name of another program."""
    ctypes.CDLL(None).prctl(15, b"init", 0, 0, 0)


@in_fit("ok")
def looks_at_everyone(X):
    """Reads the environment and the memory maps of its parent."""
    for name in ("environ", "maps", "cmdline"):
        try:
            Path(f"/proc/{os.getppid()}/{name}").read_bytes()
        except OSError:
            continue


@in_fit("ok")
def replaces_the_thread_that_calls(X):
    """Has each thread of its process raise an exception."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            number = ctypes.c_ulong(thread.ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(SystemExit))
    time.sleep(0.01)


class Inverted(Honest):
    """Has an inverse."""

    def fit(self, X):
        self.rows_, self.width_ = X.shape
        return self

    def inverse_transform(self, Z):
        return np.pad(Z, ((0, 0), (0, self.width_ - Z.shape[1])))


@expected("ok", invertible=True)
class CannotBePickled(Inverted):
    """Holds what cannot be kept for another pipeline."""

    def fit(self, X):
        self.lock = threading.Lock()
        return super().fit(X)


@expected("ok", invertible=True)
class RaisesWhenPickled(Inverted):
    """Raises where its model is to be kept."""

    def __reduce__(self):
        raise SystemExit(0)


@expected("ok|crashed|error", then="ok|crashed|error|skipped", invertible=True)
class ExitsWhenUnpickled(Inverted):
    """Runs code where its model is taken from another pipeline."""

    def __reduce__(self):
        return os._exit, (22,)


@expected("invalid_output", "shape", then="invalid_output", invertible=True)
class InvertsToAnotherShape(Inverted):
    """Its inverse has too few columns."""

    def inverse_transform(self, Z):
        return Z


@expected("invalid_output", "non-finite", then="invalid_output", invertible=True)
class InvertsToNothing(Inverted):
    """Its inverse is not a number."""

    def inverse_transform(self, Z):
        return np.full((len(Z), self.width_), np.nan)


@expected("error", "KeyboardInterrupt", then="error", invertible=True)
class RaisesWhenInverted(Inverted):
    """Its inverse raises."""

    def inverse_transform(self, Z):
        raise KeyboardInterrupt


@expected("crashed", "exit code 23", then="ok", invertible=True)
class ExitsWhenInverted(Inverted):
    """Its inverse exits."""

    def inverse_transform(self, Z):
        if self.rows_ == ROWS:
            os._exit(23)
        return super().inverse_transform(Z)


@expected("ok", then="ok", invertible=True)
class ChangesItsOutputWhenInverted(Inverted):
    """Its inverse spoils the embedding that it is given."""

    def inverse_transform(self, Z):
        X = super().inverse_transform(Z).astype(np.float32)
        if Z.flags.writeable and self.rows_ in (ROWS, MORE_ROWS):
            Z[:] = 0
        return X
