"""SysVI: a conditional autoencoder for batches that lie far apart, such as species or protocols."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._batch_counts import SPACE, BatchModel
from omicsbench.methods._common import Array
from omicsbench.methods._count_pca import log_normalised
from omicsbench.plugin import Choice, Counts, method


@method(
    name="sysvi",
    family="deep",
    task="batch",
    summary="SysVI: VampPrior and cycle consistency between batches, on log counts (scvi-tools).",
    source="https://doi.org/10.1101/2023.11.03.565463",
    reads="counts",
    uses=("batch",),
    devices=("cpu", "cuda", "mps"),
    needs=("scvi",),
    space=SPACE | {"cycle_weight": Choice([1.0, 2.0, 5.0, 10.0])},
)
class Sysvi(BatchModel):
    """``scvi.external.SysVI``; a cell's embedding is the mean of its posterior.

    On log(1 + counts per 10,000). Its encoder is told the batch, and knows nothing of new ones: a
    cell of a new batch is placed as if it were of each batch of training in turn, and lies at
    the mean of these places. Values are held in memory.

    Parameters
    ----------
    n_layers, n_hidden, dropout_rate, cycle_weight : as in the library, with its defaults.
    max_steps : the training budget in mini-batches, where that is less than the library's epochs.
    patience : epochs without progress on held-out rows; the library's default.
    validation_fraction : share of the training rows held out for that; 0 trains on.
    """

    def __init__(
        self,
        n_components: int | None = None,
        n_layers: int = 2,
        n_hidden: int = 256,
        dropout_rate: float = 0.1,
        cycle_weight: float = 2.0,
        learning_rate: float = 1e-3,
        batch_size: int = 128,
        max_steps: int = 50_000,
        patience: int = 45,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.n_layers = n_layers
        self.n_hidden = n_hidden
        self.dropout_rate = dropout_rate
        self.cycle_weight = cycle_weight
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Counts, batch: Array) -> Sysvi:
        if len(np.unique(batch)) < 2:
            raise ValueError("the training cells are of one batch; sysvi needs two or more")
        self._learn(X, batch)
        return self

    def transform(self, X: Counts, batch: Array) -> Array:
        Z = np.empty((len(X), self.n_components or 0), dtype=np.float32)
        known = np.isin(batch, self.codes_)
        if known.any():
            Z[known] = self._encoded(X.some(known), batch[known])
        if not known.all():
            new = X.some(~known)
            places = [self._encoded(new, np.full(len(new), code)) for code in self.codes_]
            Z[~known] = np.mean(places, axis=0)
        return Z

    def _values(self, X: Counts) -> Any:
        return log_normalised(X.toarray(), X.totals)

    def _fitted(self, scvi: Any, cells: Any, k: int) -> dict[str, Any]:
        make = scvi.external.SysVI
        make.setup_anndata(cells, batch_key="batch")
        self.model_ = make(
            cells,
            n_latent=k,
            n_layers=self.n_layers,
            n_hidden=self.n_hidden,
            dropout_rate=self.dropout_rate,
        )
        return dict(self._trained(self.model_, plan={"z_distance_cycle_weight": self.cycle_weight}))
