"""The autoencoder of a lecture for RNA and surface proteins, as published, weaknesses and all.

Source: N. Oskolkov, Deep Learning for Omics Integration (2023), on 8,617 cord blood cells
measured by CITE-seq (GEO GSE100866).
"""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Modalities, method


@method(
    name="original_cite_seq",
    family="deep",
    task="integrate",
    summary="A lecture's autoencoder for CITE-seq as published: RNA and proteins, concatenated.",
    source="N. Oskolkov, Deep Learning for Omics Integration, lecture, 2023",
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
)
class OriginalCiteSeq:
    """As published: 50 linear units for RNA and 10 for proteins, concatenated, a linear
    bottleneck of 50, 60 elu units, an output per modality, squared errors added up, 100 epochs
    of Adam, batch 128; log(x + 1) of counts in and out.

    Where it differs: RNA is what the harness has selected of the genes, the first modality is
    taken for RNA (any other is given 10 units), and what is no count is left as it is: raw
    zeros, ones and shares, or else the prepared values.

    Weaknesses that it shows, and that ``multimodal_autoencoder`` mends:

    - counts are not brought to equal depth, so depth is the first thing the bottleneck holds;
    - both encoder layers are linear, so no embedding of it is more than a linear map;
    - proteins with large counts outweigh RNA, whose log counts are mostly near zero;
    - input is not centred, and the first steps learn the mean;
    - concatenation has no answer to a cell that lacks a modality;
    - a fixed number of epochs, with no validation rows to tell when to stop.
    """

    def __init__(
        self,
        n_components: int | None = 50,
        epochs: int = 100,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.epochs = epochs
        self.random_state = random_state
        self.device = device

    def fit(self, X: Modalities) -> OriginalCiteSeq:
        from torch import nn

        from omicsbench.methods._multimodal import Concatenated, fit_lecture
        from omicsbench.methods._torch import seeded

        features = {name: part.values.shape[1] for name, part in X.items()}
        widths = [50, *[10] * (len(X) - 1)]
        with seeded(self.random_state):
            self.net_ = Concatenated(features, widths, latent(self.n_components), nn.Identity)
            self.fit_info_: dict[str, Any] = fit_lecture(
                self.net_, X, self.epochs, 128, self.random_state, self.device
            )
        return self

    def transform(self, X: Modalities) -> Array:
        from omicsbench.methods._multimodal import by_rows, check_names, measured

        check_names(X, self.net_.names)
        return by_rows(self.net_.encode, X, self.device, measured)
