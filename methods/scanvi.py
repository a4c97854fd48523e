"""scANVI: scVI whose latent space also tells the labels, as scvi-tools trains it."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._scvi_models import library, train
from omicsbench.plugin import Choice, Counts, Real, Whole, method

UNKNOWN = "unknown"  # to the library, the label of cells without one


@method(
    name="scanvi",
    family="deep",
    task="predict",
    summary="scANVI: scVI trained on, semi-supervised, with a classifier (scvi-tools).",
    source="https://doi.org/10.15252/msb.20209620",
    reads="counts",
    uses=("labels",),
    devices=("cpu", "cuda", "mps"),
    needs=("scvi",),
    space={
        "n_latent": Whole(10, 50, log=True),
        "n_hidden": Whole(64, 512, log=True),
        "dropout_rate": Real(0.0, 0.5),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "classification_ratio": Choice([10, 50, 100]),
    },
)
class Scanvi:
    """``scvi.model.SCANVI`` from a trained ``SCVI``, as the library advises.

    Rows without a label take part in training. Counts of the selected features are held in
    memory, sparse. scVI stops early by the bound of held-out rows. The library then trains
    scANVI for 10 epochs at most, which of 100 cells are 10 steps: here for at least
    ``min_steps``.

    Parameters
    ----------
    n_latent : dimensions in which classes are told apart; the rest is as in the library.
    classification_ratio : weight of the classifier's loss.
    max_steps : the budget of each of both trainings in mini-batches, where that is less than the
        epochs.
    min_steps : of scANVI.
    patience : epochs of scVI; the library's default.
    validation_fraction : share of the training rows held out for that; 0 trains on.
    """

    def __init__(
        self,
        n_latent: int = 10,
        n_layers: int = 1,
        n_hidden: int = 128,
        dropout_rate: float = 0.1,
        gene_likelihood: str = "zinb",
        classification_ratio: int = 50,
        learning_rate: float = 1e-3,
        batch_size: int = 128,
        max_steps: int = 50_000,
        min_steps: int = 200,
        patience: int = 45,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_latent = n_latent
        self.n_layers = n_layers
        self.n_hidden = n_hidden
        self.dropout_rate = dropout_rate
        self.gene_likelihood = gene_likelihood
        self.classification_ratio = classification_ratio
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.min_steps = min_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Counts, y: Array) -> Scanvi:
        y = np.asarray(y)
        self.classes_ = np.unique(y[y >= 0])
        with library(self.random_state) as scvi:
            known = _annotated(X, y)
            scvi.model.SCVI.setup_anndata(known, labels_key="label")
            first = scvi.model.SCVI(
                known,
                n_latent=self.n_latent,
                n_layers=self.n_layers,
                n_hidden=self.n_hidden,
                dropout_rate=self.dropout_rate,
                gene_likelihood=self.gene_likelihood,
            )
            pretraining = self._trained(first, early_stopping_patience=self.patience)
            self.model_ = scvi.model.SCANVI.from_scvi_model(first, UNKNOWN)
            per_epoch = -(-len(X) // self.batch_size)
            self.fit_info_ = self._trained(
                self.model_,
                max_epochs=max(10, -(-self.min_steps // per_epoch)),
                early_stopping=False,
                plan={"classification_ratio": self.classification_ratio},
            )
        self.fit_info_["pretraining"] = pretraining
        return self

    def predict_proba(self, X: Counts) -> Array:
        with library(self.random_state):
            unlabelled = _annotated(X, np.full(len(X), -1))
            found = self.model_.predict(unlabelled, soft=True)
        P = found[[str(code) for code in self.classes_]].to_numpy(dtype=np.float64)
        return np.asarray(P / P.sum(axis=1, keepdims=True))

    def _trained(self, model: Any, plan: Any = None, **own: Any) -> dict[str, Any]:
        return train(
            model,
            model.adata.n_obs,
            validation_fraction=self.validation_fraction,
            batch_size=self.batch_size,
            max_steps=self.max_steps,
            device=self.device,
            plan_kwargs={"lr": self.learning_rate, **(plan or {})},
            **own,
        )


def _annotated(X: Counts, y: Array) -> Any:
    """Cells with their labels as text."""
    from anndata import AnnData

    cells = AnnData(X.tocsr())
    cells.obs["label"] = [UNKNOWN if code < 0 else str(code) for code in y]
    return cells
