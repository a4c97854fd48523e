"""Positive control of regression: variants act in pairs, which a linear model cannot see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData


@dataset(
    name="epistatic_trait",
    summary="Simulated: a trait of pairs of variants that act together; a linear model sees none.",
    source="https://doi.org/10.1093/hmg/11.20.2463",
    licence="MIT",
    values="continuous",
    kind="simulated",
    target="trait",
)
def load(
    n: int = 12_000,
    variants: int = 30,
    pairs: int = 10,
    heritability: float = 0.8,
    permuted: bool = False,
    seed: int = 0,
) -> AnnData:
    """X: dense (n, variants) of 0, 1, 2. The trait is a sum of products of standardised pairs.

    Variants are independent, so that none of them tells anything of the trait by itself.
    ``permuted`` deals the traits out anew: then nobody can predict them.
    """
    from omicsbench.datasets._traits import genotypes, standard, trait

    if not 1 <= pairs <= variants // 2:
        raise ValueError(f"pairs={pairs}: give 1 to {variants // 2}, half of the variants")
    rng = np.random.default_rng(seed)
    X = genotypes(rng, n, variants)
    Z = standard(X)
    genetic = (Z[:, :pairs] * Z[:, pairs : 2 * pairs]) @ rng.choice([-1.0, 1.0], pairs)
    return trait(X, genetic, heritability, permuted, rng)
