"""Bayesian neural network for measured numbers, by variational inference with Pyro."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array, column_means
from omicsbench.methods._regressors import Regressor
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="bayesian_mlp_regressor",
    task="regress",
    family="deep",
    summary="Dense network with a mean-field normal posterior of its weights, for numbers (Pyro).",
    source="https://arxiv.org/abs/1505.05424",
    accepts_sparse=True,
    streams=True,
    intervals=True,
    devices=("cpu", "cuda"),
    needs=("torch", "pyro"),
    space={
        "width": Whole(4, 64, log=True),
        "activation": Choice(["elu", "relu", "silu", "tanh"]),
        "prior_scale": Real(0.3, 6.0, log=True),
        "learning_rate": Real(3e-3, 3e-2, log=True),
        "batch_size": Choice([64, 128, 256]),
    },
)
class BayesianMlpRegressor(Regressor):
    """The network of ``bayesian_mlp`` with a normal likelihood, whose spread is learnt too.

    Intervals are those of a normal with the variance of the draws from the posterior and of the
    noise. No rows are held out: training takes ``max_steps``.

    Parameters
    ----------
    depth : hidden layers, 1 or 2.
    width : units of each; narrow, as in ``bayesian_mlp``.
    activation : of the hidden layers: elu, relu, silu or tanh.
    prior_scale : standard deviation of a weight a priori, times the root of its fan-in.
    samples : draws from the posterior, fixed by ``random_state``.
    """

    def __init__(
        self,
        depth: int = 1,
        width: int = 16,
        activation: str = "relu",
        prior_scale: float = 1.0,
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

    def fit(self, X: Any, y: Array) -> BayesianMlpRegressor:
        from omicsbench.methods._bayesian_regression import BayesianRegression
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
        numbers, mean = self._standardised(y).astype(np.float32), column_means(X)
        widths = [X.shape[1], *[self.width] * self.depth, 1]
        shape = widths, mean, input_size(X, mean), self.activation, self.prior_scale
        self.net_, self.fit_info_ = train_labelled(
            lambda: BayesianRegression(*shape),
            lambda net, x, wanted: net.loss(x, wanted, len(numbers)),
            X,
            numbers,
            **options_of(self),
        )
        self.noise_ = float(self.net_.log_noise.exp().detach())
        self.fit_info_ |= {"noise": self.noise_ * self.spread_}
        return self

    def draws(self, X: Any) -> Array:
        """(s, m) float64: the standardised mean by each draw of the weights."""
        import torch

        from omicsbench.methods._torch import by_blocks

        with torch.inference_mode():
            functions = self.net_.draws(self.samples, self.random_state)

        def stacked(x: torch.Tensor) -> torch.Tensor:
            return torch.cat([function(x) for function in functions], dim=1)

        return by_blocks(stacked, X, self.device).astype(np.float64).T

    def predict(self, X: Any) -> Array:
        """(m,) float32: the mean over the draws, in the units of the data."""
        return self._restored(self.draws(X).mean(axis=0)).astype(np.float32)

    def predict_interval(self, X: Any, level: float) -> Array:
        """(m, 2) float32: ends between which the target lies with a probability of ``level``."""
        from scipy.stats import norm

        means = self.draws(X)
        spread = np.sqrt(means.var(axis=0) + self.noise_**2)
        half = norm.ppf((1 + level) / 2) * spread
        middle = means.mean(axis=0)
        return self._restored(np.stack([middle - half, middle + half], axis=1)).astype(np.float32)
