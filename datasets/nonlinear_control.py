"""Positive control: a curved manifold, where an autoencoder must win once n is large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData

DIMENSIONS, FEATURES = 6, 100
CURVATURE = 0.45  # standard deviation of the frequencies: how fast features turn
NOISE = 0.2  # standard deviation in each feature, whose variance is about 0.7


# Six Gaussian coordinates through random waves (random Fourier features). A flat space of 10
# dimensions holds two thirds of the variance however large n is; the manifold itself holds
# 94 %, but takes some hundred cells to learn. So PCA leads at n = 50, an autoencoder at 500.
@dataset(
    name="nonlinear_control",
    summary="Simulated: a curved 6-D manifold in 100 features; an autoencoder wins at large n.",
    source="https://papers.nips.cc/paper/3182-random-features-for-large-scale-kernel-machines",
    licence="MIT",
    values="continuous",
    kind="simulated",
    label="quadrant",
    provenance="simulated",
    scale=False,
)
def load(n: int = 5000, seed: int = 0) -> AnnData:
    """X: dense (n, 100). ``obsm["latent"]``: (n, 6). The manifold depends on ``seed`` only.

    The label is the quadrant (signs) of the first two latent coordinates.
    """
    import anndata
    import pandas as pd

    rng = np.random.default_rng(seed)
    waves = CURVATURE * rng.standard_normal((DIMENSIONS, FEATURES), dtype=np.float32)
    phases = rng.uniform(0, 2 * np.pi, FEATURES).astype(np.float32)
    latent = rng.standard_normal((n, DIMENSIONS), dtype=np.float32)
    noise = NOISE * rng.standard_normal((n, FEATURES), dtype=np.float32)
    right, upper = np.where(latent[:, :2] > 0, "+", "-").T
    return anndata.AnnData(
        X=np.sqrt(np.float32(2)) * np.cos(latent @ waves + phases) + noise,
        obs=pd.DataFrame(
            {"quadrant": pd.Categorical(np.char.add(right, upper))},
            index=[f"cell{i}" for i in range(n)],
        ),
        var=pd.DataFrame(index=[f"feature{j}" for j in range(FEATURES)]),
        obsm={"latent": latent},
    )
