"""What methods of a folder of one's own declare is kept, so that a report cites them elsewhere."""

from __future__ import annotations

from pathlib import Path

import omicsbench
from omicsbench.planning.suite import make_suite
from omicsbench.records.merging import merge
from omicsbench.records.planned import read_plan
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite

OWN = """
import numpy as np
from omicsbench.plugin import method

@method(name="mine", family="simple", summary="First columns.", source="https://doi.org/10.1/mine")
class Mine:
    def __init__(self, n_components=None):
        self.n_components = n_components

    def fit(self, X):
        return self

    def transform(self, X):
        return np.array(X[:, : self.n_components], dtype=np.float32)
"""


def test_a_report_cites_methods_that_are_not_at_hand(tmp_path: Path) -> None:
    plugins, out = tmp_path / "plugins", tmp_path / "out"
    plugins.mkdir()
    (plugins / "mine.py").write_text(OWN)
    suite = make_suite(
        {
            "name": "tiny",
            "pipelines": ["mine"],
            "n_components": 2,
            "repeats": 1,
            "datasets": [{"name": "linear_control(n=300)", "sizes": [60]}],
            "threads": 1,
            "metrics": ["knn_recall"],
            "scored": 60,
        }
    )
    run_suite(suite, out, registry=discover([plugins]))
    (plugins / "mine.py").unlink()
    page = omicsbench.report(out)
    assert "doi = {10.1/mine}" in (page.parent / "references.bib").read_text(encoding="utf-8")
    merge([out], tmp_path / "merged")
    assert read_plan(tmp_path / "merged").methods == {
        "mine": ("First columns.", "https://doi.org/10.1/mine")
    }
