"""The "8 layers" autoencoder of a lecture, as published and with its weaknesses mended.

Source: N. Oskolkov, Deep Learning for Omics Integration (2023), whose 1.3 million mouse brain
cells are reduced by PCA to 50 scores, then by dense layers of 30-20-10-2-10-20-30-50 units.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from omicsbench.methods._common import latent
from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.plugin import method

SOURCE = "N. Oskolkov, Deep Learning for Omics Integration, lecture, 2023"
HIDDEN = (30, 20, 10)


@method(
    name="original_8_layers",
    family="deep",
    summary="A lecture's 8-layer autoencoder as published: pca(50) > original_8_layers.",
    source=SOURCE,
    invertible=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
)
class Original8Layers(Autoencoder):
    """As published: elu, linear bottleneck, sigmoid output, 500 epochs of Adam, batch 128.

    Weaknesses that it shows, and that ``corrected_8_layers`` mends:

    - a sigmoid output lies in (0, 1) and cannot fit PCA scores, which are signed and large;
    - fed with PCA scores, it cannot recover what PCA has dropped;
    - a bottleneck of 2 beside PCA's 10 or 50 components is no comparison on equal terms;
    - a fixed number of epochs, with no validation rows to tell when to stop.

    Set ``epochs`` lower at large n: 500 passes over a million cells take hours.
    """

    def __init__(
        self,
        n_components: int = 2,
        epochs: int = 500,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.epochs = epochs
        self.random_state = random_state
        self.device = device

    def fit(self, X: Any) -> Original8Layers:
        from torch import nn

        from omicsbench.methods._torch import Network, seeded
        from omicsbench.methods._training import train_to_rebuild

        n, p = X.shape
        widths = [p, *HIDDEN, latent(self.n_components), *HIDDEN[::-1], p]
        with seeded(self.random_state):
            no_centring = np.zeros(p, dtype=np.float32)
            self.net_ = Network(widths, len(HIDDEN) + 1, no_centring, batch_norm=False)
            for layer in self.net_.modules():
                if isinstance(layer, nn.Linear):  # the starting weights of Keras
                    nn.init.xavier_uniform_(layer.weight)
            self.net_.decoder.append(nn.Sigmoid())
            self.fit_info_ = train_to_rebuild(
                self.net_,
                X,
                batch_size=128,
                learning_rate=1e-3,
                max_steps=self.epochs * -(-n // 128),
                random_state=self.random_state,
                device=self.device,
            )
        return self


@method(
    name="corrected_8_layers",
    family="deep",
    summary="The same layers fed with the features, linear output, early stopping.",
    source=SOURCE,
    accepts_sparse=True,
    streams=True,
    invertible=True,
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
)
class Corrected8Layers(Autoencoder):
    """``original_8_layers`` on sound terms: the latent size of its rivals, features in and out.

    No layer is narrower than the latent one. Training is that of ``autoencoder``.
    """

    def __init__(
        self, n_components: int | None = None, random_state: int = 0, device: str = "cpu"
    ) -> None:
        super().__init__(n_components, random_state=random_state, device=device)

    def _hidden(self) -> list[int]:
        return [max(width, latent(self.n_components)) for width in HIDDEN]
