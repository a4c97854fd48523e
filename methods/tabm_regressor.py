"""TabM for measured numbers: many dense networks in one, which share most of their weights."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import Regressor
from omicsbench.methods.tabm import SPACE
from omicsbench.plugin import method


@method(
    name="tabm_regressor",
    task="regress",
    family="deep",
    summary="TabM: an ensemble of dense networks that share weights, trained as one, for numbers.",
    source="https://doi.org/10.48550/arXiv.2410.24210",
    accepts_sparse=True,
    streams=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch", "tabm"),
    space=SPACE,
)
class TabmRegressor(Regressor):
    """The authors' network at their defaults, as ``tabm``, each member by its own squared error.

    The answer is the mean of the members. A step costs ``members`` times that of one network:
    ``pca(50) > tabm_regressor`` is far cheaper.

    Parameters
    ----------
    depth : hidden layers.
    width : units of each.
    members : networks in one.
    max_steps : the training budget in mini-batches, alike at every n.
    patience : looks at the held-out rows without progress after which training stops.
    validation_fraction : share of the training rows that decides when to stop.
    """

    def __init__(
        self,
        depth: int = 3,
        width: int = 512,
        dropout: float = 0.1,
        members: int = 32,
        weight_decay: float = 3e-4,
        learning_rate: float = 2e-3,
        batch_size: int = 256,
        max_steps: int = 20_000,
        patience: int = 16,
        validation_fraction: float = 0.2,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.depth = depth
        self.width = width
        self.dropout = dropout
        self.members = members
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Array) -> TabmRegressor:
        import torch

        from omicsbench.methods._tabm import fit_members
        from omicsbench.methods._training import drawn

        def loss(answers: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return ((answers[..., 0] - target[:, None]) ** 2).mean()

        target = self._standardised(y).astype(np.float32)
        draw = partial(drawn, len(target), self.validation_fraction)
        self.net_, self.fit_info_ = fit_members(self, X, target, np.zeros(1), draw, loss)
        return self

    def predict(self, X: Any) -> Array:
        """(m,) float32, in the units of the data."""
        from omicsbench.methods._torch import by_blocks

        answers = by_blocks(self.net_, X, self.device)[..., 0]
        return self._restored(answers.mean(axis=1)).astype(np.float32)
