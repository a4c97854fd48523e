"""Network and bound of the variational autoencoder of counts.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._dense import Dense, Hidden
from omicsbench.methods._device import sender
from omicsbench.methods._negative_binomial import constant, log_likelihood
from omicsbench.methods._torch import BLOCK, noise
from omicsbench.plugin import Counts

LEAST_VARIANCE = 1e-4  # of a cell's place, as in scVI
FEW = 256  # rows at once where they need not be more: their copies decide the peak of memory


class CountNetwork(nn.Module):
    """Counts to a normal in latent space; from there to each feature's share of a cell's counts."""

    def __init__(
        self,
        widths: list[int],
        begin: tuple[Array, Array] | None,
        dropout: float,
        linear: bool,
    ) -> None:
        """``widths``: features, hidden layers, latent dimensions. ``begin``: see ``start``."""
        super().__init__()
        *hidden, k = widths
        self.encoder = nn.Sequential(*_layers(hidden, dropout))
        self.place = Dense(hidden[-1], 2 * k)  # mean and log variance
        back = [k] if linear else [k, *hidden[:0:-1]]
        self.decoder = nn.Sequential(*_layers(back, 0.0))
        self.output = Dense(back[-1], hidden[0])
        log_theta = torch.from_numpy(begin[1]) if begin else torch.randn(hidden[0])
        self.log_theta = nn.Parameter(log_theta)
        if begin:
            with torch.no_grad():
                self.output.bias.copy_(torch.from_numpy(np.log(begin[0])))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """The posterior mean of each cell's place."""
        return self.place(self.encoder(x.log1p())).chunk(2, 1)[0]

    def logits(self, z: torch.Tensor) -> torch.Tensor:
        """(m, p) whose softmax are the features' shares."""
        logits: torch.Tensor = self.output(self.decoder(z))
        return logits

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Minus the evidence bound, in nats per cell, plus the ``constant`` of the counts."""
        mean, log_variance = self.place(self.encoder(x.log1p())).chunk(2, 1)
        variance = log_variance.exp() + LEAST_VARIANCE
        z = mean + variance.sqrt() * noise(self, mean)
        apart = 0.5 * (mean.square() + variance - variance.log() - 1).sum()
        fit = log_likelihood(self.logits(z), self.log_theta, x, size(x))
        bound: torch.Tensor = (apart - fit) / len(x)
        return bound


def size(x: torch.Tensor) -> torch.Tensor:
    """(m,) counts of each cell, of the features at hand; of a cell without any, 1."""
    return x.sum(1).clamp(min=1)


def _layers(widths: list[int], dropout: float) -> list[nn.Module]:
    return [Hidden(a, b, dropout) for a, b in itertools.pairwise(widths)]


def start(X: Counts) -> tuple[Array, Array]:
    """Where training begins: each feature's share (p,), and its log theta (p,), by moments.

    That is the best model in which all cells are alike. Reads X once, by blocks.
    """
    p = X.shape[1]
    first, second, crossed = np.zeros(p), np.zeros(p), np.zeros(p)
    sizes = squares = 0.0
    for _, block in X.blocks(FEW):
        counts = block.astype(np.float64)
        of_cell = np.maximum(counts.sum(axis=1), 1)
        first += counts.sum(axis=0)
        second += np.einsum("ij,ij->j", counts, counts)
        crossed += np.einsum("i,ij->j", of_cell, counts)
        sizes += of_cell.sum()
        squares += of_cell @ of_cell
    profile = (first + 0.5) / (sizes + 0.5 * p)
    spread = second - 2 * profile * crossed + profile**2 * squares - profile * sizes
    over = np.clip(spread / (profile**2 * squares), 1e-2, 1e2)  # 1 / theta
    return profile.astype(np.float32), -np.log(over).astype(np.float32)


@torch.no_grad()
def minus_bound(net: CountNetwork, x: torch.Tensor) -> torch.Tensor:
    """Minus the evidence bound of unseen cells, in nats per cell."""
    parts = [net(part) * len(part) - constant(part) for part in x.split(FEW)]
    return torch.stack(parts).sum() / len(x)


def negative_bound(net: CountNetwork, X: Counts, device: str) -> float:
    """``minus_bound`` of all cells of X, read by blocks."""
    total = 0.0
    for _, block in X.blocks(BLOCK):
        x = sender(device).send(block)
        total += float(minus_bound(net, x)) * len(x)
    return total / len(X)
