"""Dense and hidden layers whose matrices are multiplied by oneDNN.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import torch
from torch import nn

ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
SMALL = 1_000_000  # multiplications


class Dense(nn.Module):
    """``nn.Linear``, equal up to rounding. Of its ``weight`` the longer side comes last.

    So a step's product is written as it lies in memory, and the optimiser need not copy it.
    """

    def __init__(self, a: int, b: int, bias: bool = True) -> None:
        super().__init__()
        begin = nn.Linear(a, b, bias)
        weight = begin.weight.detach()
        self.weight = nn.Parameter(weight.t().contiguous() if b > a else weight)
        self.bias = begin.bias
        self.wide = b > a

    def turned(self) -> torch.Tensor:
        """The weights as ``nn.Linear`` has them, (b, a)."""
        return self.weight.t() if self.wide else self.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return product(x, self.turned(), self.bias)

    def by_weight(self, grad: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """The weights' gradient, of that by the output (m, b) and of the input (m, a)."""
        return product(x.t(), grad.t()) if self.wide else product(grad.t(), x.t())


class Hidden(nn.Module):
    """Dense, batch norm, ReLU, dropout. No bias: batch norm would take it away."""

    def __init__(self, a: int, b: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dense, self.norm, self.dropout = Dense(a, b, bias=False), nn.BatchNorm1d(b), dropout

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.dropout(self.norm(self.dense(x)).relu(), self.dropout, self.training)


def product(x: torch.Tensor, y: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x @ y.T + bias.

    On AMD's processors the library by which torch multiplies matrices leaves half of the vector
    unit idle; oneDNN takes half the time, where calling it is not what takes most. Autograd does
    not know its product.
    """
    plain = torch.is_grad_enabled() or x.device.type != "cpu" or x.dtype != torch.float32
    if plain or x.numel() * len(y) < SMALL or not ONEDNN:
        return nn.functional.linear(x, y, bias)
    z: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, y, bias, "none", [], "")
    return z
