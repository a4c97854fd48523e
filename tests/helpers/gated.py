"""A method that waits, so that what happens meanwhile can be tested: the text of a plug-in."""

from __future__ import annotations

GATED = """
import os, time
from pathlib import Path
from omicsbench.plugin import method


@method(name="gated", family="simple", summary="x", source="x")
class Gated:
    "The first columns; from 100 rows on it waits for a file, if one is named."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        while len(X) >= 100 and not Path(os.environ.get("GATE", "/")).exists():
            time.sleep(0.05)
        return self
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")
"""
