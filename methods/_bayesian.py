"""Mean-field variational inference of a classifier's weights, with Pyro.

Imports torch and Pyro, so methods import this module inside their functions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from functools import partial

import pyro
import torch
from pyro.distributions import Categorical, Independent, Normal
from pyro.infer import TraceMeanField_ELBO
from torch import nn

from omicsbench.methods._common import Array
from omicsbench.methods._torch import ACTIVATIONS

START = 0.1  # spread of the guide's means, and its scale, at the start
Weights = dict[str, torch.Tensor]


class BayesianNetwork(nn.Module):
    """Dense layers whose weights have a distribution: a normal prior, a mean-field normal guide.

    Weights are standard normal a priori and enter multiplied by ``prior_scale`` over the root of
    their fan-in: so all of them move on one scale, and one learning rate suits them. The guide's
    parameters belong to this module; Pyro's global store of parameters is never used.
    """

    mean: torch.Tensor
    size: torch.Tensor

    def __init__(
        self, widths: Sequence[int], mean: Array, size: float, activation: str, prior_scale: float
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("size", torch.tensor(size, dtype=torch.float32))
        self.activation = ACTIVATIONS[activation]()
        self.prior_scale = prior_scale
        self.layers = len(widths) - 1
        self.loc, self.log_scale = nn.ParameterDict(), nn.ParameterDict()
        for i, (a, b) in enumerate(itertools.pairwise(widths)):
            for name, shape in ((f"weight{i}", (a, b)), (f"bias{i}", (b,))):
                # The output starts at zero: no class is likelier than another.
                spread = START if i < self.layers - 1 else 0.0
                self.loc[name] = nn.Parameter(spread * torch.randn(shape))
                self.log_scale[name] = nn.Parameter(torch.full(shape, math.log(START)))

    def logits(self, x: torch.Tensor, weights: Weights) -> torch.Tensor:
        """(m, c) for one draw of the weights."""
        h = (x - self.mean) / self.size
        for i in range(self.layers):
            weight, bias = weights[f"weight{i}"], weights[f"bias{i}"]
            h = self.prior_scale * (h @ weight / math.sqrt(len(weight)) + bias)
            h = self.activation(h) if i < self.layers - 1 else h
        return h

    def model(self, x: torch.Tensor, y: torch.Tensor, n: int) -> None:
        """The prior, and the likelihood of some of n rows, scaled up to all of them."""
        weights = {}
        for name, loc in self.loc.items():
            prior = _normal(torch.zeros_like(loc), torch.ones_like(loc))
            weights[name] = pyro.sample(name, prior)
        with pyro.poutine.scale(scale=n / len(x)), pyro.plate("rows", len(x)):
            pyro.sample("y", Categorical(logits=self.logits(x, weights)), obs=y)

    def guide(self, x: torch.Tensor, y: torch.Tensor, n: int) -> None:
        """Independent normals."""
        for name, loc in self.loc.items():
            pyro.sample(name, _normal(loc, self.log_scale[name].exp()))

    def loss(self, x: torch.Tensor, y: torch.Tensor, n: int) -> torch.Tensor:
        """Minus the evidence lower bound of n rows, by some of them, in nats a row."""
        elbo: torch.Tensor = TraceMeanField_ELBO().differentiable_loss(  # type: ignore[no-untyped-call]
            self.model, self.guide, x, y, n
        )
        return elbo / n

    def draws(self, count: int, seed: int) -> list[Callable[[torch.Tensor], torch.Tensor]]:
        """Functions that give logits, each with weights drawn from the guide, alike every time."""
        generator = torch.Generator().manual_seed(seed)

        def draw() -> Weights:
            weights = {}
            for name, loc in self.loc.items():
                noise = torch.randn(loc.shape, generator=generator).to(loc.device)
                weights[name] = loc + self.log_scale[name].exp() * noise
            return weights

        return [partial(self.logits, weights=draw()) for _ in range(count)]


def _normal(loc: torch.Tensor, scale: torch.Tensor) -> Independent:
    return Normal(loc, scale).to_event(loc.dim())
