"""Genotypes and traits of known heritability, additive or of interacting pairs of variants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from anndata import AnnData

Array = np.ndarray[Any, np.dtype[Any]]


def genotypes(rng: np.random.Generator, n: int, variants: int) -> Array:
    """(n, variants) float32 of 0, 1, 2: two independent alleles, frequencies from 0.1 to 0.5."""
    frequency = rng.uniform(0.1, 0.5, variants)
    return rng.binomial(2, frequency, size=(n, variants)).astype(np.float32)


def standard(values: Array) -> Array:
    """Mean 0 and variance 1 over the first axis."""
    return np.asarray((values - values.mean(axis=0)) / values.std(axis=0))


def trait(X: Array, genetic: Array, heritability: float, permuted: bool, rng: Any) -> AnnData:
    """Individuals x variants, with obs["trait"] of variance 1 and obs["genetic"], its known part.

    ``heritability`` is the share of the variance that is genetic, the highest R2 there is.
    ``permuted`` deals the traits out anew: nothing is left to learn.
    """
    import anndata
    import pandas as pd

    if not 0 <= heritability <= 1:
        raise ValueError(f"heritability={heritability}: give a share from 0 to 1")
    noise = rng.standard_normal(len(X))
    value = np.sqrt(heritability) * standard(genetic) + np.sqrt(1 - heritability) * noise
    if permuted:
        value = rng.permutation(value)
    obs = pd.DataFrame(
        {"trait": value, "genetic": standard(genetic)},
        index=[f"individual{i}" for i in range(len(X))],
    )
    var = pd.DataFrame(index=[f"variant{j}" for j in range(X.shape[1])])
    return anndata.AnnData(X=X, obs=obs, var=var)
