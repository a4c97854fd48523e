"""Autoencoder: PCA's non-linear relative, from linear (depth 0) to deep."""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="autoencoder",
    family="deep",
    summary="Dense autoencoder of any depth, trained with early stopping.",
    source="https://doi.org/10.1126/science.1127647",
    accepts_sparse=True,
    streams=True,
    invertible=True,
    devices=("cpu", "cuda", "mps"),
    control_if=(("depth", 0),),
    needs=("torch",),
    # Not depth, which names a contestant, nor the training budget.
    space={
        "width": Whole(64, 1024, log=True),
        "masked": Real(0.0, 0.7),
        "activation": Choice(["elu", "relu", "silu", "tanh"]),
        "batch_norm": Choice([True, False]),
        "dropout": Real(0.0, 0.5),
        "weight_decay": Choice([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "batch_size": Choice([32, 64, 128, 256]),
    },
)
class Autoencoder:
    """Dense layers, linear bottleneck and output, squared error on centred features.

    Parameters
    ----------
    depth : hidden layers besides the bottleneck, half of them before it: 0 is the linear
        autoencoder, which can do no better than PCA and so separates what the optimiser loses
        from what non-linearity gains; 8 or 10 is deep.
    width : units of the first hidden layer; from there layers taper geometrically towards
        ``n_components``, and widen in the same way after it.
    masked : share of the features that are at their mean in what the network is given in training,
        others at each step, and that it must rebuild all the same. Nothing is masked of rows held
        out, or when cells are embedded.
    activation : of the hidden layers: elu, relu, silu or tanh.
    max_steps : the training budget in mini-batches, alike at every n. Training mostly stops
        long before, by ``patience`` (in looks at the validation loss, one per epoch but at
        least 10 and at most 500 steps apart).
    validation_fraction : share of the training rows that decides when to stop; the weights
        that did best on it are kept. 0 trains for ``max_steps``. Up to 2,000 rows, all are then
        trained on anew for as many steps as did best.
    """

    def __init__(
        self,
        n_components: int | None = None,
        depth: int = 2,
        width: int = 512,
        masked: float = 0.0,
        activation: str = "elu",
        batch_norm: bool = True,
        dropout: float = 0.0,
        weight_decay: float = 0.0,
        learning_rate: float = 1e-3,
        batch_size: int = 128,
        max_steps: int = 50_000,
        patience: int = 10,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.depth = depth
        self.width = width
        self.masked = masked
        self.activation = activation
        self.batch_norm = batch_norm
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any) -> Autoencoder:
        from omicsbench.methods._torch import Network
        from omicsbench.methods._training import fallen_in_share
        from omicsbench.methods._variants import rebuilt, train

        if not 0 <= self.masked < 1:
            raise ValueError(f"masked={self.masked}: give a share from 0 to below 1")
        self.net_, self.fit_info_ = train(
            self, X, Network, lambda net, x: rebuilt(net, x, self.masked), fallen_in_share
        )
        return self

    def transform(self, X: Any) -> Array:
        from omicsbench.methods._torch import by_blocks

        return by_blocks(self.net_.encode, X, self.device)

    def inverse_transform(self, Z: Array) -> Array:
        from omicsbench.methods._torch import by_blocks

        return by_blocks(self.net_.decode, Z, self.device)

    def _hidden(self) -> list[int]:
        """Widths of the encoder's hidden layers; the decoder mirrors them."""
        if self.depth < 0 or self.depth % 2:
            raise ValueError(
                f"depth={self.depth}: give an even number of hidden layers, half before the "
                "bottleneck and half after it (0 for a linear autoencoder)"
            )
        k, half = latent(self.n_components), self.depth // 2
        return [max(k, round(self.width * (k / self.width) ** (i / half))) for i in range(half)]
