"""A step of the training of ``count_vae``, its gradients written out.

On small batches autograd and torch's layers, called one by one, take as long as what they compute.
Written out here is what autograd finds of ``CountNetwork``, up to rounding; the value of the bound
is left out, as training never looks at it.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch.autograd.function import once_differentiable

from omicsbench.methods._count_vae import LEAST_VARIANCE, CountNetwork, minus_bound, size
from omicsbench.methods._dense import Dense, Hidden, product
from omicsbench.methods._negative_binomial import gradients

Gradients = dict[torch.Tensor, torch.Tensor]


def loss(net: CountNetwork, x: torch.Tensor) -> torch.Tensor:
    """What training minimises: minus the evidence bound in nats per cell.

    Of rows held out it is told in full, as facts report it. Of those trained on, on the CPU, it is
    0, whose gradients are those of the bound.
    """
    if not net.training:
        return minus_bound(net, x)
    value: torch.Tensor = _Step.apply(net, x, *net.parameters()) if x.is_cpu else net(x)
    return value


def keep_memory() -> None:
    """Have what a step frees kept for the next one, up to 48 MB of it.

    Else Linux's C library may give it back to the system, which clears it anew: a step then takes
    up to a third longer. It keeps twice the largest block that was ever freed, if that was below
    32 MB. This one is never written to, and so costs nothing.
    """
    torch.empty(24 * 2**20, dtype=torch.uint8)


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, net: CountNetwork, x: torch.Tensor, *of: torch.Tensor) -> torch.Tensor:
        ctx.net, ctx.x, ctx.of = net, x, of
        return x.new_zeros(())

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        with torch.inference_mode():  # which spares torch more work than no_grad
            found = _of_bound(ctx.net, ctx.x, float(grad) / len(ctx.x))
        return None, None, *(found[p] for p in ctx.of)


class _Seen(NamedTuple):
    """What a hidden layer's way back needs: its input, and what became of it."""

    x: torch.Tensor
    inside: torch.Tensor  # before batch norm
    mean: torch.Tensor
    inverse: torch.Tensor  # of the standard deviation
    y: torch.Tensor


def _of_bound(net: CountNetwork, x: torch.Tensor, weight: float) -> Gradients:
    """Gradients of minus the evidence bound of all cells, times ``weight``."""
    found: Gradients = {}
    hidden, encoded = _forward(net.encoder, x.log1p())
    mean, log_variance = net.place(hidden).chunk(2, 1)
    variance = log_variance.exp().add_(LEAST_VARIANCE)
    spread, noise = variance.sqrt(), torch.randn_like(mean)
    last, decoded = _forward(net.decoder, torch.addcmul(mean, spread, noise))

    by_logits, by_log_theta = gradients(net.output(last), net.log_theta, x, size(x))
    found[net.log_theta] = by_log_theta.mul_(-weight)
    first, by = _backward(net.decoder, decoded, net.output, last, by_logits.mul_(-weight), found)
    by_z = product(by, first.turned().t())
    by_variance = by_z * noise / spread + weight * (1 - 1 / variance)  # twice that
    by_log_variance = by_variance.mul_(variance - LEAST_VARIANCE).mul_(0.5)
    by_place = torch.cat([by_z.add_(mean, alpha=weight), by_log_variance], 1)
    _backward(net.encoder, encoded, net.place, hidden, by_place, found)
    return found


def _forward(layers: Iterable[Hidden], x: torch.Tensor) -> tuple[torch.Tensor, list[_Seen]]:
    """What comes of hidden layers, and what was seen on the way."""
    seen = []
    for layer in layers:
        inside, norm = layer.dense(x), layer.norm
        running = norm.running_mean, norm.running_var, True, norm.momentum, norm.eps
        y, mean, inverse = torch.native_batch_norm(inside, norm.weight, norm.bias, *running)
        y.relu_()
        if layer.dropout:
            y.mul_(torch.rand_like(y).ge_(layer.dropout)).mul_(1 / (1 - layer.dropout))
        seen.append(_Seen(x, inside, mean, inverse, y))
        x = y
    return x, seen


def _backward(
    layers: Sequence[Hidden],
    seen: list[_Seen],
    last: Dense,
    x: torch.Tensor,
    by: torch.Tensor,
    found: Gradients,
) -> tuple[Dense, torch.Tensor]:
    """The way back from a dense layer, through the hidden ones before it, to the first dense one.

    ``by`` is the gradient by the output of a dense layer, ``x`` its input.
    """
    _note(last, x, by, found)
    for layer, (x, inside, mean, inverse, y) in zip(reversed(layers), reversed(seen), strict=True):
        # Units that are zero, by ReLU or dropout, pass nothing on.
        by_y = torch.ops.aten.threshold_backward(product(by, last.turned().t()), y, 0)
        by, by_gain, by_shift = torch.ops.aten.native_batch_norm_backward(
            by_y.mul_(1 / (1 - layer.dropout)),
            inside,
            layer.norm.weight,
            None,
            None,
            mean,
            inverse,
            True,
            layer.norm.eps,
            [True] * 3,
        )
        found[layer.norm.weight], found[layer.norm.bias] = by_gain, by_shift
        last = layer.dense
        _note(last, x, by, found)
    return last, by


def _note(dense: Dense, x: torch.Tensor, by: torch.Tensor, found: Gradients) -> None:
    found[dense.weight] = dense.by_weight(by, x)
    if dense.bias is not None:
        found[dense.bias] = by.sum(0)
