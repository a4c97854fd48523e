"""Simulated cells: are their true coordinates in the embedding?"""

from __future__ import annotations

import numpy as np

from omicsbench.metrics.base import Estimate, FloatArray, metric
from omicsbench.metrics.ridge import mean_r2, read_off

OUT_OF_SAMPLE = "10.1093/rfs/hhm055"  # Campbell & Thompson 2008: R2 against the training mean


@metric(
    title="True coordinates, read off by ridge, R²",
    range=(None, 1),
    direction="max",
    source=OUT_OF_SAMPLE,
    group="truth",
    margin=0.02,
    tasks=("embed", "integrate", "batch"),
    room=(0.0, 1.0),
)
def latent_r2(
    train_embedding: FloatArray,
    train_latent: FloatArray,
    embedding: FloatArray,
    latent: FloatArray,
) -> Estimate:
    """How much of the coordinates from which cells were simulated a linear map finds.

    Ridge regression of at most 5,000 training rows, its penalty by leave-one-out; neither rotation
    nor scale of the embedding matters. Mean over coordinates of the share of the squared distance
    from the mean of the training rows that is explained.

    train_embedding : (n, d) float32; train_latent : (n, q) float32; embedding : (m, d); latent :
    (m, q). Range (-inf, 1], larger is better; an embedding that knows nothing scores about 0.
    """
    predicted = read_off(train_embedding, train_latent, embedding)
    return mean_r2(latent, predicted, train_latent.mean(axis=0, dtype=np.float64))
