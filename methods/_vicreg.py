"""Network and loss of VICReg: two views of a row lie together, and the space does not collapse.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import torch
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._torch import ACTIVATIONS

# Weights as published, of: views apart, too little variance, covariance.
APART, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0


class TwoViews(nn.Module):
    """An encoder to k dimensions, and what is only trained with: an expander of these."""

    mean: torch.Tensor

    def __init__(
        self, mean: Array, k: int, width: int, expanded: int, activation: str, masked: float
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.masked = masked
        self.encoder = nn.Sequential(*_hidden(len(mean), width, activation), nn.Linear(width, k))
        self.expander = nn.Sequential(
            *_hidden(k, expanded, activation), nn.Linear(expanded, expanded)
        )

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        z: torch.Tensor = self.encoder(x - self.mean)
        return z

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """VICReg's loss of rows (m, p), m above 1, each seen under two masks."""
        first, second = (self.expander(self.encoder(self._masked(x, seed))) for seed in (0, 1))
        apart = nn.functional.mse_loss(first, second)
        return APART * apart + _collapse(first) + _collapse(second)

    def _masked(self, x: torch.Tensor, seed: int) -> torch.Tensor:
        """Centred rows of which a share is 0, others at each step; of rows held out the same."""
        generator = None if self.training else torch.Generator().manual_seed(seed)
        kept = torch.rand(x.shape, generator=generator).to(x) >= self.masked
        return (x - self.mean) * kept / (1 - self.masked)


def _collapse(v: torch.Tensor) -> torch.Tensor:
    """How far the columns of v (m, d) are from unit variance, and from being uncorrelated."""
    centred = v - v.mean(0)
    low = nn.functional.relu(1 - (centred.square().mean(0) + 1e-4).sqrt()).mean()
    covariance = centred.T @ centred / max(len(v) - 1, 1)
    off = covariance.square().sum() - covariance.diagonal().square().sum()
    return VARIANCE * low / 2 + COVARIANCE * off / v.shape[1] / 2


def _hidden(a: int, b: int, activation: str) -> list[nn.Module]:
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r}: use one of {', '.join(ACTIVATIONS)}")
    return [nn.Linear(a, b), nn.BatchNorm1d(b), ACTIVATIONS[activation]()]
