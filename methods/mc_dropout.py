"""Monte Carlo dropout: the dropout of training kept on in use, as samples of a posterior."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array
from omicsbench.methods.mlp import SPACE, Mlp
from omicsbench.plugin import Real, method


@method(
    name="mc_dropout",
    task="predict",
    family="deep",
    summary="The dense network under many dropout masks, each a sample of its posterior.",
    source="https://arxiv.org/abs/1506.02142",
    accepts_sparse=True,
    streams=True,
    samples=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    space=SPACE | {"dropout": Real(0.05, 0.7)},  # without any it has no samples
)
class McDropout(Mlp):
    """``mlp``, answering by the mean over ``samples`` masks.

    A sample is one set of masks, alike for all rows, so it is one function; the masks are drawn
    by ``random_state``. The other parameters are those of ``mlp``.

    Parameters
    ----------
    dropout : share of the hidden units that a mask leaves out; above 0.
    samples : sets of masks.
    """

    def __init__(
        self,
        depth: int = 2,
        width: int = 512,
        activation: str = "relu",
        dropout: float = 0.5,
        samples: int = 50,
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
        self.samples = samples

    def fit(self, X: Any, y: Array) -> McDropout:
        if self.samples < 1 or self.dropout <= 0:
            raise ValueError("give one sample or more, and a dropout above 0")
        super().fit(X, y)
        self.fit_info_["samples"] = self.samples
        return self

    def sample_proba(self, X: Any) -> Array:
        """(s, m, c) float64: the probabilities under each set of masks."""
        import numpy as np

        from omicsbench.methods._classifier import masked, sampled

        seeds = np.random.SeedSequence(self.random_state).generate_state(self.samples)
        return sampled([masked(self.net_, int(seed)) for seed in seeds], X, self.device)

    def predict_proba(self, X: Any) -> Array:
        """(m, c) float64: the mean over the samples."""
        mean: Array = self.sample_proba(X).mean(axis=0)
        return mean
