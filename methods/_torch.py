"""What the neural methods share: a network, its seed, encoding by blocks.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from omicsbench.methods._common import Array, dense_rows
from omicsbench.methods._device import sender

BLOCK = 4096  # rows encoded at once
ACTIVATIONS = {"elu": nn.ELU, "relu": nn.ReLU, "silu": nn.SiLU, "tanh": nn.Tanh}


class Network(nn.Module):
    """Dense encoder and decoder around a linear bottleneck, on input centred by ``mean``.

    ``widths`` runs from input to output, ``bottleneck`` is the latent layer's place in it.
    Weights are orthogonal and the last layer is zero: at any depth, training starts from the
    mean, the best constant. (Random output layers, He or Glorot, first add noise that a
    few hundred rows cannot unlearn before they overfit.)
    """

    mean: torch.Tensor

    def __init__(
        self,
        widths: Sequence[int],
        bottleneck: int,
        mean: Array,
        activation: str = "elu",
        batch_norm: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation {activation!r}: use one of {', '.join(ACTIVATIONS)}")
        self.register_buffer("mean", torch.from_numpy(mean))
        layers: list[list[nn.Module]] = []
        for i, (a, b) in enumerate(itertools.pairwise(widths), start=1):
            linear = nn.Linear(a, b)
            nn.init.zeros_(linear.bias)
            if i == len(widths) - 1:
                nn.init.zeros_(linear.weight)
            else:
                nn.init.orthogonal_(linear.weight)
            layers.append([linear])
            if i not in (bottleneck, len(widths) - 1):
                layers[-1] += [nn.BatchNorm1d(b)] if batch_norm else []
                layers[-1] += [ACTIVATIONS[activation]()]
                layers[-1] += [nn.Dropout(dropout)] if dropout else []
        self.encoder = nn.Sequential(*itertools.chain(*layers[:bottleneck]))
        self.decoder = nn.Sequential(*itertools.chain(*layers[bottleneck:]))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        z: torch.Tensor = self.encoder(x - self.mean)
        return z

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = self.decoder(z) + self.mean
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decode(self.encode(x))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's global generator at ``seed`` inside the block, as it was after it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@torch.inference_mode()
def by_blocks(function: Callable[[torch.Tensor], torch.Tensor], X: Any, device: str) -> Array:
    """Apply a fitted network's ``encode`` or ``decode`` to all rows.

    A card works on a block while what it made of the last one is fetched.
    """
    made: list[Array] = []
    last: torch.Tensor | None = None
    for start in range(0, X.shape[0], BLOCK):
        now = function(_tensor(X, slice(start, start + BLOCK), device))
        if last is not None:
            made.append(last.cpu().numpy())
        last = now
    return np.concatenate([*made, *([] if last is None else [last.cpu().numpy()])])


def _tensor(X: Any, rows: Array | slice, device: str) -> torch.Tensor:
    """Some rows of a dense or CSR matrix; only they are ever dense."""
    return sender(device).send(dense_rows(X, rows))


def noise(net: nn.Module, like: torch.Tensor) -> torch.Tensor:
    """Standard normal numbers in the shape of ``like``; the same at each look at held-out rows."""
    if net.training:
        return torch.randn_like(like)
    generator = torch.Generator().manual_seed(0)
    return torch.randn(like.shape, generator=generator).to(like)
