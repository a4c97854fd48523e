"""Multilayer perceptron: the plain deep predictor, from one hidden layer to eight."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array
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
    name="mlp",
    task="predict",
    family="deep",
    summary="Dense network of any depth, trained with early stopping.",
    source="https://doi.org/10.1038/323533a0",
    accepts_sparse=True,
    streams=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    space=SPACE,
)
class Mlp:
    """Dense layers with batch norm, residual from the second on; cross-entropy by AdamW.

    Training starts from the classes' shares and goes on for as long as held-out rows gain by it.
    With 50 to 200 rows of 1,000 genes strong dropout makes it about as good as logistic
    regression; residual layers let eight of them learn from so few rows.

    Parameters
    ----------
    depth : hidden layers, 1 to 8.
    width : units of each.
    activation : of the hidden layers: elu, relu, silu or tanh.
    dropout : share of the hidden units left out at each step.
    max_steps : the training budget in mini-batches, alike at every n. Training mostly stops
        long before, by ``patience`` (in looks at the held-out rows, one per epoch but at least
        10 and at most 500 steps apart).
    validation_fraction : share of the training rows, by class, that decides when to stop; the
        weights that did best on it are kept. 0 trains for ``max_steps``. Up to 2,000 rows, all are
        then trained on anew for as many steps as did best.
    """

    def __init__(
        self,
        depth: int = 2,
        width: int = 512,
        activation: str = "relu",
        dropout: float = 0.5,
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

    def fit(self, X: Any, y: Array) -> Mlp:
        from omicsbench.methods._classifier import fit_classifier, hidden_layers
        from omicsbench.methods._training import options_of

        shape = X.shape[1], self.depth, self.width, self.activation, self.dropout
        self.classes_, self.net_, self.fit_info_ = fit_classifier(
            lambda: hidden_layers(*shape),
            self.width,
            X,
            y,
            validation_fraction=self.validation_fraction,
            **options_of(self),
        )
        return self

    def predict_proba(self, X: Any) -> Array:
        """(m, c) float64, in the order of ``classes_``."""
        from omicsbench.methods._classifier import probabilities

        return probabilities(self.net_, X, self.device)
