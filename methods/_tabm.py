"""What TabM's classifier and regressor share: its network, its training, answers by member.

Imports torch and tabm, so methods import this module inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from tabm import TabM
from torch import nn

from omicsbench.methods._common import Array, column_means
from omicsbench.methods._training import Draw, options_of, train_labelled

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Members(nn.Module):
    """Answers (m, k, c) of TabM's k members: input centred, output from the best constant on.

    The library's own initialisation, but for the bias of the last layer.
    """

    mean: torch.Tensor

    def __init__(self, mean: Array, start: Array, **shape: Any) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.net = TabM.make(n_num_features=len(mean), d_out=len(start), **shape)
        with torch.no_grad():
            self.net.output.bias.copy_(torch.from_numpy(start.astype(np.float32)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answers: torch.Tensor = self.net(x - self.mean)
        return answers


def fit_members(
    model: Any, X: Any, target: Array, start: Array, draw: Draw, loss: Loss
) -> tuple[Members, dict[str, Any]]:
    """Members of the shape that ``model`` asks for, trained as it asks, and facts.

    ``loss`` is of answers (m, k, c) and targets (m,). Rows held out tell when to stop, and with few
    rows all are trained on anew: ``train_on_all``.
    """
    mean = column_means(X)
    shape = {
        "n_blocks": model.depth,
        "d_block": model.width,
        "dropout": model.dropout,
        "k": model.members,
    }
    return train_labelled(
        lambda: Members(mean, start, **shape),
        lambda net, x, wanted: loss(net(x), wanted),
        X,
        target,
        draw,
        **options_of(model),
    )
