"""Simulated counts of cells in batches: what the batches do, and which cells they hold, is chosen.

The truth is known: a cell's place in latent space, of which the batch knows nothing. So one may
see who removes what a batch did, who removes what it did not do, and what nobody can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData

EFFECTS = ("none", "additive", "multiplicative", "cell_type")
COMPOSITIONS = ("balanced", "confounded")
TYPED, SMOOTH = 4, 2  # latent coordinates that tell types apart, and of continuous variation
APART, SPREAD = 1.5, 0.35  # of types from 0, of cells from their type
DECAY = 0.8  # frequency of a type over that of the one before
PER_GENE, DEPTH, THETA = 1.0, 0.3, 10.0  # mean counts of a gene, sd of log depth, dispersion


@dataset(
    name="simulated_batches",
    summary="Simulated: counts of cells in batches, of known effect and composition.",
    source="https://doi.org/10.1038/s41592-021-01336-8",
    licence="MIT",
    values="counts",
    kind="simulated",
    label="cell_type",
    provenance="simulated",
    groups=("batch",),
    batch="batch",
)
def load(
    n: int = 2_000,
    genes: int = 300,
    batches: int = 3,
    types: int = 6,
    effect: str = "additive",
    composition: str = "balanced",
    strength: float = 0.5,
    seed: int = 0,
) -> AnnData:
    """X: counts, dense (n, genes). ``obsm["latent"]``: (n, 6), of which the batch knows nothing.

    Parameters
    ----------
    effect : what a batch does to the log mean of a gene. ``none``: nothing. ``additive``: adds
        a number. ``multiplicative``: stretches what differs between cells. ``cell_type``: adds a
        number that differs between types.
    composition : ``balanced``: all batches hold all types alike. ``confounded``: each type is in
        one batch only, so that nobody can tell effect from biology.
    strength : standard deviation, over genes, of the number, or of the log of the stretching.
    """
    import anndata
    import pandas as pd

    for name, value, known in (
        ("effect", effect, EFFECTS),
        ("composition", composition, COMPOSITIONS),
    ):
        if value not in known:
            raise ValueError(f"{name}={value!r}: use one of {', '.join(known)}")
    # What is drawn first does not depend on effect and composition: equal cells, but for these.
    rng = np.random.default_rng(seed)
    centres = APART * rng.standard_normal((types, TYPED))
    loadings = rng.standard_normal((TYPED + SMOOTH, genes)) / np.sqrt(TYPED + SMOOTH)
    shares = DECAY ** np.arange(types)
    kind = rng.choice(types, n, p=shares / shares.sum())
    place = SPREAD * rng.standard_normal((n, TYPED + SMOOTH))
    place[:, :TYPED] += centres[kind]
    base = rng.standard_normal(genes)
    depth = np.exp(DEPTH * rng.standard_normal(n))
    drawn = rng.integers(0, batches, n)
    batch = kind % batches if composition == "confounded" else drawn
    log_mean = base + _changed(place @ loadings, effect, strength, batch, kind, rng)
    mean = np.exp(log_mean)
    mean *= PER_GENE * depth[:, None] / mean.mean(axis=1, keepdims=True)
    counts = rng.poisson(mean * rng.gamma(THETA, 1 / THETA, mean.shape)).astype(np.float32)
    obs = pd.DataFrame(
        {
            "cell_type": pd.Categorical([f"type{k}" for k in kind]),
            "batch": pd.Categorical([f"batch{b}" for b in batch]),
        },
        index=[f"cell{i}" for i in range(n)],
    )
    return anndata.AnnData(
        X=counts,
        obs=obs,
        var=pd.DataFrame(index=[f"gene{j}" for j in range(genes)]),
        obsm={"latent": place.astype(np.float32)},
    )


def _changed(
    signal: Any, effect: str, strength: float, batch: Any, kind: Any, rng: np.random.Generator
) -> Any:
    """Log means (n, genes) less their base, as the cells' batches leave them."""
    types, batches, genes = kind.max() + 1, batch.max() + 1, signal.shape[1]
    if effect == "additive":
        return signal + strength * rng.standard_normal((batches, genes))[batch]
    if effect == "multiplicative":
        return signal * np.exp(strength * rng.standard_normal((batches, genes)))[batch]
    if effect == "cell_type":
        return signal + strength * rng.standard_normal((batches, types, genes))[batch, kind]
    return signal
