"""Methods that hang, crash, allocate or answer nonsense, and one that is good."""

import ctypes

import numpy as np

from omicsbench.plugin import method


def declare(name, **more):
    return method(name=name, family="simple", summary="Misbehaves.", source="tests", **more)


class Base:
    """First columns of X."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        return self

    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)


@declare("good")
class Good(Base):
    """Behaves."""


@declare("hangs")
class Hangs(Base):
    """Sleeps in native code, holding the interpreter lock."""

    def fit(self, X):
        ctypes.PyDLL(None).sleep(3600)


@declare("hangs_when_large")
class HangsWhenLarge(Base):
    """Hangs from 100 rows on, in the run but not in the warm-up."""

    def fit(self, X):
        if len(X) >= 100:
            ctypes.PyDLL(None).sleep(3600)
        return self


@declare("eats")
class Eats(Base):
    """Allocates without end in native code."""

    def fit(self, X):
        if len(X) < 100:
            return self
        kept = []
        while True:
            kept.append(np.ones(16_000_000, dtype=np.float32))


@declare("segfaults")
class Segfaults(Base):
    """Reads address 0."""

    def fit(self, X):
        if len(X) >= 100:
            ctypes.string_at(0)
        return self


@declare("exits")
class Exits(Base):
    """Ends the process."""

    def fit(self, X):
        import os

        if len(X) >= 100:
            print("about to leave", flush=True)
            os._exit(7)
        return self


@declare("raises")
class Raises(Base):
    """Raises."""

    def fit(self, X):
        raise ValueError("no such luck")


@declare("returns_nan")
class ReturnsNan(Base):
    """Returns NaN."""

    def transform(self, X):
        return np.full((len(X), self.n_components), np.nan, dtype=np.float32)


@declare("wrong_shape")
class WrongShape(Base):
    """Returns too few rows."""

    def transform(self, X):
        return np.zeros((len(X) - 1, self.n_components), dtype=np.float32)


@declare("wrong_dimension")
class WrongDimension(Base):
    """Returns one dimension too many."""

    def transform(self, X):
        return np.zeros((len(X), self.n_components + 1), dtype=np.float32)


@declare("prints")
class Prints(Base):
    """Writes what looks like records to its output."""

    def fit(self, X):
        print('{"event": "record"}', flush=True)
        return self


@declare("never_here", needs=("no_such_module_anywhere",))
class NeverHere(Base):
    """Needs what is not installed."""
