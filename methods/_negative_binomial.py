"""The negative binomial likelihood of counts, whose means are shares of each cell's total.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

FEW = 16  # counts up to which gamma functions are spared


def log_likelihood(
    logits: torch.Tensor, log_theta: torch.Tensor, x: torch.Tensor, size: torch.Tensor
) -> torch.Tensor:
    """Log-likelihood of counts ``x`` (m, p), summed, less the part that no parameter moves.

    Their means are softmax(logits) x size, with size (m,) above 0; their variances
    mean + mean^2 / theta. What is left out is ``constant``.
    """
    theta = log_theta.exp()
    shares = logits.log_softmax(1)
    spread = (shares.exp() * size[:, None] / theta).log1p()
    # x log(mean / (mean + theta)) + theta log(theta / (mean + theta))
    value = torch.dot(x.reshape(-1), (shares - spread).reshape(-1))
    value = value + x.sum(1) @ size.log() - x.sum(0) @ log_theta - spread.sum(0) @ theta
    return value + _log_gammas(x, theta)


def constant(x: torch.Tensor) -> torch.Tensor:
    """What ``log_likelihood`` leaves out: -sum(log(x!))."""
    return -torch.lgamma(x + 1).sum()


def gradients(
    logits: torch.Tensor, log_theta: torch.Tensor, x: torch.Tensor, size: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of ``log_likelihood``, by logits (m, p), which are overwritten, and log(theta) (p,).

    By theta it is the sum of log(theta / (mean + theta)), of digamma(x + theta) - digamma(theta),
    and of what comes by way of the mean. Up to a count of ``FEW`` digammas differ by a sum of
    1 / (theta + j). From there on digamma(u + 1/2) is log(u) + 1 / (24 u^2), to 2e-7.
    """
    theta = log_theta.exp()
    base = theta + (FEW - 0.5)
    far, spare = torch.empty_like(x), torch.empty_like(x)
    mean = torch.softmax(logits, 1, out=logits).mul_(size[:, None])
    ratio = mean / theta
    by_theta = _counted(x, _steps(theta).reciprocal_(), spare).sum(0)
    torch.sub(x, FEW, out=far).clamp_(min=0).div_(base)  # u / base - 1
    torch.sub(ratio, far, out=spare).div_(far.add_(1))
    by_theta -= spare.log1p_().sum(0)  # log((1 + ratio) / (1 + far)), precise where it is near 0
    by_theta += far.square_().reciprocal_().sum(0).sub_(len(x)).div_(24 * base.square())
    by_logits = torch.sub(x, mean, out=far).div_(ratio.add_(1))  # by log(mean), so far
    by_log_theta = by_theta.mul_(theta).sub_(by_logits.sum(0))
    shared = by_logits.sum(1).div_(size)[:, None]
    return by_logits.addcmul_(mean, shared, value=-1), by_log_theta


def _steps(theta: torch.Tensor) -> torch.Tensor:
    """theta + j (p, FEW) of all whole j below ``FEW``.

    The sum of their logs below a count x is log(gamma(x + theta) / gamma(theta)).
    """
    return theta[:, None] + torch.arange(FEW, device=theta.device)


def _counted(x: torch.Tensor, each: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """For each count (m, p) the sum of as many of a feature's ``each`` (p, FEW), at most all.

    Looked up in a table, by places that are exact up to a million features.
    """
    table = nn.functional.pad(each.cumsum(1), (1, 0)).view(-1)
    first = torch.arange(0, len(table), FEW + 1, device=x.device, dtype=x.dtype)
    places = torch.clamp(x, max=FEW, out=out).add_(first).int().view(-1)
    flat = None if out is None else out.view(-1)
    return torch.index_select(table, 0, places, out=flat).view_as(x)


def _log_gammas(x: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """Sum of log(gamma(x + theta) / gamma(theta)).

    The few counts above ``FEW`` go on from there with gamma functions, which cost most.
    """
    place = _above(x, FEW)
    base = theta.index_select(0, place % len(theta))
    high = torch.lgamma(x.reshape(-1).index_select(0, place) + base) - torch.lgamma(base + FEW)
    return _counted(x, _steps(theta).log()).sum() + high.sum()


def _above(x: torch.Tensor, least: int) -> torch.Tensor:
    """Places of the counts above ``least``, of all in a row. NumPy finds them faster."""
    flat = x.reshape(-1)
    if x.device.type != "cpu":
        return (flat > least).nonzero().squeeze(1)
    return torch.from_numpy(np.flatnonzero(flat.numpy() > least))
