"""Latent Dirichlet allocation: every count of a cell comes from one of a few topics."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Choice, Counts, Real, method


@method(
    name="lda",
    family="simple",
    summary="Topics of counts by variational Bayes (scikit-learn); a cell is its shares of topics.",
    source="https://doi.org/10.1371/journal.pgen.1006599",
    reads="counts",
    needs=("sklearn",),
    space={
        "doc_topic_prior": Choice([None, 0.01, 0.1, 1.0]),
        "learning_decay": Real(0.51, 1.0),
    },
)
class Lda:
    """scikit-learn's online variational Bayes, which holds the counts in memory as CSR.

    Shares of topics sum to 1, so that k topics span k - 1 dimensions.

    Parameters
    ----------
    doc_topic_prior : of the Dirichlet distribution of a cell's topics; None is 1 / k.
    learning_decay : how fast later batches of cells count for less.
    max_iter : passes over the cells.
    """

    def __init__(
        self,
        n_components: int | None = None,
        doc_topic_prior: float | None = None,
        learning_decay: float = 0.7,
        max_iter: int = 10,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.doc_topic_prior = doc_topic_prior
        self.learning_decay = learning_decay
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Counts) -> Lda:
        from sklearn.decomposition import LatentDirichletAllocation

        self.model_ = LatentDirichletAllocation(
            latent(self.n_components),
            doc_topic_prior=self.doc_topic_prior,
            learning_method="online",
            learning_decay=self.learning_decay,
            max_iter=self.max_iter,
            random_state=self.random_state,
        ).fit(X.tocsr())
        self.fit_info_ = {"iterations": int(self.model_.n_iter_)}
        return self

    def transform(self, X: Counts) -> Array:
        return np.asarray(self.model_.transform(X.tocsr()), dtype=np.float32)
