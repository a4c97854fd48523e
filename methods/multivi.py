"""MultiVI: RNA and open chromatin of the same cells, as scvi-tools trains it."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._scvi_models import PairedModel, train
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="multivi",
    family="deep",
    task="integrate",
    summary="MultiVI: a variational autoencoder of RNA counts and open peaks (scvi-tools).",
    source="https://doi.org/10.1038/s41592-023-01909-9",
    takes=("counts", "binary"),
    devices=("cpu", "cuda", "mps"),
    needs=("scvi", "mudata"),
    space={
        "n_layers": Whole(1, 3),
        "dropout_rate": Real(0.0, 0.5),
        "gene_likelihood": Choice(["nb", "zinb"]),
        "learning_rate": Real(5e-5, 5e-3, log=True),
        "batch_size": Choice([32, 64, 128, 256]),
    },
)
class Multivi(PairedModel):
    """``scvi.model.MULTIVI``; a cell's embedding is the mean of its joint posterior.

    Counts of the selected genes and presence of the selected peaks; modalities of other kinds
    are not used. All cells have both, so nothing is gained by the library's game against a
    classifier of modalities, and it is not played. The library trains for up to 500 epochs and
    stops when held-out rows have not become likelier for 50 of them.

    Parameters
    ----------
    n_layers : of encoder and decoder each, as wide as the root of the number of peaks.
    dropout_rate, gene_likelihood, learning_rate, batch_size : as in the library, with its defaults.
    max_steps : the training budget in mini-batches, where that is less than the library's epochs.
    validation_fraction : share of the training rows held out for early stopping; 0 trains on.
    """

    second = ("atac", "binary")

    def __init__(
        self,
        n_components: int | None = None,
        n_layers: int = 2,
        dropout_rate: float = 0.1,
        gene_likelihood: str = "zinb",
        learning_rate: float = 1e-4,
        batch_size: int = 128,
        max_steps: int = 50_000,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.n_layers = n_layers
        self.dropout_rate = dropout_rate
        self.gene_likelihood = gene_likelihood
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def _make(self, scvi: Any, known: Any, k: int) -> Any:
        make = scvi.model.MULTIVI
        make.setup_mudata(known, modalities={"rna_layer": "rna", "atac_layer": "atac"})
        return make(
            known,
            n_latent=k,
            n_layers_encoder=self.n_layers,
            n_layers_decoder=self.n_layers,
            dropout_rate=self.dropout_rate,
            gene_likelihood=self.gene_likelihood,
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
            adversarial_mixing=False,
        )
