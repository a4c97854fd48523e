"""t-SNE: a picture that keeps neighbours together."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, threads
from omicsbench.plugin import Real, method


@method(
    name="tsne",
    family="simple",
    summary="t-SNE from a PCA start, with a transform for unseen rows (openTSNE).",
    source="https://doi.org/10.18637/jss.v109.i03",
    keeps_embedding=True,
    needs=("openTSNE",),
    # openTSNE's neighbours turn approximate at 1,000 rows, its gradient at 10,000.
    switches=(1_000, 10_000),
    space={"perplexity": Real(5, 100, log=True), "exaggeration": Real(1, 4)},
)
class Tsne:
    """openTSNE, set up as advised for single cells by Kobak & Berens (2019).

    Parameters
    ----------
    perplexity : capped at a third of the other rows, which is the most that t-SNE can use.
    learning_rate : ``"n/12"``, with no floor: the usual floor of 200 throws the points apart at
        20 or 30 rows (worse divergence, a picture ten times as wide) and gains nothing above.
        ``"auto"`` is openTSNE's own: n/12 at first, n after the early exaggeration.
    exaggeration : attraction kept up in the main phase; 4 is advised for very large n.
    """

    def __init__(
        self,
        n_components: int = 2,
        perplexity: float = 30,
        learning_rate: float | str = "n/12",
        exaggeration: float = 1,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.learning_rate = learning_rate
        self.exaggeration = exaggeration
        self.random_state = random_state

    def fit(self, X: Array) -> Tsne:
        from openTSNE import TSNE

        n = len(X)
        perplexity = min(self.perplexity, (n - 1) / 3)
        rate = n / 12 if self.learning_rate == "n/12" else self.learning_rate
        self.tsne_ = TSNE(
            n_components=self.n_components,
            perplexity=perplexity,
            learning_rate=rate,
            exaggeration=self.exaggeration,
            initialization="pca",
            random_state=self.random_state,
            n_jobs=threads(),
        ).fit(X)
        # openTSNE centres the picture in place when it first transforms; so once, here.
        self.tsne_ -= (self.tsne_.max(axis=0) + self.tsne_.min(axis=0)) / 2
        self.embedding_ = np.array(self.tsne_, dtype=np.float32)
        self.fit_info_ = {
            "perplexity": perplexity,
            "learning_rate": rate,
            "kl_divergence": float(self.tsne_.kl_divergence),
        }
        return self

    def transform(self, X: Array) -> Array:
        # 5 is openTSNE's default for new points, whose neighbours are all in the picture.
        perplexity = min(5, self.fit_info_["perplexity"])
        placed: Any = self.tsne_.transform(X, perplexity=perplexity)
        return np.array(placed, dtype=np.float32)
