"""totalVI: RNA and surface proteins of the same cells, as scvi-tools trains it."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._scvi_models import PairedModel, looks, train
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="totalvi",
    family="deep",
    task="integrate",
    summary="totalVI: a variational autoencoder of RNA counts and protein counts (scvi-tools).",
    source="https://doi.org/10.1038/s41592-020-01050-x",
    takes=("counts", "proteins"),
    devices=("cpu", "cuda", "mps"),
    needs=("scvi", "mudata"),
    space={
        "n_hidden": Whole(64, 512, log=True),
        "dropout_rate": Real(0.0, 0.5),
        "gene_likelihood": Choice(["nb", "zinb"]),
        "learning_rate": Real(1e-3, 1e-2, log=True),
        "batch_size": Choice([64, 128, 256]),
    },
)
class Totalvi(PairedModel):
    """``scvi.model.TOTALVI``; a cell's embedding is the mean of its posterior.

    Counts of the selected genes and of all proteins; modalities of other kinds are not used.
    The library trains for up to 400 epochs and stops when the bound of held-out rows has not
    improved for 45 of them.

    Parameters
    ----------
    n_hidden, dropout_rate, gene_likelihood, learning_rate, batch_size : as in the library, with
        its defaults; two hidden layers in the encoder, one in the decoder.
    max_steps : the training budget in mini-batches, where that is less than the library's epochs.
    patience : epochs; the library's default.
    validation_fraction : share of the training rows held out for that; 0 trains on.
    """

    second = ("protein", "proteins")

    def __init__(
        self,
        n_components: int | None = None,
        n_hidden: int = 256,
        dropout_rate: float = 0.2,
        gene_likelihood: str = "nb",
        learning_rate: float = 4e-3,
        batch_size: int = 256,
        max_steps: int = 50_000,
        patience: int = 45,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
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

    def _make(self, scvi: Any, known: Any, k: int) -> Any:
        make = scvi.model.TOTALVI
        make.setup_mudata(known, modalities={"rna_layer": "rna", "protein_layer": "protein"})
        return make(
            known,
            n_latent=k,
            n_hidden=self.n_hidden,
            dropout_rate_encoder=self.dropout_rate,
            dropout_rate_decoder=self.dropout_rate,
            gene_likelihood=self.gene_likelihood,
            override_missing_proteins=True,  # one that no training cell has is measured, at 0
        )

    def _train(self, n: int) -> dict[str, Any]:
        return train(
            self.model_,
            n,
            validation_fraction=self.validation_fraction,
            batch_size=self.batch_size,
            max_steps=self.max_steps,
            device=self.device,
            lr=self.learning_rate,
            # The learning rate is lowered by the loss of held-out rows.
            reduce_lr_on_plateau=looks(
                n, self.validation_fraction, self.batch_size, self.max_steps
            ),
            logger=None,  # the library's own, in memory: the rate's steps are noted there
            early_stopping_patience=self.patience,
        )
