"""scVI and scANVI told of the batch: the decoder explains it, so that cells' places need not."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._batch_counts import SPACE, UNKNOWN, BatchModel, as_known
from omicsbench.methods._common import Array
from omicsbench.plugin import Counts, method


@method(
    name="batch_scvi",
    family="deep",
    task="batch",
    summary="scVI whose decoder is told the batch (scvi-tools).",
    source="https://doi.org/10.1038/s41592-018-0229-2",
    reads="counts",
    uses=("batch",),
    devices=("cpu", "cuda", "mps"),
    needs=("scvi",),
    space=SPACE,
)
class BatchScvi(BatchModel):
    """``scvi.model.SCVI`` with a batch key; a cell's embedding is the mean of its posterior.

    The encoder is not told the batch, the library's default: so cells of any batch can be placed,
    new ones as well. Counts are held in memory, sparse.

    Parameters
    ----------
    n_layers, n_hidden, dropout_rate, gene_likelihood : as in the library, but for two layers and
        a negative binomial, which its authors advise for integration.
    max_steps : the training budget in mini-batches, where that is less than the library's epochs.
    patience : epochs without progress on held-out rows; the library's default.
    validation_fraction : share of the training rows held out for that; 0 trains on.
    """

    def __init__(
        self,
        n_components: int | None = None,
        n_layers: int = 2,
        n_hidden: int = 128,
        dropout_rate: float = 0.1,
        gene_likelihood: str = "nb",
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
        self.gene_likelihood = gene_likelihood
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Counts, batch: Array) -> BatchScvi:
        self._learn(X, batch)
        return self

    def transform(self, X: Counts, batch: Array) -> Array:
        return self._encoded(X, as_known(batch, self.codes_))

    def _fitted(self, scvi: Any, cells: Any, k: int) -> dict[str, Any]:
        scvi.model.SCVI.setup_anndata(cells, batch_key="batch", labels_key="label")
        self.model_ = scvi.model.SCVI(
            cells,
            n_latent=k,
            n_layers=self.n_layers,
            n_hidden=self.n_hidden,
            dropout_rate=self.dropout_rate,
            gene_likelihood=self.gene_likelihood,
        )
        return dict(self._trained(self.model_))


@method(
    name="batch_scanvi",
    family="deep",
    task="batch",
    summary="scANVI told of the batch and of the training cells' labels (scvi-tools).",
    source="https://doi.org/10.15252/msb.20209620",
    reads="counts",
    uses=("batch", "labels"),
    devices=("cpu", "cuda", "mps"),
    needs=("scvi",),
    space=SPACE,
)
class BatchScanvi(BatchScvi):
    """``batch_scvi`` trained on with a classifier: labels of training cells shape the space.

    It sees what other methods of its task do not, and scores by labels are to be read so. Without
    two labels among the training cells it remains ``batch_scvi``.

    Parameters
    ----------
    min_steps : of the second training, which in the library takes 10 epochs at most.
    """

    def __init__(
        self,
        n_components: int | None = None,
        n_layers: int = 2,
        n_hidden: int = 128,
        dropout_rate: float = 0.1,
        gene_likelihood: str = "nb",
        learning_rate: float = 1e-3,
        batch_size: int = 128,
        max_steps: int = 50_000,
        min_steps: int = 200,
        patience: int = 45,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(
            n_components=n_components,
            n_layers=n_layers,
            n_hidden=n_hidden,
            dropout_rate=dropout_rate,
            gene_likelihood=gene_likelihood,
            learning_rate=learning_rate,
            batch_size=batch_size,
            max_steps=max_steps,
            patience=patience,
            validation_fraction=validation_fraction,
            random_state=random_state,
            device=device,
        )
        self.min_steps = min_steps

    def fit(self, X: Counts, batch: Array, labels: Array) -> BatchScanvi:
        self._learn(X, batch, labels)
        return self

    def _fitted(self, scvi: Any, cells: Any, k: int) -> dict[str, Any]:
        pretraining = super()._fitted(scvi, cells, k)
        if len(set(cells.obs["label"]) - {UNKNOWN}) < 2:
            return pretraining
        self.model_ = scvi.model.SCANVI.from_scvi_model(self.model_, UNKNOWN)
        per_epoch = -(-cells.n_obs // self.batch_size)
        epochs = max(10, -(-self.min_steps // per_epoch))
        found = self._trained(self.model_, stops=False, max_epochs=epochs)
        return {**found, "pretraining": pretraining}
