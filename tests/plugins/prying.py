"""A method that looks for what it may not see, and one that meddles with the metrics."""

import gc
import json
import os
import sys
from pathlib import Path

import numpy as np

from omicsbench.plugin import method


def declare(name, **more):
    return method(name=name, family="simple", summary="Pries.", source="tests", **more)


def _held():
    """Everything that frames and objects of this process hold; what is untracked, in containers."""
    frame = sys._getframe()
    while frame:
        yield from _inside(frame.f_locals, 5)
        frame = frame.f_back
    for found in gc.get_objects():
        yield from _inside(found, 5)


def _inside(found, depth):
    yield found
    if depth and isinstance(found, dict):
        for value in list(found.values()):
            yield from _inside(value, 0 if gc.is_tracked(value) else depth - 1)
    elif depth and isinstance(found, list | tuple | set | frozenset):
        for value in list(found):
            yield from _inside(value, 0 if gc.is_tracked(value) else depth - 1)


def _found():
    """Arrays that are held, and those stored in prepared data that anything here names."""
    arrays, folders = {}, set()
    for value in _held():
        if isinstance(value, np.ndarray):
            arrays[id(value)] = value
        elif isinstance(value, str | Path) and "prepared-" in str(value):
            folders.add(str(value))
    for name in folders:
        path = Path(name)
        files = path.rglob("*.npy") if path.is_dir() else [path] if path.suffix == ".npy" else []
        for file in files:
            arrays[str(file)] = np.load(file, mmap_mode="r")
    return arrays.values(), sorted(folders)


@declare("prying")
class Prying:
    """The first columns; tells of everything that it finds while it is fitted."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        arrays, folders = _found()
        told = {
            "rows": len(X),
            "folders": folders,
            "matrices": sorted({a.shape for a in arrays if a.ndim == 2}),
            "codes": [
                a.tolist() for a in arrays if a.ndim == 1 and a.dtype.kind in "iu" and a.size > 30
            ],
        }
        with Path(os.environ["FOUND"]).open("a") as file:
            file.write(json.dumps(told) + "\n")
        return self

    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)


@declare("honest")
class Honest:
    """The first columns."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        return self

    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)


@declare("meddling")
class Meddling(Honest):
    """The same, but it has every metric say 1."""

    def fit(self, X):
        from omicsbench import metrics
        from omicsbench.metrics import base, evaluate

        base.Metric.__call__ = lambda self, **inputs: base.Estimate(1.0)
        for metric in metrics.METRICS.values():
            object.__setattr__(metric, "function", lambda **inputs: 1.0)
        one = evaluate.Scores({"knn_recall": 1.0}, {}, {}, {}, {})
        evaluate.evaluate = lambda *given: one
        return self
