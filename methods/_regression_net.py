"""What the neural regressors share: networks of numbers, their training on standardised targets.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from omicsbench.methods._classifier import hidden_layers, input_size
from omicsbench.methods._common import Array, column_means
from omicsbench.methods._training import drawn, train_labelled

LEAST_LOG_VARIANCE = -7.0  # of standardised targets: a network is never surer than that


class NumberNet(nn.Module):
    """Numbers (m, c): input centred and of unit size, hidden layers, then one linear layer.

    That layer starts at zero: training starts from the mean of the training targets, at any depth.
    """

    mean: torch.Tensor
    size: torch.Tensor

    def __init__(self, body: nn.Module, width: int, outputs: int, mean: Array, size: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("size", torch.tensor(size, dtype=torch.float32))
        self.body = body
        self.output = nn.Linear(width, outputs)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        numbers: torch.Tensor = self.output(self.body((x - self.mean) / self.size))
        return numbers


def squared(answers: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean squared error of the first output."""
    return nn.functional.mse_loss(answers[:, 0], target)


def likelihood(answers: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Minus the mean log density of a normal whose mean and log variance are the two outputs."""
    log_variance = answers[:, 1].clamp(min=LEAST_LOG_VARIANCE)
    error = (answers[:, 0] - target) ** 2
    return ((error * (-log_variance).exp() + log_variance) / 2).mean()


def fit_numbers(
    X: Any,
    target: Array,
    *,
    uncertain: bool,
    depth: int,
    width: int,
    activation: str,
    dropout: float,
    validation_fraction: float,
    **training: Any,
) -> tuple[NumberNet, dict[str, Any]]:
    """A network trained on standardised targets (n,), and facts; with a variance if ``uncertain``.

    Stopped early by held-out rows, and with few rows trained anew on all: ``train_on_all``, which
    takes the others.
    """
    if not 0 <= validation_fraction <= 0.5:
        raise ValueError(f"validation_fraction={validation_fraction}: give a share from 0 to 0.5")
    mean, outputs = column_means(X), 2 if uncertain else 1
    size = input_size(X, mean)
    of = likelihood if uncertain else squared

    def build() -> NumberNet:
        body = hidden_layers(X.shape[1], depth, width, activation, dropout)
        return NumberNet(body, width, outputs, mean, size)

    return train_labelled(
        build,
        lambda net, x, wanted: of(net(x), wanted),
        X,
        target.astype(np.float32),
        partial(drawn, len(target), validation_fraction),
        **training,
    )
