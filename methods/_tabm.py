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
from omicsbench.methods._stopping import FEW
from omicsbench.methods._torch import _tensor, seeded
from omicsbench.methods._training import train_by

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
    X: Any,
    target: Array,
    start: Array,
    held: Array,
    loss: Loss,
    *,
    shape: dict[str, Any],
    max_steps: int,
    random_state: int,
    device: str,
    **training: Any,
) -> tuple[Members, dict[str, Any]]:
    """The trained members, and facts. ``loss`` is of answers (m, k, c) and targets (m,).

    Rows held out tell when to stop. Up to ``FEW`` rows, members from the same seed are then
    trained anew on all rows, for as many steps as did best. ``train_by`` takes the others.
    """
    mean, goal = column_means(X), torch.as_tensor(target, device=device)
    training |= {"random_state": random_state, "device": device}

    def trained(held: Array, steps: int) -> tuple[Members, dict[str, Any]]:
        with seeded(random_state):
            net = Members(mean, start, **shape)

            def of_rows(rows: Array) -> torch.Tensor:
                wanted = goal[torch.from_numpy(rows).to(device)]
                return loss(net(_tensor(X, rows, device)), wanted)

            return net, train_by(net, of_rows, len(target), held=held, max_steps=steps, **training)

    net, facts = trained(held, max_steps)
    if not len(held) or len(target) > FEW:
        return net, {**facts, "refitted": False}
    net, _ = trained(held[:0], facts["best_step"])
    return net, {**facts, "refitted": True}
