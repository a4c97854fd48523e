"""The autoencoder of a lecture for RNA, methylation and accessibility, as published.

Source: N. Oskolkov, Deep Learning for Omics Integration (2023), on cells measured by scNMT-seq
(Clark et al. 2018, https://doi.org/10.1038/s41467-018-03149-4; GEO GSE109262).
"""

from __future__ import annotations

from typing import Any

from omicsbench.methods._common import Array, latent
from omicsbench.plugin import Modalities, method


@method(
    name="original_scnmt",
    family="deep",
    task="integrate",
    summary="A lecture's autoencoder for scNMT-seq as published: three modalities, concatenated.",
    source="N. Oskolkov, Deep Learning for Omics Integration, lecture, 2023",
    devices=("cpu", "cuda", "mps"),
    needs=("torch",),
)
class OriginalScnmt:
    """As published: dropout of 0.2 on each input, 30 elu units for each modality, concatenated,
    a linear bottleneck of 50, 90 elu units, an output per modality; squared error of RNA plus
    cross-entropy of methylation and accessibility, 130 epochs of Adam, batch 16.

    Where it differs: any number of modalities is taken, with 30 units for each at both ends;
    cross-entropy is of those whose raw values lie in 0..1, squared error of the others:
    log(x + 1) of counts, or the prepared values. The output of RNA is linear.

    Weaknesses that it shows, and that ``multimodal_autoencoder`` mends:

    - counts are not brought to equal depth, and input is not centred;
    - losses of different units are added up, so that their scales decide which is learnt;
    - a bottleneck of 50 beside 90 units for a few dozen cells, and 130 epochs with no
      validation rows to tell when to stop: it can learn its cells by heart;
    - concatenation has no answer to a cell that lacks a modality.

    Set ``epochs`` lower at large n: batches of 16 make each epoch many steps.
    """

    def __init__(
        self,
        n_components: int | None = 50,
        epochs: int = 130,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.n_components = n_components
        self.epochs = epochs
        self.random_state = random_state
        self.device = device

    def fit(self, X: Modalities) -> OriginalScnmt:
        from torch import nn

        from omicsbench.methods._multimodal import Concatenated, fit_lecture
        from omicsbench.methods._torch import seeded

        features = {name: part.values.shape[1] for name, part in X.items()}
        shares = [name for name, part in X.items() if part.likelihood == "bernoulli"]
        widths = [30] * len(X)
        with seeded(self.random_state):
            self.net_ = Concatenated(features, widths, latent(self.n_components), nn.ELU, 0.2)
            self.fit_info_: dict[str, Any] = fit_lecture(
                self.net_, X, self.epochs, 16, self.random_state, self.device, shares
            )
        return self

    def transform(self, X: Modalities) -> Array:
        from omicsbench.methods._multimodal import by_rows, check_names, measured

        check_names(X, self.net_.names)
        return by_rows(self.net_.encode, X, self.device, measured)
