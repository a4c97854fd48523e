"""Multilayer perceptron for measured numbers: the plain deep regressor."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array
from omicsbench.methods._regressors import Regressor
from omicsbench.plugin import Choice, Dimension, Real, Whole, method

# Not depth, which names a contestant, nor the training budget.
SPACE: dict[str, Dimension] = {
    "width": Whole(64, 1024, log=True),
    "activation": Choice(["elu", "relu", "silu", "tanh"]),
    "dropout": Real(0.0, 0.7),
    "weight_decay": Choice([0.0, 1e-4, 1e-3, 1e-2, 1e-1]),
    "learning_rate": Real(1e-4, 1e-2, log=True),
    "batch_size": Choice([32, 64, 128, 256]),
}


@method(
    name="mlp_regressor",
    task="regress",
    family="deep",
    summary="Dense network of any depth for numbers, trained with early stopping.",
    source="https://doi.org/10.1038/323533a0",
    accepts_sparse=True,
    streams=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    space=SPACE,
)
class MlpRegressor(Regressor):
    """The layers of ``mlp``; squared error of the standardised target, by AdamW.

    Training starts from the mean and goes on for as long as held-out rows gain by it. Up to 2,000
    rows are then all trained on, for as many steps.

    Parameters
    ----------
    depth : hidden layers, 1 to 8.
    width : units of each.
    activation : of the hidden layers: elu, relu, silu or tanh.
    dropout : share of the hidden units left out at each step.
    max_steps : the training budget in mini-batches, alike at every n.
    patience : looks at the held-out rows without progress after which training stops.
    validation_fraction : share of the training rows that decides when to stop.
    """

    def __init__(
        self,
        depth: int = 2,
        width: int = 512,
        activation: str = "relu",
        dropout: float = 0.2,
        weight_decay: float = 1e-2,
        learning_rate: float = 1e-3,
        batch_size: int = 64,
        max_steps: int = 20_000,
        patience: int = 10,
        validation_fraction: float = 0.2,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.depth = depth
        self.width = width
        self.activation = activation
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Array) -> MlpRegressor:
        target = self._standardised(y)
        self.net_, self.fit_info_ = self._trained(X, target, self.random_state)
        return self

    def _trained(
        self, X: Any, target: Array, random_state: int, uncertain: bool = False
    ) -> tuple[Any, dict[str, Any]]:
        """A network of standardised targets, with a variance if ``uncertain``, and facts."""
        from omicsbench.methods._regression_net import fit_numbers
        from omicsbench.methods._training import options_of

        return fit_numbers(
            X,
            target,
            uncertain=uncertain,
            depth=self.depth,
            width=self.width,
            activation=self.activation,
            dropout=self.dropout,
            validation_fraction=self.validation_fraction,
            **options_of(self) | {"random_state": random_state},
        )

    def predict(self, X: Any) -> Array:
        """(m,) float32, in the units of the data."""
        from omicsbench.methods._torch import by_blocks

        return self._restored(by_blocks(self.net_, X, self.device)[:, 0]).astype("float32")
