"""Negative control of regression: effects of variants add up, nothing can beat a linear model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData


@dataset(
    name="additive_trait",
    summary="Simulated: a trait to which every variant adds a little; deep cannot win.",
    source="https://doi.org/10.1017/S0080456800012163",
    licence="MIT",
    values="continuous",
    kind="simulated",
    target="trait",
)
def load(
    n: int = 6000,
    variants: int = 300,
    heritability: float = 0.6,
    permuted: bool = False,
    seed: int = 0,
) -> AnnData:
    """X: dense (n, variants) of 0, 1, 2. Effects are normal, of variants of equal variance.

    ``permuted`` deals the traits out anew: then nobody can predict them.
    """
    from omicsbench.datasets._traits import genotypes, standard, trait

    rng = np.random.default_rng(seed)
    X = genotypes(rng, n, variants)
    genetic = standard(X) @ rng.standard_normal(variants)
    return trait(X, genetic, heritability, permuted, rng)
