"""Deep ensemble: several networks that differ by their seed alone, and their mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.methods.mlp import SPACE, Mlp
from omicsbench.plugin import method


@method(
    name="deep_ensemble",
    task="predict",
    family="deep",
    summary="Dense networks trained from several seeds; each is a sample, the answer their mean.",
    source="https://arxiv.org/abs/1612.01474",
    accepts_sparse=True,
    streams=True,
    samples=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    space=SPACE,
)
class DeepEnsemble(Mlp):
    """``members`` times ``mlp``, each with weights, batches and held-out rows of its own.

    Without the adversarial training that the paper offers as an option. It takes ``members``
    times as long as ``mlp``, whose parameters the others are.

    Parameters
    ----------
    members : networks; five as in the paper.
    """

    def __init__(
        self,
        depth: int = 2,
        width: int = 512,
        activation: str = "relu",
        dropout: float = 0.5,
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

    def fit(self, X: Any, y: Array) -> DeepEnsemble:
        if self.members < 1:
            raise ValueError(f"members={self.members}: give one or more")
        own = {name: value for name, value in vars(self).items() if not name.endswith("_")}
        del own["members"]
        seeds = np.random.SeedSequence(self.random_state).generate_state(self.members)
        self.members_ = [Mlp(**{**own, "random_state": int(s)}).fit(X, y) for s in seeds]
        self.classes_ = self.members_[0].classes_
        self.fit_info_ = {
            "members": self.members,
            "parameters": sum(m.fit_info_["parameters"] for m in self.members_),
            "steps": [m.fit_info_["steps"] for m in self.members_],
            "refitted": self.members_[0].fit_info_["refitted"],
            "classes": len(self.classes_),
        }
        return self

    def sample_proba(self, X: Any) -> Array:
        """(s, m, c) float64: the probabilities by each member."""
        return np.stack([member.predict_proba(X) for member in self.members_])

    def predict_proba(self, X: Any) -> Array:
        """(m, c) float64: the mean over the members."""
        mean: Array = self.sample_proba(X).mean(axis=0)
        return mean
