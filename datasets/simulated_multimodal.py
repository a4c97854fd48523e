"""Simulated RNA, surface proteins and open chromatin of the same cells; the truth is known.

A cell's shared coordinates say its type and its place in continuous variation; each modality
adds coordinates of its own that the others know nothing of. Types come in pairs, one pair a
lineage: all modalities tell lineages apart, but the two types of a pair are told apart by all,
by RNA, by proteins or by chromatin alone, in turn. So no modality has the whole truth, and what
is strongest in one may be of no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.plugin import dataset

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

    Array = NDArray[np.float32]

BLOCK = 2_048  # cells drawn at a time
LINEAGE, SMOOTH = 6, 2  # shared coordinates of lineages and of continuous variation
PAIRS = ("all", "rna", "protein", "atac")  # what tells a pair of types apart: a coordinate each
SHARED = LINEAGE + SMOOTH + len(PAIRS)
PRIVATE = 4  # coordinates of each modality alone
RADIUS, GAP, SPREAD = 2.0, 1.2, 0.35  # of lineages from 0, of types from their pair, of cells
DECAY = 0.9  # frequency of a type over that of the one before
PER_GENE, DEPTH = 0.2, 0.4  # mean RNA counts of a gene; standard deviation of log library sizes


@dataset(
    name="simulated_multimodal",
    summary="Simulated: RNA, proteins and chromatin of the same cells; no one tells all types.",
    source="https://doi.org/10.1214/12-AOAS597",
    licence="MIT",
    modalities={"rna": "counts", "protein": "proteins", "atac": "binary"},
    kind="simulated",
    label="cell_type",
    provenance="simulated",
)
def load(
    n: int = 2_000,
    genes: int = 1_000,
    proteins: int = 25,
    peaks: int = 2_000,
    types: int = 8,
    nonlinear: float = 0.3,
    seed: int = 0,
) -> dict[str, AnnData]:
    """rna: counts, CSR (n, genes); protein: counts, dense (n, proteins); atac: 0 or 1, CSR
    (n, peaks); all float32.

    ``obs["cell_type"]`` is one of ``types``; ``obsm["latent"]`` are the shared coordinates,
    (n, 12), in every modality. A share ``nonlinear`` of the features bends. Cells are drawn by
    blocks, so memory is that of the result.
    """
    import anndata
    import pandas as pd
    from scipy.sparse import csr_matrix, vstack

    sizes = {"rna": genes, "protein": proteins, "atac": peaks}
    if n < 1 or min(sizes.values()) < 5 or types < 2 or not 0 <= nonlinear <= 1:
        raise ValueError(
            f"n={n}, genes={genes}, proteins={proteins}, peaks={peaks}, types={types}, "
            f"nonlinear={nonlinear}: give a cell or more, at least 5 features of each modality, "
            "2 types or more and a share from 0 to 1"
        )
    population = _Population(types, seed)
    views = {name: _VIEWS[name](name, p, population, nonlinear, seed) for name, p in sizes.items()}
    kinds, latent = [], []
    drawn: dict[str, list[Any]] = {name: [] for name in sizes}
    for number, start in enumerate(range(0, n, BLOCK)):
        rng = np.random.default_rng([seed, 1, number])
        kind, Z = population.cells(rng, min(BLOCK, n - start))
        kinds.append(kind)
        latent.append(Z)
        for name, view in views.items():
            block = view.draw(rng, Z)
            drawn[name].append(block if name == "protein" else csr_matrix(block))
    label = pd.Categorical.from_codes(np.concatenate(kinds), [f"type{i:02d}" for i in range(types)])
    obs = pd.DataFrame({"cell_type": label}, index=[f"cell{i}" for i in range(n)])
    Z = np.concatenate(latent)
    return {
        name: anndata.AnnData(
            np.concatenate(blocks) if name == "protein" else vstack(blocks, format="csr"),
            obs=obs.copy(),
            var=pd.DataFrame(index=[f"{name}{j}" for j in range(sizes[name])]),
            obsm={"latent": Z.copy()},
        )
        for name, blocks in drawn.items()
    }


class _Population:
    """Cells of known type and shared coordinates."""

    def __init__(self, types: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 0, 0])
        lineages = -(-types // 2)
        away = rng.standard_normal((lineages, LINEAGE))
        away *= RADIUS / np.linalg.norm(away, axis=1, keepdims=True)
        self.centres = np.zeros((types, SHARED), dtype=np.float32)
        for kind in range(types):
            lineage, second = divmod(kind, 2)
            self.centres[kind, :LINEAGE] = away[lineage]
            pair = LINEAGE + SMOOTH + lineage % len(PAIRS)
            self.centres[kind, pair] = GAP if second else -GAP
        self.spread = np.full(SHARED, SPREAD, dtype=np.float32)
        self.spread[LINEAGE : LINEAGE + SMOOTH] = 1
        frequency = DECAY ** rng.permutation(types)
        self.frequency = frequency / frequency.sum()

    def cells(self, rng: np.random.Generator, n: int) -> tuple[NDArray[np.int64], Array]:
        """Types (n,) and shared coordinates (n, SHARED)."""
        kinds = rng.choice(len(self.frequency), n, p=self.frequency)
        noise = rng.standard_normal((n, SHARED), dtype=np.float32)
        return kinds, self.centres[kinds] + self.spread * noise


class _View:
    """What one modality measures of a cell."""

    def __init__(
        self, name: str, features: int, population: _Population, nonlinear: float, seed: int
    ) -> None:
        rng = np.random.default_rng([seed, 0, PAIRS.index(name)])
        first = LINEAGE + SMOOTH
        self.seen = [*range(first), first + PAIRS.index("all"), first + PAIRS.index(name)]
        self.levels = rng.standard_normal(features).astype(np.float32)
        self.bent = round(nonlinear * features)
        self.phases = rng.uniform(0, 2 * np.pi, self.bent).astype(np.float32)
        shape = (len(self.seen) + PRIVATE, features)
        self.loadings = rng.standard_normal(shape).astype(np.float32)
        self.shift = np.zeros(features, dtype=np.float32)
        _, Z = population.cells(rng, BLOCK)
        activity = self._linear(rng, Z)
        self.shift = activity.mean(axis=0) / activity.std(axis=0)
        self.loadings /= activity.std(axis=0)

    def _linear(self, rng: np.random.Generator, Z: Array) -> Array:
        own = rng.standard_normal((len(Z), PRIVATE), dtype=np.float32)
        return np.concatenate([Z[:, self.seen], own], axis=1) @ self.loadings - self.shift

    def activity(self, rng: np.random.Generator, Z: Array) -> Array:
        """(n, features) of mean about 0 and variance about 1, whatever the features' level."""
        activity = self._linear(rng, Z)
        bent = activity[:, : self.bent]
        activity[:, : self.bent] = np.sqrt(np.float32(2)) * np.cos(1.5 * bent + self.phases)
        return activity

    def draw(self, rng: np.random.Generator, Z: Array) -> Array:
        """Measured values of cells with shared coordinates Z, (n, features)."""
        raise NotImplementedError


