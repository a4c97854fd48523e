"""Variational autoencoder of counts, after scVI: what the field's deep models are made of."""

from __future__ import annotations

from functools import partial

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Choice, Counts, Real, Whole, method

DECODERS = ("deep", "linear")
STARTS = ("alike", "random")


@method(
    name="count_vae",
    family="deep",
    summary="Variational autoencoder of counts with a negative binomial likelihood, after scVI.",
    source="https://doi.org/10.1038/s41592-018-0229-2",
    reads="counts",
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    # Not depth nor decoder, which name contestants, nor the training budget.
    space={
        "width": Whole(64, 512, log=True),
        "dropout": Real(0.0, 0.5),
        "weight_decay": Choice([0.0, 1e-6, 1e-4, 1e-2]),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "batch_size": Choice([32, 64, 128, 256]),
    },
)
class CountVae:
    """Counts are negative binomial; their means are shares of a cell's counts, from a latent place.

    As scVI with the observed library size and one batch: the encoder sees log(1 + count), hidden
    layers have batch norm and ReLU, each feature has its own dispersion, and a cell's embedding is
    the mean of its posterior. Other than scVI it stops early, and starts elsewhere. With
    ``decoder="linear"`` it is LDVAE (10.1093/bioinformatics/btaa169), whose loadings can be read.

    Parameters
    ----------
    depth : hidden layers of the encoder, and of a deep decoder.
    width : units of each.
    decoder : ``deep`` or ``linear``.
    dropout : of the encoder's hidden layers.
    start : where dispersions and the output's biases begin: at the best model in which all cells
        are ``alike``, which soon fits unseen cells better; or at ``random``, as in scVI.
    max_steps : the training budget in mini-batches, alike at every n.
    patience : looks at the bound of held-out rows without progress before training stops.
    validation_fraction : share of the training rows held out for that; 0 trains on. Up to
        2,000 rows, all are then trained on anew for as many steps as did best.
    """

    def __init__(
        self,
        n_components: int | None = None,
        depth: int = 1,
        width: int = 128,
        decoder: str = "deep",
        dropout: float = 0.1,
        start: str = "alike",
        weight_decay: float = 1e-6,
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
        self.decoder = decoder
        self.dropout = dropout
        self.start = start
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Counts) -> CountVae:
        from omicsbench.methods._count_step import keep_memory, loss
        from omicsbench.methods._count_vae import CountNetwork, start
        from omicsbench.methods._training import drawn, of_blocks, options_of, train_on_all

        if self.decoder not in DECODERS:
            raise ValueError(f"decoder={self.decoder!r}: use one of {', '.join(DECODERS)}")
        if self.start not in STARTS:
            raise ValueError(f"start={self.start!r}: use one of {', '.join(STARTS)}")
        if self.depth < 1:
            raise ValueError(f"depth={self.depth}: give one hidden layer or more")
        keep_memory()
        widths = [X.shape[1], *[self.width] * self.depth, latent(self.n_components)]
        begin = start(X) if self.start == "alike" else None
        self.net_, self.fit_info_ = train_on_all(
            lambda: CountNetwork(widths, begin, self.dropout, self.decoder == "linear"),
            of_blocks(X, self.device, loss),
            len(X),
            partial(drawn, len(X), self.validation_fraction),
            **options_of(self),
        )
        return self

    def transform(self, X: Counts) -> Array:
        from omicsbench.methods._torch import by_blocks

        return by_blocks(self.net_.encode, X, self.device)

    def score(self, X: Counts) -> float:
        """The evidence bound of unseen cells, in nats per cell: below their log-likelihood."""
        from omicsbench.methods._count_vae import negative_bound

        return -negative_bound(self.net_, X, self.device)
