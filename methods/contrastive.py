"""Self-supervision by two masked views of each row: VICReg, with no decoder."""

from __future__ import annotations

from functools import partial
from typing import Any

from omicsbench.methods._common import Array, column_means, latent
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="contrastive",
    family="deep",
    summary="Encoder that places two masked views of a row together (VICReg); no decoder.",
    source="https://arxiv.org/abs/2105.04906",
    accepts_sparse=True,
    streams=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    # Not the training budget.
    space={
        "width": Whole(64, 1024, log=True),
        "expanded": Choice([64, 128, 256, 512]),
        "masked": Real(0.1, 0.8),
        "activation": Choice(["elu", "relu", "silu", "tanh"]),
        "weight_decay": Choice([0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "batch_size": Choice([64, 128, 256, 512]),
    },
)
class Contrastive:
    """A view is a row of which random features are at their mean.

    The loss (with the weights published) asks that an expander's outputs be alike for two views
    of a row, and that over rows they vary and be uncorrelated. The embedding is what the
    expander is given; what tells one cell from another is all it is asked to keep.

    Parameters
    ----------
    width : units of the encoder's hidden layer.
    expanded : units of the expander, which is left out when cells are embedded.
    masked : share of the features at their mean in a view.
    activation : of the hidden layers: elu, relu, silu or tanh.
    max_steps : the training budget in mini-batches, alike at every n.
    patience : looks at the loss of held-out rows without progress before training stops.
    validation_fraction : share of the training rows held out for that; 0 trains on. Up to
        2,000 rows, all are then trained on anew for as many steps as did best.
    """

    def __init__(
        self,
        n_components: int | None = None,
        width: int = 512,
        expanded: int = 256,
        masked: float = 0.5,
        activation: str = "elu",
        weight_decay: float = 0.0,
        learning_rate: float = 1e-3,
        batch_size: int = 256,
        max_steps: int = 20_000,
        patience: int = 10,
        validation_fraction: float = 0.1,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.width = width
        self.expanded = expanded
        self.masked = masked
        self.activation = activation
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any) -> Contrastive:
        from omicsbench.methods._training import drawn, of_blocks, options_of, train_on_all
        from omicsbench.methods._vicreg import TwoViews

        if not 0 < self.masked < 1:
            raise ValueError(f"masked={self.masked}: give a share between 0 and 1")
        k, mean = latent(self.n_components), column_means(X)
        self.net_, self.fit_info_ = train_on_all(
            lambda: TwoViews(mean, k, self.width, self.expanded, self.activation, self.masked),
            of_blocks(X, self.device, lambda net, x: net(x)),
            X.shape[0],
            partial(drawn, X.shape[0], self.validation_fraction),
            **options_of(self),
        )
        return self

    def transform(self, X: Any) -> Array:
        from omicsbench.methods._torch import by_blocks

        return by_blocks(self.net_.encode, X, self.device)
