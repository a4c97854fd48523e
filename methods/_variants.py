"""Variants of the dense autoencoder: other networks and losses, trained with its parameters.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch
from torch import nn

from omicsbench.methods._common import column_means, latent
from omicsbench.methods._torch import Network, noise
from omicsbench.methods._training import drawn, of_blocks, options_of, train_on_all
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
    if not masked:
        return nn.functional.mse_loss(net(x), x)
    left = nn.functional.dropout(x - net.mean, masked, net.training)
    return nn.functional.mse_loss(net(left + net.mean), x)


def train(
    model: Autoencoder,
    X: Any,
    make: type[Variant],
    loss: Callable[[Variant, torch.Tensor], torch.Tensor],
    progress: Callable[[float, float], bool],
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

    net, facts = train_on_all(
        build,
        of_blocks(X, model.device, loss),
        X.shape[0],
        partial(drawn, X.shape[0], model.validation_fraction),
        progress=progress,
        **options_of(model),
    )
    return net, {**facts, "widths": widths}
