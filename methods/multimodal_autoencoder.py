"""Multimodal autoencoder: one latent space for several modalities, each with its own likelihood."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Choice, Modalities, Real, Whole, method

LOSSES = ("likelihood", "mse")


@method(
    name="multimodal_autoencoder",
    family="deep",
    task="integrate",
    summary="Encoder and decoder per modality around one latent space, a likelihood for each.",
    source="https://doi.org/10.1073/pnas.2023070118",
    invertible=True,
    partial=True,
    devices=("cpu", "cuda", "mps"),
    control_if=(("depth", 0),),
    needs=("torch",),
    # Not depth, which names a contestant, nor the training budget.
    space={
        "width": Whole(64, 1024, log=True),
        "activation": Choice(["elu", "relu", "silu", "tanh"]),
        "batch_norm": Choice([True, False]),
        "dropout": Real(0.0, 0.5),
        "modality_dropout": Real(0.0, 0.6),
        "loss": Choice(["likelihood", "mse"]),
        "weight_decay": Choice([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "batch_size": Choice([32, 64, 128, 256]),
    },
)
class MultimodalAutoencoder:
    """A cell lies at the mean of what its modalities' encoders say; each decoder starts there.

    Encoders are fed with centred values and end in a linear layer, so the mean over all
    modalities is a shared linear bottleneck, and the mean over some embeds a cell whose other
    modalities are missing.

    Each loss is a mean over features, divided by the loss of the mean model, so that every
    modality starts from 1 and none is drowned. For ``normal`` it is the squared error of
    values. Otherwise it is the deviance of raw: by a negative binomial of mean depth x
    exp(decoder) and a learnt dispersion per feature, or by a Bernoulli. A second, linear
    output on the decoder's last hidden layer then predicts ``values`` for
    ``inverse_transform``; its squared error trains that output alone and leaves the latent
    space to the likelihood. (No formula gives it: the mean of a transformed count is not the
    transformed mean, and how values were normalised is not the method's to know.)

    Parameters
    ----------
    depth : hidden layers of each modality besides the bottleneck, half of them before it; 0
        is the linear autoencoder, a control.
    width : units of the first hidden layer; layers taper geometrically to ``n_components``.
    activation, batch_norm, dropout : of the hidden layers.
    modality_dropout : chance of each modality of a training cell to be hidden from the
        bottleneck; one always stays, and all are decoded. More of it helps across modalities
        and costs reconstruction of cells in which nothing is missing.
    loss : ``likelihood``, or ``mse`` for the squared error of values in every modality.
    max_steps : the training budget in mini-batches, alike at every n.
    patience : looks at the loss of held-out rows without progress before training stops.
    validation_fraction : share of the training rows held out for that; 0 trains on.
    """

    def __init__(
        self,
        n_components: int | None = None,
        depth: int = 2,
        width: int = 256,
        activation: str = "elu",
        batch_norm: bool = True,
        dropout: float = 0.2,
        modality_dropout: float = 0.3,
        loss: str = "likelihood",
        weight_decay: float = 0.0,
        learning_rate: float = 1e-3,
        batch_size: int = 128,
        max_steps: int = 50_000,
        patience: int = 10,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.depth = depth
        self.width = width
        self.activation = activation
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.loss = loss
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Modalities) -> MultimodalAutoencoder:
        from omicsbench.methods._multimodal import Branch, Branches, mean_losses
        from omicsbench.methods._torch import seeded
        from omicsbench.methods._training import drawn, train_by

        widths = self._widths()
        n = len(next(iter(X.values())))
        held = drawn(n, self.validation_fraction, self.random_state)
        with seeded(self.random_state):
            branches = {
                name: Branch(
                    part,
                    "normal" if self.loss == "mse" else part.likelihood,
                    widths,
                    activation=self.activation,
                    batch_norm=self.batch_norm,
                    dropout=self.dropout,
                )
                for name, part in X.items()
            }
            self.net_ = net = Branches(branches, self.modality_dropout)
            always = net.draw(n)  # what is hidden from held-out cells, the same at each look

            def loss(rows: Array) -> Any:
                kept = net.draw(len(rows)) if net.training else always[rows]
                return mean_losses(net, X, rows, kept).mean()

            self.fit_info_ = train_by(
                net,
                loss,
                n,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                max_steps=self.max_steps,
                patience=self.patience,
                held=held,
                random_state=self.random_state,
                device=self.device,
            )
        self.fit_info_ |= {"widths": widths, "losses": self._losses(X, held)}
        return self

    def transform(self, X: Modalities) -> Array:
        from omicsbench.methods._multimodal import by_rows, check_names

        check_names(X, self.net_.names, partial=True)
        return by_rows(self.net_.encode, X, self.device)

    def inverse_transform(self, Z: Array) -> dict[str, Array]:
        from omicsbench.methods._torch import by_blocks

        return {
            name: by_blocks(self.net_[name].network.decode, Z, self.device)
            for name in self.net_.names
        }

    def _losses(self, X: Modalities, held: Array) -> dict[str, dict[str, float]]:
        """Of held-out rows, or without any of the training rows, nothing hidden.

        Shares of the mean model's loss, 1 being no better: by the likelihood, and of values.
        """
        import torch

        from omicsbench.methods._multimodal import mean_losses

        rows = held if len(held) else np.arange(len(next(iter(X.values()))))
        with torch.no_grad():
            found = mean_losses(self.net_, X, rows, None).tolist()
        return {
            name: {"likelihood": pair[0], "values": pair[1]}
            for name, pair in zip(self.net_.names, found, strict=True)
        }

    def _widths(self) -> list[int]:
        """Widths of each encoder's hidden layers and of the bottleneck; decoders mirror them."""
        if self.depth < 0 or self.depth % 2:
            raise ValueError(
                f"depth={self.depth}: give an even number of hidden layers, half before the "
                "bottleneck and half after it (0 for a linear autoencoder)"
            )
        if self.loss not in LOSSES:
            raise ValueError(f"loss={self.loss!r}: use one of {', '.join(LOSSES)}")
        if not 0 <= self.modality_dropout < 1:
            raise ValueError(
                f"modality_dropout={self.modality_dropout}: give a chance from 0 to below 1"
            )
        k, half = latent(self.n_components), self.depth // 2
        return [
            *(max(k, round(self.width * (k / self.width) ** (i / half))) for i in range(half)),
            k,
        ]
