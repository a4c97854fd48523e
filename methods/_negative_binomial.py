"""The negative binomial likelihood of counts, fused with the softmax that gives their means.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable


class _FusedLikelihood(torch.autograd.Function):
    """Log-likelihood of all counts, less what only these decide; its gradients by formula.

    Left to autograd, the same takes more passes over cells x features, and gamma functions of
    every count. They cancel for a count of 0, as most are, so they are taken of the others.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: torch.Tensor, log_theta: torch.Tensor, x: torch.Tensor, size: torch.Tensor
    ) -> torch.Tensor:
        log_mean = logits.log_softmax(1) + size.log()[:, None]
        mean, theta = log_mean.exp(), log_theta.exp()
        spread = torch.log1p(mean / theta)
        place = _counted(x)
        gene = place % x.shape[1]
        at = x.reshape(-1).index_select(0, place)
        # x log(mean / (mean + theta)) of the counts above 0, and theta log(theta / ...) of all
        log_odds = (log_mean - spread).view(-1).index_select(0, place)
        log_odds -= log_theta.index_select(0, gene)
        gammas = torch.lgamma(at + theta.index_select(0, gene))
        gammas -= torch.lgamma(theta).index_select(0, gene)
        ctx.save_for_backward(mean, theta, spread, x, size, gene, at)
        return at @ log_odds + gammas.sum() - (spread.sum(0) * theta).sum()

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        mean, theta, spread, x, size, gene, at = ctx.saved_tensors
        by_mean = (x - mean).div_(mean + theta).mul_(theta)  # by log(mean)
        gammas = torch.digamma(at + theta.index_select(0, gene))
        gammas -= torch.digamma(theta).index_select(0, gene)
        gammas = torch.bincount(gene, gammas, len(theta)).to(theta)
        by_theta = theta * (gammas - spread.sum(0)) - by_mean.sum(0)
        by_logits = by_mean - mean * (by_mean.sum(1) / size)[:, None]
        return by_logits * grad, by_theta * grad, None, None


def _counted(x: torch.Tensor) -> torch.Tensor:
    """Places of the counts above 0, of all in a row. NumPy finds them eight times as fast."""
    flat = x.reshape(-1)
    if x.device.type != "cpu":
        return flat.nonzero().squeeze(1)
    return torch.from_numpy(np.flatnonzero(flat.numpy() != 0))


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
