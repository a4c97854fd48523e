"""Deep ensemble for measured numbers: networks that differ by their seed, each with a variance."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods.mlp_regressor import SPACE, MlpRegressor
from omicsbench.plugin import method


@method(
    name="deep_ensemble_regressor",
    task="regress",
    family="deep",
    summary="Dense networks trained from several seeds; each gives a mean and a variance.",
    source="https://arxiv.org/abs/1612.01474",
    accepts_sparse=True,
    streams=True,
    intervals=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    space=SPACE,
)
class DeepEnsembleRegressor(MlpRegressor):
    """``members`` times ``mlp_regressor`` with a variance, trained by the normal likelihood.

    As in the paper the mixture of the members is taken as one normal of its mean and variance; its
    adversarial training is left out.

    Parameters
    ----------
    members : networks; five as in the paper. The other parameters are those of ``mlp_regressor``.
    """

    def __init__(
        self,
        depth: int = 2,
        width: int = 512,
        activation: str = "relu",
        dropout: float = 0.2,
        members: int = 5,
        weight_decay: float = 1e-2,
        learning_rate: float = 1e-3,
        batch_size: int = 64,
        max_steps: int = 20_000,
        patience: int = 10,
        validation_fraction: float = 0.2,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        super().__init__(
            depth=depth,
            width=width,
            activation=activation,
            dropout=dropout,
            weight_decay=weight_decay,
            learning_rate=learning_rate,
            batch_size=batch_size,
            max_steps=max_steps,
            patience=patience,
            validation_fraction=validation_fraction,
            random_state=random_state,
            device=device,
        )
        self.members = members

    def fit(self, X: Any, y: Array) -> DeepEnsembleRegressor:
        if self.members < 1:
            raise ValueError(f"members={self.members}: give one or more")
        target = self._standardised(y)
        seeds = np.random.SeedSequence(self.random_state).generate_state(self.members)
        made = [self._trained(X, target, int(seed), uncertain=True) for seed in seeds]
        self.nets_ = [net for net, _ in made]
        self.fit_info_ = {
            "members": self.members,
            "parameters": sum(facts["parameters"] for _, facts in made),
            "steps": [facts["steps"] for _, facts in made],
            "refitted": made[0][1]["refitted"],
        }
        return self

    def moments(self, X: Any) -> Array:
        """(m, 2) float64: mean and variance of the mixture, of the standardised target."""
        from omicsbench.methods._regression_net import LEAST_LOG_VARIANCE
        from omicsbench.methods._torch import by_blocks

        told = np.stack([by_blocks(net, X, self.device) for net in self.nets_]).astype(np.float64)
        means, variances = told[..., 0], np.exp(np.maximum(told[..., 1], LEAST_LOG_VARIANCE))
        return np.stack([means.mean(axis=0), variances.mean(axis=0) + means.var(axis=0)], axis=1)

    def predict(self, X: Any) -> Array:
        """(m,) float32: the mean of the members, in the units of the data."""
        return self._restored(self.moments(X)[:, 0]).astype(np.float32)

    def predict_interval(self, X: Any, level: float) -> Array:
        """(m, 2) float32: ends between which the target lies with a probability of ``level``."""
        from scipy.stats import norm

        mean, variance = self.moments(X).T
        half = norm.ppf((1 + level) / 2) * np.sqrt(variance)
        ends = np.stack([mean - half, mean + half], axis=1)
        return self._restored(ends).astype(np.float32)
