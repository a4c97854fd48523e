"""The negative binomial likelihood of counts, fused with the softmax that gives their means.

Imports torch, so methods import this module inside their functions.
"""

from __future__ import annotations

from typing import Any

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
        shares = logits.softmax(1)
        theta = log_theta.exp()
        mean = shares * size[:, None]
        spread = torch.log1p(mean / theta)
        place = x.view(-1).nonzero().squeeze(1)
        gene = place % x.shape[1]
        at = x.view(-1)[place]
        # x log(mean / (mean + theta)) of the counts above 0, and theta log(theta / ...) of all
        log_odds = (logits - logits.logsumexp(1, keepdim=True)).view(-1)[place]
        log_odds += size.log()[place // x.shape[1]] - log_theta[gene] - spread.view(-1)[place]
        above = at * log_odds + torch.lgamma(at + theta[gene]) - torch.lgamma(theta)[gene]
        ctx.save_for_backward(shares, theta, mean, spread, x, gene, at)
        return above.sum() - (spread.sum(0) * theta).sum()

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        shares, theta, mean, spread, x, gene, at = ctx.saved_tensors
        by_mean = (x - mean).div_(mean + theta).mul_(theta)  # by log(mean)
        gammas = torch.digamma(at + theta[gene]) - torch.digamma(theta)[gene]
        gammas = torch.bincount(gene, gammas, len(theta)).to(theta)
        by_theta = theta * (gammas - spread.sum(0)) - by_mean.sum(0)
        by_logits = by_mean - shares * by_mean.sum(1, keepdim=True)
        return by_logits * grad, by_theta * grad, None, None


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
