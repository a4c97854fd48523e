"""Hostile to omicsbench: data sets whose loaders fail or give what are no cells.

A loader runs in the driver, and before any run: what is wrong with it is one sentence.
"""

from __future__ import annotations

import sys

import anndata
import numpy as np
import pandas as pd

from omicsbench.plugin import dataset


def loaded(says):
    """Decorator: a data set of a function without parameters, and what must be said of it."""

    def make(load):
        load.says = says
        return dataset(
            name=load.__name__,
            summary=load.__doc__,
            source="tests",
            licence="MIT",
            values="continuous",
            kind="simulated",
            label="label",
            provenance="simulated",
        )(load)

    return make


def cells(n=200, p=20):
    """Sound ones."""
    X = np.random.default_rng(0).normal(size=(n, p)).astype(np.float32)
    names = pd.DataFrame({"label": np.resize(["a", "b"], n)}, index=[f"cell{i}" for i in range(n)])
    return anndata.AnnData(X, obs=names, var=pd.DataFrame(index=[f"f{i}" for i in range(p)]))


@loaded("ValueError: no file")
def loads_nothing():
    """Raises."""
    raise ValueError("no file")


@loaded("SystemExit")
def loads_and_asks_to_exit():
    """Asks Python to exit."""
    sys.exit(0)


@loaded("RecursionError")
def loads_without_end():
    """Calls itself without end."""
    return loads_without_end()


@loaded("NoneType")
def loads_none():
    """None."""


@loaded("list")
def loads_a_list():
    """Rows, but no AnnData."""
    return cells().X.tolist()


@loaded("ValueError")
def loads_and_raises_surrogates():
    """Its message cannot be encoded."""
    raise ValueError("no file \udcff\0\x1b[2J")


@loaded("loads_no_cells")
def loads_no_cells():
    """No cells."""
    return cells(n=0)


@loaded("loads_not_a_number")
def loads_not_a_number():
    """Not a number."""
    made = cells()
    made.X[3, 3] = np.nan
    return made


@loaded("loads_no_label")
def loads_no_label():
    """No label, although it names one."""
    made = cells()
    del made.obs["label"]
    return made


@loaded("loads_the_same_cell")
def loads_the_same_cell():
    """Cells that bear one name."""
    made = cells()
    made.obs_names = ["cell"] * made.n_obs
    return made


@loaded("No feature varies")
def loads_constants():
    """The same number everywhere."""
    made = cells()
    made.X[:] = 1
    return made
