"""scVI and its linear relative LDVAE, as scvi-tools trains them, but for early stopping."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Choice, Counts, Dimension, Real, Whole, method

# Not layers, which name a contestant, nor the training budget.
SPACE: dict[str, Dimension] = {
    "n_hidden": Whole(64, 512, log=True),
    "dropout_rate": Real(0.0, 0.5),
    "gene_likelihood": Choice(["nb", "zinb"]),
    "learning_rate": Real(1e-4, 1e-2, log=True),
    "batch_size": Choice([32, 64, 128, 256]),
}


@method(
    name="scvi",
    family="deep",
    summary="scVI: a variational autoencoder of counts (scvi-tools).",
    source="https://doi.org/10.1038/s41592-018-0229-2",
    reads="counts",
    devices=("cpu", "cuda", "mps"),
    needs=("scvi",),
    space=SPACE,
)
class Scvi:
    """``scvi.model.SCVI``; a cell's embedding is the mean of its posterior.

    Counts of the selected features are held in memory, sparse. The library trains for up to 400
    epochs, fewer from 20,000 cells on, and does not stop early unless told; here it stops when
    the bound of held-out rows has not improved for ``patience`` epochs, and keeps the weights that
    did best.

    Parameters
    ----------
    n_layers, n_hidden, dropout_rate, gene_likelihood : as in the library, with its defaults.
    max_steps : the training budget in mini-batches, where that is less than the library's epochs.
    patience : epochs; the library's default.
    validation_fraction : share of the training rows held out for that; 0 trains on.
    """

    def __init__(
        self,
        n_components: int | None = None,
        n_layers: int = 1,
        n_hidden: int = 128,
        dropout_rate: float = 0.1,
        gene_likelihood: str = "zinb",
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

    def fit(self, X: Counts) -> Scvi:
        k = latent(self.n_components)
        scvi = _quiet()
        from omicsbench.methods._best_weights import BestWeights
        from omicsbench.methods._torch import seeded

        held = int(len(X) * self.validation_fraction)
        training = len(X) - held
        with seeded(self.random_state), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scvi.settings.seed = self.random_state
            known = _annotated(X)
            make = self._make(scvi)
            make.setup_anndata(known)
            best = BestWeights("elbo_validation")
            self.model_ = model = make(
                known,
                n_latent=k,
                n_layers=self.n_layers,
                n_hidden=self.n_hidden,
                dropout_rate=self.dropout_rate,
                gene_likelihood=self.gene_likelihood,
            )
            model.train(
                max_steps=self.max_steps,
                train_size=training / len(X),
                validation_size=held / len(X),
                batch_size=self.batch_size,
                # Batch norm cannot train on a batch of one row.
                datasplitter_kwargs={"drop_last": training % self.batch_size == 1},
                early_stopping=held > 0,
                early_stopping_patience=self.patience,
                callbacks=[best] if held else [],
                plan_kwargs={"lr": self.learning_rate},
                accelerator={"cuda": "gpu"}.get(self.device, self.device),
                devices=1,
                enable_progress_bar=False,
                logger=False,
            )
            steps, epochs = model.trainer.global_step, model.trainer.current_epoch
        model.trainer = None  # which cannot be pickled
        self.fit_info_ = {
            "training_rows": training,
            "validation_rows": held,
            "steps": steps,
            "epochs": epochs,
            "validation_loss": best.loss if best.state else None,
            "parameters": sum(p.numel() for p in model.module.parameters()),
        }
        return self

    def transform(self, X: Counts) -> Array:
        _quiet()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            Z = self.model_.get_latent_representation(_annotated(X))
        return np.asarray(Z, dtype=np.float32)

    def _make(self, scvi: Any) -> Any:
        return scvi.model.SCVI


@method(
    name="ldvae",
    family="deep",
    summary="LDVAE: scVI with a linear decoder, whose loadings can be read (scvi-tools).",
    source="https://doi.org/10.1093/bioinformatics/btaa169",
    reads="counts",
    devices=("cpu", "cuda", "mps"),
    needs=("scvi",),
    space=SPACE,
)
class Ldvae(Scvi):
    """``scvi.model.LinearSCVI``; the parameters are those of ``scvi``.

    Parameters
    ----------
    gene_likelihood : as in the library, ``nb`` by default.
    """

    def __init__(
        self,
        n_components: int | None = None,
        n_layers: int = 1,
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

    def _make(self, scvi: Any) -> Any:
        return scvi.model.LinearSCVI


def _quiet() -> Any:
    """scvi-tools, which says nothing but errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import scvi
    for name in ("scvi", "lightning", "lightning.fabric", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return scvi


def _annotated(X: Counts) -> Any:
    from anndata import AnnData

    return AnnData(X.tocsr())
