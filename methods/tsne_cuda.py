"""t-SNE on a GPU, by RAPIDS cuML."""

from __future__ import annotations

import math

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.methods._in_picture import placed_among
from omicsbench.plugin import Real, method

MOST_NEIGHBORS = 1023  # that cuML searches


@method(
    name="tsne_cuda",
    family="simple",
    summary="t-SNE on a GPU from a PCA start (RAPIDS cuML); unseen rows are placed by openTSNE.",
    source="https://doi.org/10.1016/j.jpdc.2019.04.008",
    keeps_embedding=True,
    devices=("cuda",),
    needs=("cuml", "openTSNE"),
    space={"perplexity": Real(5, 100, log=True)},
)
class TsneCuda:
    """cuML's t-SNE by its grid of forces, with tsne's start and perplexity.

    cuML learns by n/12 for 250 steps, as tsne does, and by twice as much for the 750 that follow
    (tsne takes 500). It says of itself that a seed does not wholly make it repeat itself, and makes
    pictures of two dimensions alone. Rows that it has not seen it cannot place: they are placed on
    the processor, as those of tsne_knn.

    Parameters
    ----------
    perplexity : capped at a third of the other rows, as of tsne, and at 341: cuML searches at most
        1,023 neighbours.
    """

    def __init__(
        self,
        n_components: int = 2,
        perplexity: float = 30,
        random_state: int = 0,
        device: str = "cuda",
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.random_state = random_state
        self.device = device

    def fit(self, X: Array) -> TsneCuda:
        if self.n_components != 2:
            raise ValueError(
                f"tsne_cuda makes 2 dimensions, not {self.n_components}; use tsne for others."
            )
        from cuml.manifold import TSNE

        self.rows_ = np.array(X, dtype=np.float32, order="C")
        n = len(self.rows_)
        perplexity = min(self.perplexity, (n - 1) / 3, MOST_NEIGHBORS / 3)
        made = TSNE(
            n_components=self.n_components,
            perplexity=perplexity,
            n_neighbors=min(math.ceil(3 * perplexity), MOST_NEIGHBORS),
            init="pca",
            learning_rate=n / 12,
            learning_rate_method="none",  # cuML's own takes other neighbours than are asked for
            random_state=self.random_state,
            output_type="numpy",
        )
        placed = np.asarray(made.fit_transform(self.rows_), dtype=np.float64)
        self.embedding_ = (placed - (placed.max(axis=0) + placed.min(axis=0)) / 2).astype("float32")
        self.fit_info_ = {"perplexity": perplexity, "learning_rate": n / 12}
        return self

    def transform(self, X: Array) -> Array:
        from openTSNE import TSNEEmbedding
        from openTSNE.affinity import PrecomputedAffinities
        from scipy.sparse import csr_matrix

        n = len(self.embedding_)
        at_rest = PrecomputedAffinities(csr_matrix((n, n)), normalize=False)
        picture = TSNEEmbedding(self.embedding_, at_rest, n_jobs=threads())
        return placed_among(picture, self.rows_, X)
