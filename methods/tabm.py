"""TabM: many dense networks in one, which share most of their weights."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.plugin import Choice, Dimension, Real, Whole, method

SPACE: dict[str, Dimension] = {
    "width": Whole(64, 1024, log=True),
    "dropout": Real(0.0, 0.5),
    "weight_decay": Choice([0.0, 3e-4, 1e-3, 1e-2, 1e-1]),
    "learning_rate": Real(1e-4, 5e-3, log=True),
}


@method(
    name="tabm",
    task="predict",
    family="deep",
    summary="TabM: an ensemble of dense networks that share weights, trained as one.",
    source="https://doi.org/10.48550/arXiv.2410.24210",
    accepts_sparse=True,
    streams=True,
    samples=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch", "tabm"),
    space=SPACE,
)
class TabmClassifier:
    """The authors' network at their defaults; each member is a sample, the answer their mean.

    Members are trained on the same batches, each by its own cross-entropy, and stopped together
    by that of held-out rows. Up to 2,000 rows are then all trained on, for as many steps. A step
    costs ``members`` times that of one network: ``pca(50) > tabm`` is far cheaper than ``tabm``.

    Parameters
    ----------
    depth : hidden layers.
    width : units of each.
    members : networks in one.
    max_steps : the training budget in mini-batches, alike at every n.
    patience : looks at the held-out rows without progress after which training stops.
    validation_fraction : share of the training rows, by class, that decides when to stop.
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

    def fit(self, X: Any, y: Array) -> TabmClassifier:
        import torch

        from omicsbench.methods._classifier import held_out
        from omicsbench.methods._tabm import fit_members

        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)

        def loss(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            of_each = logits.permute(0, 2, 1), target[:, None].expand(-1, logits.shape[1])
            return torch.nn.functional.cross_entropy(*of_each)

        start = np.log(np.bincount(codes) / len(codes))
        draw = partial(held_out, codes, self.validation_fraction)
        self.net_, facts = fit_members(self, X, codes, start, draw, loss)
        self.fit_info_ = {**facts, "classes": len(self.classes_)}
        return self

    def sample_proba(self, X: Any) -> Array:
        """(s, m, c) float64: the probabilities by each member."""
        from omicsbench.methods._classifier import softmax
        from omicsbench.methods._torch import by_blocks

        return softmax(by_blocks(self.net_, X, self.device)).transpose(1, 0, 2)

    def predict_proba(self, X: Any) -> Array:
        """(m, c) float64: the mean over the members."""
        mean: Array = self.sample_proba(X).mean(axis=0)
        return mean
