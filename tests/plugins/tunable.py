"""Cheap methods with something to tune, and one without."""

import time

import numpy as np

from omicsbench.plugin import Choice, Real, method

SEEN = []  # of every call in this process: its name, and what it was given


def declare(name, **more):
    return method(name=name, family="simple", summary="For tests.", source="tests", **more)


class Base:
    """PCA whose axes are blurred the more, the further `blur` lies from 0.7."""

    def __init__(
        self,
        n_components: int | None = None,
        blur: float = 0.0,
        kind: str = "a",
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.blur = blur
        self.kind = kind
        self.random_state = random_state

    def fit(self, X):
        SEEN.append(("fit", self.blur, np.array(X)))
        self.mean_ = X.mean(axis=0)
        axes = np.linalg.svd(X - self.mean_, full_matrices=False)[2][: self.n_components].T
        noise = np.random.default_rng(self.random_state).normal(size=axes.shape)
        self.axes_ = axes + (self.blur - 0.7) * noise
        return self

    def transform(self, X):
        SEEN.append(("transform", self.blur, np.array(X)))
        return np.asarray((X - self.mean_) @ self.axes_, dtype=np.float32)


@declare("blurred", space={"blur": Real(0.0, 1.0), "kind": Choice(["a", "b"])})
class Blurred(Base):
    """Best at blur 0.7."""


@declare("fixed")
class Fixed(Base):
    """Has nothing to tune."""


@declare("moody", space={"kind": Choice(["a", "b", "c"])})
class Moody(Base):
    """Works with one of three kinds only, and that is not the default."""

    def fit(self, X):
        if self.kind != "c":
            raise ValueError(f"kind {self.kind} is no good")
        return super().fit(X)


@declare("hopeless", space={"blur": Real(0.0, 1.0)})
class Hopeless(Base):
    """Never works."""

    def fit(self, X):
        raise ValueError("no such luck")


@declare("sleepy", space={"blur": Real(0.0, 1.0)})
class Sleepy(Base):
    """Takes 0.6 seconds for a fit of 50 rows or more."""

    def fit(self, X):
        time.sleep(0.6 if len(X) >= 50 else 0.0)
        return super().fit(X)
