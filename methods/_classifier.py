"""What the neural classifiers share: a network of hidden layers, its training, its answers.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from omicsbench.methods._common import Array, column_means, dense_rows
from omicsbench.methods._torch import ACTIVATIONS, by_blocks
from omicsbench.methods._training import VALIDATION_CAP, train_labelled

SIZED_BY = 1_024  # rows enough to see how large the input is


class Dropout(nn.Module):
    """Dropout that can also keep one mask for all rows: then the network is one function."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.generator: torch.Generator | None = None  # draws the masks of samples

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.generator is None:
            return nn.functional.dropout(x, self.rate, self.training)
        kept = torch.rand(x.shape[1], generator=self.generator) >= self.rate
        return x * (kept.to(x) / (1 - self.rate))


class Residual(nn.Module):
    """What a layer adds to its input, times ``share``."""

    def __init__(self, layer: nn.Module, share: float) -> None:
        super().__init__()
        self.layer, self.share = layer, share

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        added: torch.Tensor = self.layer(x)
        return x + self.share * added


class Classifier(nn.Module):
    """Logits (m, c): input centred and of unit size, then ``body``, then one linear layer.

    That layer starts at zero with the logarithms of the classes' shares as its bias: training
    starts from the best constant answer, at any depth.
    """

    mean: torch.Tensor
    size: torch.Tensor

    def __init__(
        self, body: nn.Module, width: int, mean: Array, size: float, shares: Array
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("size", torch.tensor(size, dtype=torch.float32))
        self.body = body
        self.output = nn.Linear(width, len(shares))
        nn.init.zeros_(self.output.weight)
        with torch.no_grad():
            self.output.bias.copy_(torch.from_numpy(np.log(shares)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.output(self.body((x - self.mean) / self.size))
        return logits


def hidden_layers(p: int, depth: int, width: int, activation: str, dropout: float) -> nn.Module:
    """``depth`` layers of ``width`` units: linear, batch norm, activation, dropout.

    From the second on layers add to what they are given, all together as much as one would: so
    eight of them learn from 50 rows too. Raises ValueError on a depth, an activation or a
    dropout that cannot be.
    """
    if depth not in range(1, 9):
        raise ValueError(f"depth={depth}: give 1 to 8 hidden layers")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r}: use one of {', '.join(ACTIVATIONS)}")
    _check_dropout(dropout)
    layers: list[nn.Module] = []
    for i in range(depth):
        linear = nn.Linear(width if i else p, width)
        nn.init.orthogonal_(linear.weight)
        nn.init.zeros_(linear.bias)
        layer = nn.Sequential(
            linear, nn.BatchNorm1d(width), ACTIVATIONS[activation](), Dropout(dropout)
        )
        layers.append(Residual(layer, 1 / (depth - 1)) if i else layer)
    return nn.Sequential(*layers)


class Picture(nn.Module):
    """Features (m, p) put at their places in images (m, 1, height, width), zero elsewhere."""

    places: torch.Tensor

    def __init__(self, image: tuple[int, int], places: Array) -> None:
        super().__init__()
        self.image = image
        self.register_buffer("places", torch.tensor(places, dtype=torch.int64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = self.image
        pixels = x.new_zeros(len(x), height * width)
        return pixels.index_copy(1, self.places, x).view(len(x), 1, height, width)


def convolutions(
    image: tuple[int, int], places: Array, channels: int, width: int, dropout: float
) -> nn.Module:
    """Two convolutions, each followed by batch norm and pooling, then a dense layer."""
    _check_dropout(dropout)
    layers: list[nn.Module] = [Picture(image, places)]
    height, across = image
    for a, b in ((1, channels), (channels, 2 * channels)):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        layers += [nn.MaxPool2d(2, ceil_mode=True)]
        height, across = -(-height // 2), -(-across // 2)
    layers += [nn.Flatten(), Dropout(dropout), nn.Linear(2 * channels * height * across, width)]
    return nn.Sequential(*layers, nn.ReLU(), Dropout(dropout))


def _check_dropout(dropout: float) -> None:
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout={dropout}: give a share from 0 to below 1")


def fit_classifier(
    body: Callable[[], nn.Module],
    width: int,
    X: Any,
    y: Array,
    *,
    validation_fraction: float,
    **training: Any,
) -> tuple[Array, Classifier, dict[str, Any]]:
    """Train what ``body`` makes, which gives ``width`` numbers a row, to tell the classes of ``y``.

    Minimises the cross-entropy by ``train_on_all``, which takes the other arguments, and stops by
    that of held-out rows. Returns the classes (c,) ascending, the network and the facts.
    """
    classes, codes = np.unique(np.asarray(y), return_inverse=True)
    mean, shares = column_means(X), np.bincount(codes) / len(codes)
    size = input_size(X, mean)

    def loss(net: Classifier, x: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(net(x), wanted)

    net, facts = train_labelled(
        lambda: Classifier(body(), width, mean, size, shares),
        loss,
        X,
        codes,
        partial(held_out, codes, validation_fraction),
        **training,
    )
    return classes, net, {**facts, "classes": len(classes)}


def input_size(X: Any, mean: Array) -> float:
    """Root mean square of the centred input, by some of its rows: 1 where it was scaled."""
    rows = np.linspace(0, X.shape[0] - 1, min(X.shape[0], SIZED_BY)).astype(int)
    return float(np.sqrt(np.mean((dense_rows(X, rows) - mean) ** 2))) or 1.0


def held_out(codes: Array, fraction: float, random_state: int) -> Array:
    """Row numbers to hold out: about ``fraction`` of each class, drawn at random.

    A class with one row is not held out, and of no class all rows are. At most 5,000 are taken.
    """
    if not 0 <= fraction <= 0.5:
        raise ValueError(f"validation_fraction={fraction}: give a share from 0 to 0.5")
    rng = np.random.default_rng(random_state)
    rows = rng.permutation(len(codes))
    rows = rows[np.bincount(codes)[codes[rows]] > 1]
    rows = rows[np.argsort(codes[rows], kind="stable")]
    count = min(round(len(rows) * fraction), VALIDATION_CAP)
    if fraction and len(rows):
        count = max(count, 1)
    # Evenly spaced among rows sorted by class: each class gives its share.
    places = (np.arange(count) + rng.random()) * len(rows) / max(count, 1)
    held: Array = np.sort(rows[places.astype(int)])
    return held


def probabilities(net: nn.Module, X: Any, device: str) -> Array:
    """(m, c) float64, rows that sum to 1."""
    return softmax(by_blocks(net, X, device))


def sampled(functions: list[Callable[[torch.Tensor], torch.Tensor]], X: Any, device: str) -> Array:
    """(s, m, c) float64: the probabilities by each of s functions that give logits."""

    def stacked(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([function(x) for function in functions], dim=1)

    return softmax(by_blocks(stacked, X, device)).transpose(1, 0, 2)


def masked(net: Classifier, seed: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """The network with the dropout masks of one seed: alike for all rows, in every call."""
    layers = [module for module in net.modules() if isinstance(module, Dropout)]

    def function(x: torch.Tensor) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        for layer in layers:
            layer.generator = generator
        try:
            logits: torch.Tensor = net(x)
        finally:
            for layer in layers:
                layer.generator = None
        return logits

    return function


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis, in double precision."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    weights: Array = np.exp(shifted)
    return weights / weights.sum(axis=-1, keepdims=True)
