"""t-SNE of very many rows: equal weights of neighbours in place of a perplexity's own."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._coarse import begun
from omicsbench.methods._common import Array, threads
from omicsbench.methods._fast_neighbors import EXACT
from omicsbench.methods._in_picture import directed, placed_among
from omicsbench.methods._some_neighbors import some_of_nearest
from omicsbench.plugin import Real, Whole, method

WHOLE = 200_000  # rows, up to which all begin together
SETTLING = 250  # steps of all rows from the picture of a tenth of them


@method(
    name="tsne_knn",
    family="simple",
    summary="t-SNE that weighs neighbours alike, or a sample of them (openTSNE, manifolds-rs).",
    source="https://doi.org/10.48550/arXiv.2007.08902",
    keeps_embedding=True,
    needs=("manifolds_rs", "openTSNE"),
    switches=(EXACT,),  # beyond WHOLE nothing else is loaded, and so many rows would warm up long
    space={"n_neighbors": Whole(5, 100, log=True), "exaggeration": Real(1, 4)},
)
class TsneKnn:
    """``tsne`` with the weights of the attraction-repulsion spectrum (Boehm et al. 2022).

    A row attracts its neighbours equally, where a perplexity has the near ones attract more and
    reaches three times as far: fewer pairs, so fewer neighbours to find and less time a step. More
    than ``WHOLE`` rows begin at the picture of a tenth of them (Kobak & Berens 2019,
    https://doi.org/10.1038/s41467-019-13056-x), without early exaggeration.

    Parameters
    ----------
    n_neighbors : 15 looks much like a perplexity of 30.
    sampled : so many of a row's neighbours, drawn at random, attract it; all, if None. What a
        large neighbourhood does to the picture stays, at a few pairs a row (Linderman et al.
        2017, "Randomized near neighbor graphs, giant components"). Of many rows they are the
        nearest in random parts of all, as the search of a large neighbourhood would take longest.
    """

    def __init__(
        self,
        n_components: int = 2,
        n_neighbors: int = 15,
        sampled: int | None = None,
        exaggeration: float = 1,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.sampled = sampled
        self.exaggeration = exaggeration
        self.random_state = random_state

    def fit(self, X: Array) -> TsneKnn:
        self.rows_ = np.array(X, dtype=np.float32, order="C")
        n = len(self.rows_)
        k = min(self.n_neighbors, n - 1)
        if self.sampled is not None and self.sampled < 1:
            raise ValueError(f"sampled={self.sampled}: give 1 or more of the neighbours")
        some = k if self.sampled is None else min(self.sampled, k)
        neighbors, filled = some_of_nearest(self.rows_, k, some, self.random_state)
        self.tsne_ = self._at_rest(self.rows_, neighbors)
        self.tsne_ -= (self.tsne_.max(axis=0) + self.tsne_.min(axis=0)) / 2
        self.embedding_ = np.array(self.tsne_, dtype=np.float32)
        self.fit_info_ = {
            "n_neighbors": k,
            "neighbors_filled": filled,
            "pairs": neighbors.size,
            "start": "pca" if n <= WHOLE else "sample",
            "kl_divergence": float(self.tsne_.kl_divergence),
        }
        return self

    def _at_rest(self, X: Array, neighbors: Array) -> Any:
        """openTSNE's picture of rows that these (n, k) attract."""
        from openTSNE import TSNE, TSNEEmbedding
        from openTSNE.affinity import PrecomputedAffinities
        from openTSNE.initialization import pca

        n = len(X)
        how = {
            "learning_rate": n / 12,  # as of tsne, where it is told why
            "random_state": self.random_state,
            "n_jobs": threads(),
        }
        if n <= WHOLE:
            model = TSNE(self.n_components, exaggeration=self.exaggeration, **how)
            start = pca(X, self.n_components, random_state=self.random_state)
            affinities = PrecomputedAffinities(attraction(neighbors, n))
            return model.fit(affinities=affinities, initialization=start)

        def lay_out(rows: Array, near: Array, _: Array) -> Array:
            return np.array(self._at_rest(rows, near.astype(np.int32)), dtype=np.float32)

        begin = begun(X, neighbors, lay_out, self.random_state)
        picture = TSNEEmbedding(begin, PrecomputedAffinities(attraction(neighbors, n)), **how)
        settling = {"exaggeration": self.exaggeration, "momentum": 0.8, "inplace": True}
        return picture.optimize(SETTLING, propagate_exception=True, **settling)

    def transform(self, X: Array) -> Array:
        return placed_among(self.tsne_, self.rows_, X)


def attraction(neighbors: Array, n: int) -> Any:
    """CSR (n, n): both directions of every pair, added up where a pair is there more than once."""
    pairs = directed(neighbors, n)
    return (pairs + pairs.T).tocsr()
