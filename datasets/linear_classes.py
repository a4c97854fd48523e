"""Negative control of prediction: logistic regression is the true model, nothing can beat it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData

STRENGTH = 2.0  # standard deviation of a class's score over cells
BIAS = 0.7  # standard deviation of the classes' intercepts: some classes are rarer than others


# Independent Gaussian features; a class's score is linear in them. Labels are drawn from the
# probabilities, not the likeliest class, so no classifier is right about every cell, and
# one that knows the truth is calibrated.
@dataset(
    name="linear_classes",
    summary="Simulated: classes drawn from multinomial logistic probabilities; deep cannot win.",
    source="https://doi.org/10.1111/j.2517-6161.1958.tb00292.x",
    licence="MIT",
    values="continuous",
    kind="simulated",
    label="class",
    provenance="simulated",
    scale=False,
    omics=False,
)
def load(n: int = 6000, features: int = 30, classes: int = 4, seed: int = 0) -> AnnData:
    """X: dense (n, features). ``obsm["posterior"]``: (n, classes), the true probabilities.

    The weights depend on ``seed``, ``features`` and ``classes`` only.
    """
    import anndata
    import pandas as pd
    from scipy.special import softmax

    if n < 1 or features < 1 or classes < 2:
        raise ValueError(
            f"n={n}, features={features}, classes={classes}: give 1 cell or more, 1 feature or "
            "more and 2 classes or more"
        )
    rng = np.random.default_rng(seed)
    weights = STRENGTH / np.sqrt(features) * rng.standard_normal((features, classes))
    bias = BIAS * rng.standard_normal(classes)
    X = rng.standard_normal((n, features), dtype=np.float32)
    posterior = softmax(X @ weights + bias, axis=1)
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
