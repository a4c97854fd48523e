"""Denoising autoencoder: the autoencoder that must fill in what was masked of its input."""

from __future__ import annotations

from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="denoising_autoencoder",
    family="deep",
    summary="Dense autoencoder trained to rebuild rows of which a part is masked.",
    source="https://doi.org/10.1145/1390156.1390294",
    accepts_sparse=True,
    streams=True,
    invertible=True,
    devices=("cpu", "cuda", "mps"),
    control_if=(("depth", 0),),
    needs=("torch",),
    # Not depth, which names a contestant, nor the training budget.
    space={
        "width": Whole(64, 1024, log=True),
        "masked": Real(0.05, 0.7),
        "activation": Choice(["elu", "relu", "silu", "tanh"]),
        "batch_norm": Choice([True, False]),
        "dropout": Real(0.0, 0.5),
        "weight_decay": Choice([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "batch_size": Choice([32, 64, 128, 256]),
    },
)
class DenoisingAutoencoder(Autoencoder):
    """``autoencoder`` with a share of its input masked by default; the parameters are its own."""

    def __init__(
        self,
        n_components: int | None = None,
        depth: int = 2,
        width: int = 512,
        masked: float = 0.3,
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
            masked=masked,
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
