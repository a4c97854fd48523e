"""Mean-field variational inference of a regression network's weights and noise, with Pyro.

Imports torch and Pyro, so methods import this module inside their functions.
"""

from __future__ import annotations

from typing import Any

import pyro
import torch
from pyro.distributions import Normal
from torch import nn

from omicsbench.methods._bayesian import BayesianNetwork, _normal


class BayesianRegression(BayesianNetwork):
    """The network of ``bayesian_mlp`` with one output: the mean of a normal whose spread is learnt.

    The spread of the noise is a single number, of standardised targets, that maximises the bound.
    """

    def __init__(self, *network: Any) -> None:
        super().__init__(*network)
        self.log_noise = nn.Parameter(torch.zeros(()))

    def model(self, x: torch.Tensor, y: torch.Tensor, n: int) -> None:
        """The prior, and the likelihood of some of n rows, scaled up to all of them."""
        weights = {}
        for name, loc in self.loc.items():
            prior = _normal(torch.zeros_like(loc), torch.ones_like(loc))
            weights[name] = pyro.sample(name, prior)
        mean = self.logits(x, weights)[:, 0]
        with pyro.poutine.scale(scale=n / len(x)), pyro.plate("rows", len(x)):
            pyro.sample("y", Normal(mean, self.log_noise.exp()), obs=y)