def _counts(rng: np.random.Generator, mean: Array, size: float) -> Array:
    """Negative binomial counts: variance mean + mean**2 / size."""
    mean = mean * rng.standard_gamma(size, mean.shape, dtype=np.float32) / np.float32(size)
    return rng.poisson(mean).astype(np.float32)


class _Rna(_View):
    """Counts around library size x share; the shares of the genes span orders of magnitude."""

    def draw(self, rng: np.random.Generator, Z: Array) -> Array:
        share = np.exp(1.3 * self.levels + 0.7 * self.activity(rng, Z))
        share /= share.sum(axis=1, keepdims=True)
        library = PER_GENE * share.shape[1] * rng.lognormal(0, DEPTH, (len(Z), 1))
        return _counts(rng, share * library.astype(np.float32), 2)


class _Protein(_View):
    """Counts of bound antibody: a background in every cell, a signal where it is expressed."""

    def draw(self, rng: np.random.Generator, Z: Array) -> Array:
        depth = rng.lognormal(0, DEPTH, (2, len(Z), 1)).astype(np.float32)
        on = 1 / (1 + np.exp(-2 * self.activity(rng, Z)))
        level = np.exp(0.7 * self.levels)
        return _counts(rng, depth[0] * 8 * np.sqrt(level) + depth[1] * 80 * level * on, 4)


class _Atac(_View):
    """Open (1) where at least one fragment is found, by depth and the peak's accessibility."""

    def draw(self, rng: np.random.Generator, Z: Array) -> Array:
        depth = 0.045 * rng.lognormal(0, DEPTH, (len(Z), 1)).astype(np.float32)
        fragments = depth * np.exp(0.7 * self.levels + 0.7 * self.activity(rng, Z))
        open_ = rng.random(fragments.shape, dtype=np.float32) < -np.expm1(-fragments)
        return open_.astype(np.float32)


_VIEWS = {"rna": _Rna, "protein": _Protein, "atac": _Atac}
