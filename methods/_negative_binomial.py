"""The negative binomial likelihood of counts, fused with the softmax that gives their means.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

FEW = 16  # counts up to which gamma functions are spared


class _FusedLikelihood(torch.autograd.Function):
    """Log-likelihood of all counts, less what only these decide; its gradients by formula.

    Left to autograd, the same takes more passes over cells x features, and gamma functions of
    every count.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: torch.Tensor, log_theta: torch.Tensor, x: torch.Tensor, size: torch.Tensor
    ) -> torch.Tensor:
        theta = log_theta.exp()
        share = logits.softmax(1)
        log_whole = logits.amax(1) - share.amax(1).log()  # of all exp(logits)
        mean = share.mul_(size[:, None])
        spread = (mean / theta).log1p_()
        of_feature = spread.sum(0)
        gammas, by_theta = _gammas(x, theta)
        # x log(mean / (mean + theta)) + theta log(theta / (mean + theta))
        value = torch.dot(x.reshape(-1), (logits - spread).view(-1))
        value = value + x.sum(1) @ (size.log() - log_whole) - x.sum(0) @ log_theta
        value = value - of_feature @ theta + gammas
        ctx.save_for_backward(mean, theta, x, size, by_theta - of_feature)
        return value

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        mean, theta, x, size, by_theta = ctx.saved_tensors
        by_mean = (x - mean).div_(mean + theta).mul_(theta)  # by log(mean)
        of_feature = theta * by_theta - by_mean.sum(0)  # by log(theta)
        shared = (by_mean.sum(1) / size)[:, None]
        by_logits = by_mean.addcmul_(mean, shared, value=-1)
        return by_logits.mul_(grad), of_feature * grad, None, None


def _gammas(x: torch.Tensor, theta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum of log(gamma(x + theta) / gamma(theta)); its derivative by theta (p,).

    Of a count that is the sum of log(theta + j) over all whole j below it, so for each feature it
    matters only how many cells lie above each j. The few counts above ``FEW`` go on from there
    with gamma functions, which cost most.
    """
    p = len(theta)
    feature = torch.arange(p, device=x.device, dtype=torch.int32)
    cell = x.clamp(max=FEW).int().mul_(p).add_(feature).view(-1)
    tally = torch.bincount(cell, minlength=(FEW + 1) * p).view(-1, p)
    above = tally[1:].flip(0).cumsum(0).flip(0).to(theta)  # (FEW, p): cells above 0, 1, ...
    rising = theta + torch.arange(FEW, device=x.device)[:, None]
    place = _above(x, FEW)
    feature = place % p
    base = theta + FEW
    high = x.reshape(-1).index_select(0, place) + theta.index_select(0, feature)
    value = torch.lgamma(high).sum() - torch.lgamma(base).index_select(0, feature).sum()
    slope = torch.digamma(high) - torch.digamma(base).index_select(0, feature)
    slope = torch.bincount(feature, slope, p).to(theta)
    return value + (above * rising.log()).sum(), slope + (above / rising).sum(0)


def _above(x: torch.Tensor, least: int) -> torch.Tensor:
    """Places of the counts above ``least``, of all in a row. NumPy finds them faster."""
    flat = x.reshape(-1)
    if x.device.type != "cpu":
        return (flat > least).nonzero().squeeze(1)
    return torch.from_numpy(np.flatnonzero(flat.numpy() > least))


def log_likelihood(
    logits: torch.Tensor, log_theta: torch.Tensor, x: torch.Tensor, size: torch.Tensor
) -> torch.Tensor:
    """Log-likelihood of counts ``x`` (m, p), summed, less the part that no parameter moves.

    Their means are softmax(logits) x size, with size (m,) above 0; their variances
    mean + mean^2 / theta. What is left out is ``constant``.
    """
    total: torch.Tensor = _FusedLikelihood.apply(logits, log_theta, x, size)
    return total


def constant(x: torch.Tensor) -> torch.Tensor:
    """What ``log_likelihood`` leaves out: -sum(log(x!))."""
    return -torch.lgamma(x + 1).sum()
