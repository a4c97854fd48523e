"""Variational autoencoder of values: the autoencoder with a prior on its latent space."""

from __future__ import annotations

from typing import Any

from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="vae",
    family="deep",
    summary="Variational autoencoder with a normal likelihood, the size of whose noise is learnt.",
    source="https://arxiv.org/abs/1312.6114",
    accepts_sparse=True,
    streams=True,
    invertible=True,
    devices=("cpu", "cuda", "mps"),
    control_if=(("depth", 0),),
    needs=("torch",),
    # Not depth, which names a contestant, nor the training budget.
    space={
        "width": Whole(64, 1024, log=True),
        "beta": Real(1e-3, 10.0, log=True),
        "activation": Choice(["elu", "relu", "silu", "tanh"]),
        "batch_norm": Choice([True, False]),
        "dropout": Real(0.0, 0.5),
        "weight_decay": Choice([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "batch_size": Choice([32, 64, 128, 256]),
    },
)
class Vae(Autoencoder):
    """``autoencoder`` whose latent places are normal; a cell's embedding is the mean of its own.

    The noise about the features is of one size, the most likely one (arXiv 2006.13202). The other
    parameters are those of ``autoencoder``.

    Parameters
    ----------
    beta : weight of the divergence from the prior; 1 is the evidence bound, which keeps less of the
        features and of who lies beside whom.
    """

    def __init__(
        self,
        n_components: int | None = None,
        depth: int = 2,
        width: int = 512,
        beta: float = 0.01,
        activation: str = "elu",
        batch_norm: bool = True,
        dropout: float = 0.0,
        weight_decay: float = 0.0,
        learning_rate: float = 1e-3,
        batch_size: int = 128,
        max_steps: int = 50_000,
        patience: int = 10,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(
            n_components=n_components,
            depth=depth,
            width=width,
            activation=activation,
            batch_norm=batch_norm,
            dropout=dropout,
            weight_decay=weight_decay,
            learning_rate=learning_rate,
            batch_size=batch_size,
            max_steps=max_steps,
            patience=patience,
            validation_fraction=validation_fraction,
            random_state=random_state,
            device=device,
        )
        self.beta = beta

    def fit(self, X: Any) -> Vae:
        from omicsbench.methods._training import fallen
        from omicsbench.methods._variants import Variational, train

        self.net_, self.fit_info_ = train(
            self, X, Variational, lambda net, x: net.loss(x, self.beta), fallen
        )
        return self
