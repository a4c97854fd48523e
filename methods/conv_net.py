"""Small convolutional network, for features that form an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import Array
from omicsbench.plugin import Choice, Real, Whole, method


@method(
    name="conv_net",
    task="predict",
    family="deep",
    summary="Two convolutions and a dense layer on features that form an image.",
    source="https://doi.org/10.1109/5.726791",
    accepts_sparse=True,
    streams=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
    space={
        "channels": Whole(8, 64, log=True),
        "width": Whole(32, 512, log=True),
        "dropout": Real(0.0, 0.7),
        "weight_decay": Choice([0.0, 1e-4, 1e-3, 1e-2, 1e-1]),
        "learning_rate": Real(1e-4, 1e-2, log=True),
        "batch_size": Choice([32, 64, 128, 256]),
    },
)
class ConvNet:
    """3 x 3 convolutions, each halving the image, then a dense layer; trained as ``mlp`` is.

    Parameters
    ----------
    image : height and width of the image that the measured features form, row by row.
    places : (p,) place of each feature of X among the height * width measured ones, as those
        without variance are left out; the places left out are zero. None: X has all of them.
    channels : of the first convolution; the second has twice as many.
    width : units of the dense layer.
    dropout : share of the units left out at each step.
    max_steps, patience, validation_fraction : as those of ``mlp``.
    """

    def __init__(
        self,
        image: tuple[int, int] | None = None,
        places: Array | None = None,
        channels: int = 32,
        width: int = 128,
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
        self.image = image
        self.places = places
        self.channels = channels
        self.width = width
        self.dropout = dropout
        self.weight_decay = weight_decay
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.max_steps = max_steps
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any, y: Array) -> ConvNet:
        from omicsbench.methods._classifier import convolutions, fit_classifier
        from omicsbench.methods._training import options_of

        image, places = self._layout(X.shape[1])
        self.classes_, self.net_, self.fit_info_ = fit_classifier(
            lambda: convolutions(image, places, self.channels, self.width, self.dropout),
            self.width,
            X,
            y,
            validation_fraction=self.validation_fraction,
            **options_of(self),
        )
        self.fit_info_["image"] = list(image)
        return self

    def predict_proba(self, X: Any) -> Array:
        """(m, c) float64, in the order of ``classes_``."""
        from omicsbench.methods._classifier import probabilities

        return probabilities(self.net_, X, self.device)

    def _layout(self, p: int) -> tuple[tuple[int, int], Array]:
        """The image's height and width, and the place in it of each of p features."""
        if self.image is None:
            raise ValueError("image is None: give the shape, for example conv_net(image=(8, 8))")
        if len(self.image) != 2 or min(self.image) < 1:
            raise ValueError(f"image={self.image}: give a height and a width, for example (8, 8)")
        height, width = (int(side) for side in self.image)
        pixels = height * width
        if self.places is None:
            if p != pixels:
                raise ValueError(f"image {height} x {width} has {pixels} places, X {p} features")
            return (height, width), np.arange(p)
        places = np.asarray(self.places, dtype=np.int64)
        whole = len(places) == p == len(np.unique(places))
        if not (whole and places.min() >= 0 and places.max() < pixels):
            raise ValueError(f"places: give each of {p} features one of the {pixels} places")
        return (height, width), places
