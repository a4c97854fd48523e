"""What the models of counts in batches share: cells with batches and labels for scvi-tools."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.methods._scvi_models import library, train
from omicsbench.plugin import Choice, Counts, Dimension, Real, Whole

UNKNOWN = "unknown"  # to the library, the label of cells without one
# Not layers, which name a contestant, nor the training budget.
SPACE: dict[str, Dimension] = {
    "n_hidden": Whole(64, 512, log=True),
    "dropout_rate": Real(0.0, 0.5),
    "learning_rate": Real(1e-4, 1e-2, log=True),
    "batch_size": Choice([32, 64, 128, 256]),
}


class BatchModel:
    """A model of scvi-tools that is trained with batches, and encodes cells.

    A class of it makes and trains the library's model in ``_fitted``.
    """

    n_components: int | None
    random_state: int
    device: str
    learning_rate: float
    batch_size: int
    max_steps: int
    patience: int
    validation_fraction: float

    def _fitted(self, scvi: Any, cells: Any, k: int) -> dict[str, Any]:
        """Set ``model_``; what is to be recorded."""
        raise NotImplementedError

    def _values(self, X: Counts) -> Any:
        """What the library is given of cells: their counts, sparse."""
        return X.tocsr()

    def _learn(self, X: Counts, batch: Array, labels: Array | None = None) -> Any:
        k = latent(self.n_components)
        self.codes_ = np.unique(batch)
        with library(self.random_state) as scvi:
            self.fit_info_ = self._fitted(scvi, self._cells(X, batch, labels), k)
        self.fit_info_["batches"] = len(self.codes_)
        return self

    def _encoded(self, X: Counts, batch: Array) -> Array:
        """Means of the posteriors, (m, d) float32, of cells of batches of training."""
        with library(self.random_state):
            Z = self.model_.get_latent_representation(self._cells(X, batch))
        return np.asarray(Z, dtype=np.float32)

    def _cells(self, X: Counts, batch: Array, labels: Array | None = None) -> Any:
        from anndata import AnnData
        from pandas import Categorical

        codes = np.full(len(X), -1) if labels is None else labels
        cells = AnnData(self._values(X))
        cells.obs["batch"] = Categorical(batch.astype(str), self.codes_.astype(str))
        cells.obs["label"] = [UNKNOWN if code < 0 else str(code) for code in codes]
        return cells

    def _trained(self, model: Any, stops: bool = True, plan: Any = None, **own: Any) -> Any:
        early = {"early_stopping_patience": self.patience} if stops else {"early_stopping": False}
        return train(
            model,
            model.adata.n_obs,
            validation_fraction=self.validation_fraction,
            batch_size=self.batch_size,
            max_steps=self.max_steps,
            device=self.device,
            plan_kwargs={"lr": self.learning_rate, **(plan or {})},
            **early,
            **own,
        )


def as_known(batch: Array, known: Array) -> Array:
    """The codes, those of new batches replaced by the first known one."""
    return np.where(np.isin(batch, known), batch, known[0])
