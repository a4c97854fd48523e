"""Positive control of prediction: products of hidden directions, which a network must learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData

STRENGTH = 4.0  # how far a class's score moves with the product of its two directions


# A class's score is the product of two oblique directions of a Gaussian cloud, a smooth XOR. No
# feature and no line says anything of the class: each is symmetric. Trees see the product
# only through many weak pairs of features, and neighbours are far apart in 20 dimensions; a
# network finds the directions once it has some hundred cells. Labels are drawn, as in
# linear_classes.
@dataset(
    name="nonlinear_classes",
    summary="Simulated: classes by products of hidden directions; deep wins at large n.",
    source="https://doi.org/10.7551/mitpress/11301.001.0001",
    licence="MIT",
    values="continuous",
    kind="simulated",
    label="class",
    provenance="simulated",
    scale=False,
    omics=False,
)
def load(n: int = 6000, features: int = 20, classes: int = 3, seed: int = 0) -> AnnData:
    """X: dense (n, features). ``obsm["posterior"]``: (n, classes), the true probabilities.

    The directions depend on ``seed``, ``features`` and ``classes`` only.
    """
    import anndata
    import pandas as pd
    from scipy.special import softmax

    if n < 1 or classes < 2 or features < 2 * classes:
        raise ValueError(
            f"n={n}, features={features}, classes={classes}: give 1 cell or more, 2 classes or "
            "more and at least two features for each class"
        )
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.standard_normal((features, 2 * classes)))
    X = rng.standard_normal((n, features), dtype=np.float32)
    along = X @ axes
    posterior = softmax(STRENGTH * along[:, ::2] * along[:, 1::2], axis=1)
    # The largest of scores with Gumbel noise is a draw from their softmax.
    drawn = np.argmax(np.log(posterior) + rng.gumbel(size=(n, classes)), axis=1)
    names = [f"class{k}" for k in range(classes)]
    return anndata.AnnData(
        X=X,
        obs=pd.DataFrame(
            {"class": pd.Categorical.from_codes(drawn, names)},
            index=[f"cell{i}" for i in range(n)],
        ),
        var=pd.DataFrame(index=[f"feature{j}" for j in range(features)]),
        obsm={"posterior": posterior},
    )
