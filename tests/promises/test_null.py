"""Where there is nothing to find, nothing is found: the whole chain on two null problems."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from omicsbench.metrics import METRICS
from omicsbench.planning.suite import make_suite
from omicsbench.reading.own import OwnData
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import RunRecord
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import recommendations
from tests.helpers.headlines import counted

COPIES = '''
"""The same method twice: a random projection, under two names and with seeds of its own."""

import numpy as np
from omicsbench.plugin import method


class Copy:
    salt = 0

    def __init__(self, n_components=None, random_state=0):
        self.n_components, self.random_state = n_components, random_state

    def fit(self, X):
        rng = np.random.default_rng([self.salt, self.random_state])
        self.axes_ = rng.normal(size=(X.shape[1], self.n_components)).astype("float32")
        self.mean_ = np.asarray(X.mean(axis=0), dtype="float32").ravel()
        self.inverse_ = np.linalg.pinv(self.axes_)
        return self

    def transform(self, X):
        return np.asarray(X - self.mean_, dtype="float32") @ self.axes_

    def inverse_transform(self, Z):
        return Z @ self.inverse_ + self.mean_


@method(name="copy_a", family="simple", summary="A.", source="tests", invertible=True)
class A(Copy):
    salt = 1


@method(name="copy_b", family="deep", summary="B.", source="tests", invertible=True)
class B(Copy):
    salt = 2
'''


@pytest.fixture(scope="module")
def same_twice(tmp_path_factory: pytest.TempPathFactory) -> list[RunRecord]:
    folder = tmp_path_factory.mktemp("copies")
    (folder / "copies.py").write_text(COPIES, encoding="utf-8")
    suite = make_suite(
        {
            "name": "aa",
            "repeats": 10,
            "pipelines": ["copy_a", "copy_b"],
            "features": 500,
            "n_components": 10,
            "scored": 200,
            "analysis": {"reference": "copy_a"},
            "threads": 1,
            "datasets": [
                {"name": "scmark_immune", "sizes": [50, 200, 800]},
                {"name": "pbmc68k", "sizes": [50, 200, "all"]},
                {"name": "khan_srbct", "sizes": [20, 40, "all"]},
            ],
        }
    )
    return run_suite(suite, folder / "out", registry=discover([folder]))


@pytest.mark.slow
def test_two_copies_of_one_method_have_no_winner(same_twice: list[RunRecord]) -> None:
    found = verdicts(same_twice)
    assert {v.dataset for v in found} == {"scmark_immune", "pbmc68k", "khan_srbct"}
    assert len({v.metric for v in found}) > 10
    assert len({r.scores["knn_recall"] for r in same_twice}) > 100, "the copies do differ"
    headline = [v for v in found if not METRICS[v.metric].secondary]
    assert {v.standing for v in headline} <= {"equal", "open"}
    assert not [v.sentence for v in found if v.outcome.ahead]


@pytest.fixture(scope="module")
def permuted(tmp_path_factory: pytest.TempPathFactory) -> list[RunRecord]:
    """Real cells whose labels were permuted; simple methods and an autoencoder."""
    import anndata

    folder = tmp_path_factory.mktemp("permuted")
    path = Path(__file__).parents[2] / "datasets" / "data" / "scmark_immune.h5ad"
    adata = anndata.read_h5ad(path)
    labels = adata.obs["cell_type"].to_numpy().astype(str)
    adata.obs["cell_type"] = np.random.default_rng(0).permutation(labels)
    adata.write_h5ad(folder / "permuted.h5ad")
    names = [n for n, metric in METRICS.items() if metric.uses_labels and "embed" in metric.tasks]
    suite = make_suite(
        {
            "name": "permuted",
            "repeats": 5,
            "features": 300,
            "n_components": 10,
            "scored": 300,
            "pipelines": ["autoencoder(depth=2)", "pca", "random_projection"],
            "jobs": 2,
            "sizes": [100, 400, 1200],
            "metrics": names,
            "threads": 1,
        }
    )
    return run_suite(
        suite,
        folder / "out",
        own_data=[OwnData(folder / "permuted.h5ad", label="cell_type", values="counts")],
    )


@pytest.mark.slow
def test_permuted_labels_have_no_winner_and_stay_at_chance(permuted: list[RunRecord]) -> None:
    with counted():
        every = verdicts(permuted, Analysis(reference="pca"))
        found = [v for v in every if not METRICS[v.metric].secondary]
    assert len({v.metric for v in found}) >= 5
    assert not [v.sentence for v in found if v.standing in ("ahead", "behind")]
    for name in ("knn_probe_balanced_accuracy", "linear_transfer_balanced_accuracy"):
        scores = [r.scores[name] for r in permuted]
        assert np.mean(scores) == pytest.approx(1 / 3, abs=0.03), "three classes"


@pytest.mark.slow
def test_permuted_labels_recommend_the_cheapest(permuted: list[RunRecord]) -> None:
    with counted():
        (found,) = recommendations(permuted)
    seconds = {p: s for p, s in found.seconds.items() if s is not None}
    assert len(seconds) == 3
    assert found.overall.pipeline == min(seconds, key=lambda p: seconds[p])
