"""A dense layer whose matrices are multiplied by oneDNN.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable


class Dense(nn.Linear):
    """``nn.Linear``, equal up to rounding. On AMD's processors it takes half the time.

    There the library by which torch multiplies matrices leaves half of the vector unit idle.
    The longer side of the weights is the one that runs in memory.
    """

    def __init__(self, a: int, b: int) -> None:
        super().__init__(a, b)
        if b > a:
            self.weight = nn.Parameter(self.weight.detach().t().contiguous().t())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "cpu" or x.dtype != torch.float32 or not _has_onednn():
            return super().forward(x)
        y: torch.Tensor = _Product.apply(x, self.weight, self.bias)
        return y


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return _product(x, weight, bias)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        by_x = _product(grad, weight.t()) if ctx.needs_input_grad[0] else None
        b, a = weight.shape
        # The longer side comes last, as it does in the weights' memory: far quicker.
        by_weight = _product(x.t(), grad.t()).t() if b > a else _product(grad.t(), x.t())
        return by_x, by_weight, grad.sum(0)


def _product(x: torch.Tensor, y: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x @ y.T + bias."""
    z: torch.Tensor = torch.ops.mkldnn._linear_pointwise(x, y, bias, "none", [], "")
    return z


def _has_onednn() -> bool:
    return torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
