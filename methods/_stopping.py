"""What a loss of looks at held-out rows needs: these are read once, and their noise is the same.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._torch import _tensor

Net = TypeVar("Net", bound=nn.Module)


def of_rows(
    X: Any, device: str, loss: Callable[[Net, torch.Tensor], torch.Tensor]
) -> Callable[[Net, Array], torch.Tensor]:
    """``loss`` of a dense block, as one of row numbers of X; rows held out are read only once."""
    held: tuple[Array, torch.Tensor] | None = None

    def of(net: Net, rows: Array) -> torch.Tensor:
        nonlocal held
        if net.training:
            return loss(net, _tensor(X, rows, device))
        if held is None or held[0] is not rows:
            held = rows, _tensor(X, rows, device)
        return loss(net, held[1])

    return of


def noise(net: nn.Module, like: torch.Tensor) -> torch.Tensor:
    """Standard normal numbers in the shape of ``like``; the same at each look at held-out rows."""
    if net.training:
        return torch.randn_like(like)
    generator = torch.Generator().manual_seed(0)
    return torch.randn(like.shape, generator=generator).to(like)
