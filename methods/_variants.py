"""Variants of the dense autoencoder: other networks and losses, trained with its parameters.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from omicsbench.methods._common import column_means, latent
from omicsbench.methods._stopping import noise, of_rows, train_stopped
from omicsbench.methods._torch import Network
from omicsbench.methods.autoencoder import Autoencoder

LEAST_NOISE = 1e-6  # variance; of rows rebuilt without fault too
Variant = TypeVar("Variant", bound=Network)


class Variational(Network):
    """A normal about each place, and normal noise about each feature, of one size.

    That size is the most likely one for the rows at hand: it is never a step behind.
    """

    def __init__(self, widths: list[int], bottleneck: int, *args: Any, **options: Any) -> None:
        super().__init__(widths, bottleneck, *args, **options)
        self.log_variance = nn.Linear(widths[bottleneck - 1], widths[bottleneck])
        nn.init.zeros_(self.log_variance.weight)
        nn.init.zeros_(self.log_variance.bias)

    def loss(self, x: torch.Tensor, beta: float) -> torch.Tensor:
        """Minus the evidence bound of rows (m, p), in nats per row and feature."""
        hidden = self.encoder[:-1](x - self.mean)
        mean, log_variance = self.encoder[-1](hidden), self.log_variance(hidden)
        z = mean + (0.5 * log_variance).exp() * noise(self, mean)
        apart = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
        error = nn.functional.mse_loss(self.decode(z), x)
        fit = 0.5 * (1 + (2 * math.pi * error.clamp(min=LEAST_NOISE)).log())
        return fit + beta * apart / x.numel()


def rebuilt(net: Network, x: torch.Tensor, masked: float) -> torch.Tensor:
    """Squared error of rows rebuilt from what is left of them: masked entries are at the mean.

    The others are raised in proportion, so that unmasked rows look alike. None is masked of rows
    held out.
    """
    left = nn.functional.dropout(x - net.mean, masked, net.training)
    return nn.functional.mse_loss(net(left + net.mean), x)


def train(
    model: Autoencoder,
    X: Any,
    make: type[Variant],
    loss: Callable[[Variant, torch.Tensor], torch.Tensor],
) -> tuple[Variant, dict[str, Any]]:
    """A network of the shape that ``model`` asks for, trained on X as it asks, and facts."""
    hidden, p = model._hidden(), X.shape[1]
    widths = [p, *hidden, latent(model.n_components), *hidden[::-1], p]
    mean = column_means(X)

    def build() -> Variant:
        return make(
            widths,
            len(hidden) + 1,
            mean,
            activation=model.activation,
            batch_norm=model.batch_norm,
            dropout=model.dropout,
        )

    net, facts = train_stopped(
        build,
        of_rows(X, model.device, loss),
        X.shape[0],
        batch_size=model.batch_size,
        learning_rate=model.learning_rate,
        weight_decay=model.weight_decay,
        max_steps=model.max_steps,
        patience=model.patience,
        validation_fraction=model.validation_fraction,
        random_state=model.random_state,
        device=model.device,
    )
    return net, {**facts, "widths": widths}
