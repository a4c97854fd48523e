"""Bayesian neural network: weights with a distribution, by variational inference with Pyro."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, column_means
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="bayesian_mlp",
    task="predict",
    family="deep",
    summary="Dense network with a mean-field normal posterior of its weights (Pyro).",
    source="https://arxiv.org/abs/1505.05424",
    accepts_sparse=True,
    streams=True,
    samples=True,
    devices=("cpu", "cuda"),
    needs=("torch", "pyro"),
    space={
        "width": Whole(4, 64, log=True),
        "activation": Choice(["elu", "relu", "silu", "tanh"]),
        "prior_scale": Real(1.0, 6.0, log=True),
        "learning_rate": Real(3e-3, 3e-2, log=True),
        "batch_size": Choice([64, 128, 256]),
    },
)
class BayesianMlp:
    """The evidence lower bound as it is, untempered, over mini-batches.

    The bound charges every weight for what it knows, whether or not it is of use: with many
    units a mean-field posterior falls back to the prior and ignores the data (Coker et al. 2022,
    "Wide mean-field Bayesian neural networks ignore the data"; relu does so less, but it does).
    So layers are narrow here, where a plain network's are wide. With 50 rows and ten classes it
    still learns less than ``mlp``, and is less sure than it might be. No rows are held out, as
    the bound itself guards against overfitting: training takes ``max_steps``.

    Parameters
    ----------
    depth : hidden layers, 1 or 2.
    width : units of each.
    activation : of the hidden layers: elu, relu, silu or tanh.
    prior_scale : standard deviation of a weight a priori, times the root of its fan-in.
        Smaller values need surer weights, which the bound charges for: few rows then teach little.
    samples : draws from the posterior, fixed by ``random_state``.
    """

    def __init__(
        self,
        depth: int = 1,
        width: int = 16,
        activation: str = "relu",
        prior_scale: float = 3.0,
        samples: int = 50,
        learning_rate: float = 1e-2,
        batch_size: int = 128,
        max_steps: int = 3_000,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.depth = depth
        self.width = width
        self.activation = activation
        self.prior_scale = prior_scale
        self.samples = samples
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Array) -> BayesianMlp:
        import torch

        from omicsbench.methods._bayesian import BayesianNetwork
        from omicsbench.methods._classifier import input_size
        from omicsbench.methods._torch import ACTIVATIONS
        from omicsbench.methods._training import options_of, train_labelled

        if self.depth not in (1, 2):
            raise ValueError(f"depth={self.depth}: give 1 or 2 hidden layers")
        if self.activation not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation {self.activation!r}: use one of {known}")
        if self.samples < 1 or self.prior_scale <= 0:
            raise ValueError("give one sample or more, and a prior_scale above 0")
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        n, mean = len(codes), column_means(X)
        widths = [X.shape[1], *[self.width] * self.depth, len(self.classes_)]
        shape = widths, mean, input_size(X, mean), self.activation, self.prior_scale
        losses = []

        def loss(net: BayesianNetwork, x: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            value = net.loss(x, labels, n)
            losses.append(value.detach())
            return value

        self.net_, self.fit_info_ = train_labelled(
            lambda: BayesianNetwork(*shape), loss, X, codes, **options_of(self)
        )
        bound = -float(torch.stack(losses[-100:]).mean())
        self.fit_info_ |= {"classes": len(self.classes_), "bound_per_row": bound}
        return self

    def sample_proba(self, X: Any) -> Array:
        """(s, m, c) float64: the probabilities by each draw of the weights."""
        import torch

        from omicsbench.methods._classifier import sampled

        with torch.inference_mode():
            draws = self.net_.draws(self.samples, self.random_state)
        return sampled(draws, X, self.device)

    def predict_proba(self, X: Any) -> Array:
        """(m, c) float64: the mean over the samples."""
        mean: Array = self.sample_proba(X).mean(axis=0)
        return mean
