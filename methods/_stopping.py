"""Early stopping on held-out rows; where rows are few, training anew on all of them.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._torch import _tensor, seeded
from omicsbench.methods._training import drawn, train_by

FEW = 500  # rows up to which those held out are missed, and training anew costs little
Net = TypeVar("Net", bound=nn.Module)


def train_stopped(
    build: Callable[[], Net],
    loss: Callable[[Net, Array], torch.Tensor],
    n: int,
    *,
    validation_fraction: float,
    max_steps: int,
    random_state: int,
    **training: Any,
) -> tuple[Net, dict[str, Any]]:
    """A network from ``build`` that minimises ``loss`` of row numbers out of n, and facts.

    A share of the rows tells when to stop. Up to ``FEW`` rows, a second network from the same
    seed is then trained on all rows, for as many steps as did best. ``train_by`` takes the others.
    """
    held = drawn(n, validation_fraction, random_state).copy()  # not a view of n numbers
    training |= {"random_state": random_state}
    with seeded(random_state):
        net = build()
        facts = train_by(net, partial(loss, net), n, held=held, max_steps=max_steps, **training)
    if not len(held) or n > FEW:
        return net, {**facts, "refitted": False}
    with seeded(random_state):
        net = build()
        train_by(net, partial(loss, net), n, max_steps=facts["best_step"], **training)
    return net, {**facts, "refitted": True}


def of_rows(
    X: Any, device: str, loss: Callable[[Net, torch.Tensor], torch.Tensor]
) -> Callable[[Net, Array], torch.Tensor]:
    """``loss`` of a dense block, as one of row numbers of X; rows held out are read only once."""
    held: list[torch.Tensor] = []

    def of(net: Net, rows: Array) -> torch.Tensor:
        if net.training:
            return loss(net, _tensor(X, rows, device))
        if not held:
            held.append(_tensor(X, rows, device))
        return loss(net, held[0])

    return of


def noise(net: nn.Module, like: torch.Tensor) -> torch.Tensor:
    """Standard normal numbers in the shape of ``like``; the same at each look at held-out rows."""
    if net.training:
        return torch.randn_like(like)
    generator = torch.Generator().manual_seed(0)
    return torch.randn(like.shape, generator=generator).to(like)
