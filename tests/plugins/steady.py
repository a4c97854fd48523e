"""Methods that take their time, and one with a child: to be killed at random moments."""

import os
import time

import numpy as np

from omicsbench.plugin import method


class FirstColumns:
    """The first columns, after a while."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        time.sleep(0.04)
        return self

    def transform(self, X):
        return np.array(X[:, : self.n_components], dtype=np.float32)


@method(name="steady", family="simple", summary="Takes its time.", source="tests")
class Steady(FirstColumns):
    """Takes its time."""


@method(name="with_child", family="simple", summary="Has a child meanwhile.", source="tests")
class WithChild(FirstColumns):
    """Has a child meanwhile, and does as well without it."""

    def fit(self, X):
        child = os.fork()
        if child == 0:
            time.sleep(0.3)
            os._exit(0)
        os.waitpid(child, 0)
        return self
