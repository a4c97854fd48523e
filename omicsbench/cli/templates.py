"""Templates that ``omicsbench new`` writes; the tests run them through ``omicsbench check``."""

from __future__ import annotations

from pathlib import Path

from omicsbench.errors import OmicsbenchError
from omicsbench.plugin import NAME
from omicsbench.records.store import write_text

METHOD = '''"""{name}: say in one line what it does."""

import numpy as np

from omicsbench.plugin import method


@method(
    name="{name}",
    family="simple",  # or "deep"
    summary="Projection onto the directions between random pairs of training cells.",
    source="https://example.org/your-paper",
)
class {cls}:
    """Say what it is, with the source of its formula."""

    def __init__(self, n_components: int | None = None, random_state: int = 0) -> None:
        self.n_components = n_components  # None: the suite's latent size
        self.random_state = random_state

    def fit(self, X: np.ndarray) -> "{cls}":
        rng = np.random.default_rng(self.random_state)
        one, other = rng.integers(len(X), size=(2, self.n_components))
        self.mean_, self.axes_ = X.mean(axis=0), X[one] - X[other]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        return ((X - self.mean_) @ self.axes_.T).astype(np.float32)
'''

COUNT_METHOD = '''"""{name}: say in one line what it does."""

import numpy as np

from omicsbench.plugin import Counts, method


@method(
    name="{name}",
    family="simple",  # or "deep"
    summary="Random directions of log shares, centred by their means.",
    source="https://example.org/your-paper",
    reads="counts",
    # uses=("batch",),  # then fit(X, batch=codes) and transform(X, batch=codes)
)
class {cls}:
    """Say what it is, with the source of its formula. Only blocks of the counts are in memory."""

    def __init__(self, n_components: int | None = None, random_state: int = 0) -> None:
        self.n_components = n_components  # None: the suite's latent size
        self.random_state = random_state

    def fit(self, X: Counts) -> "{cls}":
        total = np.zeros(X.shape[1])
        for _, block in X.blocks():
            total += block.sum(axis=0)
        self.shares_ = total / X.totals.sum()
        rng = np.random.default_rng(self.random_state)
        self.axes_ = rng.standard_normal((X.shape[1], self.n_components))
        return self

    def transform(self, X: Counts) -> np.ndarray:
        placed = np.zeros((len(X), self.n_components), dtype=np.float32)
        for rows, block in X.blocks():
            shares = block / X.totals[rows, None]
            placed[rows] = (np.log1p(1e4 * shares) - np.log1p(1e4 * self.shares_)) @ self.axes_
        return placed
'''

REGRESSOR = '''"""{name}: say in one line what it does."""

import numpy as np

from omicsbench.plugin import method


@method(
    name="{name}",
    family="simple",  # or "deep"
    task="regress",
    summary="The mean target of the training cells that are nearest.",
    source="https://example.org/your-paper",
)
class {cls}:
    """Say what it is, with the source of its formula."""

    def __init__(self, neighbors: int = 10) -> None:
        self.neighbors = neighbors

    def fit(self, X: np.ndarray, y: np.ndarray) -> "{cls}":
        self.X_, self.y_ = X.copy(), y.copy()  # y: (n,), in the units of the data
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        distances = (X**2).sum(axis=1)[:, None] + (self.X_**2).sum(axis=1) - 2 * X @ self.X_.T
        nearest = np.argsort(distances, axis=1)[:, : self.neighbors]
        return self.y_[nearest].mean(axis=1).astype(np.float32)
'''

DATASET = '''"""{name}: say in one line what was measured, on what."""

import numpy as np

from omicsbench.plugin import dataset


@dataset(
    name="{name}",
    summary="Say what was measured, on what.",
    source="https://example.org/your-data",
    licence="CC BY 4.0",
    values="counts",  # or "log", "continuous"
    kind="simulated",  # or "real"
    label="group",
    provenance="simulated",  # or "author", "sorted", "gated", "computed"
)
def load(n: int = 500, seed: int = 0):
    """Two groups of cells that differ in the first ten of fifty genes."""
    from anndata import AnnData

    rng = np.random.default_rng(seed)
    group = rng.integers(2, size=n)
    rate = np.ones((n, 50))
    rate[:, :10] += 3 * group[:, None]
    adata = AnnData(rng.poisson(rate).astype(np.float32))
    adata.obs["group"] = np.where(group == 1, "high", "low")
    return adata
'''

METRIC = '''"""{name}: say in one line what it measures."""

import numpy as np

from omicsbench.plugin import Estimate, MetricUndefined, metric


@metric(
    title="Say it in the words of a table's heading",
    range=(0, 1),
    direction="max",  # or "min": smaller is better
    source="https://example.org/your-paper",
    group="neighbours",
    margin=0.01,  # a difference of no interest
)
def {name}(embedding: np.ndarray, expression: np.ndarray) -> Estimate:
    """Share of cells whose nearest cell in the embedding is their nearest in the data.

    embedding : (m, d) float32; expression : (m, p) float32. Range [0, 1], larger is better.
    """
    if len(embedding) < 5:
        raise MetricUndefined("fewer than 5 scored rows")
    kept = _nearest(embedding) == _nearest(expression)
    return Estimate.mean(kept.astype(float))  # a mean over cells has a standard error


def _nearest(X: np.ndarray) -> np.ndarray:
    X = X.astype(float)
    norms = (X**2).sum(axis=1)
    distances = norms[:, None] + norms - 2 * X @ X.T
    np.fill_diagonal(distances, np.inf)
    return distances.argmin(axis=1)
'''


def write_template(kind: str, name: str, folder: Path) -> Path:
    """Write ``folder/name.py``. Raises OmicsbenchError if it is there or the name will not do."""
    texts = {
        "method": METHOD,
        "count_method": COUNT_METHOD,
        "regressor": REGRESSOR,
        "dataset": DATASET,
        "metric": METRIC,
    }
    if kind not in texts:
        raise OmicsbenchError(f"Cannot write a {kind!r}; write one of {', '.join(texts)}.")
    if not NAME.fullmatch(name):
        raise OmicsbenchError(f"{name!r} is not a name: use lower-case letters, digits and _.")
    path = folder / f"{name}.py"
    if path.exists():
        raise OmicsbenchError(f"{path} is there already; choose another name.")
    cls = "".join(part.capitalize() for part in name.split("_"))
    write_text(path, texts[kind].format(name=name, cls=cls))
    return path
