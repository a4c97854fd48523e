"""Mean-field variational inference of a classifier's weights, with Pyro.

Imports torch and Pyro, so methods import this module inside their functions.
"""

from __future__ import annotations

import itertools
import math

import pyro
import torch
from pyro.distributions import Categorical, Normal
from pyro.infer import TraceMeanField_ELBO
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._torch import ACTIVATIONS

START_LOC, START_SCALE = 0.1, 0.1  # of the guide, in standard deviations of the prior


class BayesianNetwork(nn.Module):
    """Hidden layers whose weights have a distribution: normal a priori and by the guide.

    Weights are standard normal a priori and enter divided by the square root of their fan-in, so
    that one learning rate fits all. The parameters of the guide belong to this module: Pyro's
    global store is never used. ``forward`` gives logits for one draw of the weights.
    """

    mean: torch.Tensor
    size: torch.Tensor

    def __init__(
        self, widths: list[int], mean: Array, size: float, activation: str, prior_scale: float
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation {activation!r}: use one of {', '.join(ACTIVATIONS)}")
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("size", torch.tensor(size, dtype=torch.float32))
        self.activation = ACTIVATIONS[activation]()
        self.prior_scale = prior_scale
        self.loc, self.raw = nn.ParameterDict(), nn.ParameterDict()
        for i, (a, b) in enumerate(itertools.pairwise(widths)):
            for name, shape in ((f"weight{i}", (a, b)), (f"bias{i}", (b,))):
                last = i == len(widths) - 2
                self.loc[name] = nn.Parameter(torch.randn(shape) * START_LOC * (not last))
                self.raw[name] = nn.Parameter(torch.full(shape, math.log(START_SCALE)))

    def forward(self, x: torch.Tensor, weights: dict[str, torch.Tensor]) -> torch.Tensor:
        h = (x - self.mean) / self.size
        layers = len(weights) // 2
        for i in range(layers):
            weight, bias = weights[f"weight{i}"], weights[f"bias{i}"]
            gain = self.prior_scale / math.sqrt(len(weight)) * (math.sqrt(2) if i else 1)
            h = torch.addmm(bias * self.prior_scale, h, weight, alpha=gain)
            if i < layers - 1:
                h = self.activation(h)
        return h

    def model(self, x: torch.Tensor, y: torch.Tensor, n: int) -> None:
        """Prior of the weights, likelihood of some of n rows, scaled up to all of them."""
        weights = {
            name: pyro.sample(name, _normal(torch.zeros_like(loc), torch.ones_like(loc)))
            for name, loc in self.loc.items()
        }
        with pyro.poutine.scale(scale=n / len(x)), pyro.plate("rows", len(x)):
            pyro.sample("y", Categorical(logits=self(x, weights)), obs=y)

    def guide(self, x: torch.Tensor, y: torch.Tensor, n: int) -> None:
        for name, loc in self.loc.items():
            pyro.sample(name, _normal(loc, self.raw[name].exp()))

    def loss(self, x, y, n):
        elbo = TraceMeanField_ELBO()
        return elbo.differentiable_loss(self.model, self.guide, x, y, n) / n

    def draw(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        return {
            name: loc
            + self.raw[name].exp() * torch.randn(loc.shape, generator=generator).to(loc.device)
            for name, loc in self.loc.items()
        }


def _normal(loc, scale):
    return Normal(loc, scale).to_event(loc.dim())
