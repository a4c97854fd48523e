"""Negative control: from 10 dimensions or more, nothing reconstructs it better than PCA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData

DIRECTIONS, FEATURES = 10, 50
NOISE = 0.5  # standard deviation in each feature; that of direction k is 4 * 0.85 ** k


# Ten independent Gaussian directions, a linear map, equal noise in every feature: whoever keeps
# ten numbers per cell does best to keep PCA's, and what is left is noise, the same in all
# directions. Below ten dimensions this no longer holds: a curve that winds through a Gaussian
# cloud covers it better than a straight line, and autoencoders with enough cells find one
# (two dimensions, 20,000 cells: R2 0.51 against PCA's 0.42). So compare at ten or more.
@dataset(
    name="linear_control",
    summary="Simulated: probabilistic PCA, 10 directions in 50 features; nothing to gain over PCA.",
    source="https://doi.org/10.1111/1467-9868.00196",
    licence="MIT",
    values="continuous",
    kind="simulated",
    label="quadrant",
    provenance="simulated",
    scale=False,
)
def load(n: int = 2000, seed: int = 0) -> AnnData:
    """X: dense (n, 50). ``obsm["latent"]``: (n, 10). The linear map depends on ``seed`` only.

    The label is the quadrant (signs) of the first two latent coordinates.
    """
    import anndata
    import pandas as pd

    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.normal(size=(FEATURES, DIRECTIONS)))
    loadings = (4 * 0.85 ** np.arange(DIRECTIONS)[:, None] * axes.T).astype(np.float32)
    latent = rng.standard_normal((n, DIRECTIONS), dtype=np.float32)
    noise = NOISE * rng.standard_normal((n, FEATURES), dtype=np.float32)
    right, upper = np.where(latent[:, :2] > 0, "+", "-").T
    return anndata.AnnData(
        X=latent @ loadings + noise,
        obs=pd.DataFrame(
            {"quadrant": pd.Categorical(np.char.add(right, upper))},
            index=[f"cell{i}" for i in range(n)],
        ),
        var=pd.DataFrame(index=[f"feature{j}" for j in range(FEATURES)]),
        obsm={"latent": latent},
    )
