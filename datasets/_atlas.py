"""The model behind ``simulated_atlas``: fitted to real counts, then sampled block by block.

A cell has a type, a place on a trajectory or around its type, and from these 12 latent
coordinates. Gene programs turn coordinates into log expression, linearly or not; a gene follows
three programs. Counts are negative binomial around library size x expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

TYPES, LINEAGES, LATENT = 30, 6, 12
DECAY = 0.78  # frequency of a type over that of the one before: the rarest has 0.017 %
TRAJECTORIES = 8  # between types of one lineage, each taking MOVING of the cells of the first
MOVING = 0.4
SPREAD = 0.3  # standard deviation around a type, where types of a lineage are about 1 apart
PROGRAMS, PER_GENE = 60, 3
BIOLOGY = 0.5  # share of a gene's overdispersion that types and programs explain
BLOCK = 1_024  # cells drawn from one stream of random numbers, whatever the caller's blocks
LARGE = 1e-6  # probability of a zero below which counts are drawn as gamma and Poisson
GRID = np.geomspace(0.02, 60, 24)  # dispersions tried


@dataclass(frozen=True)
class Genes:
    """Parameters fitted to real counts: mean share of the library (p,), dispersion (p,), and
    quantiles of the library size."""

    share: Array
    dispersion: Array
    library: Array


def fit(counts: Any, genes: int, seed: int) -> Genes:
    """Fit to real counts (cells, genes) CSR: ``genes`` of them, drawn with the seed.

    Means are of counts per library; the dispersion of each gene maximises the likelihood of a
    negative binomial with these means on a grid; library sizes are kept as 201 quantiles.
    """
    from scipy.special import gammaln

    rng = np.random.default_rng([seed, 0])
    real = counts.shape[1]
    chosen = rng.choice(real, genes, replace=genes > real)
    X = counts[:, chosen].tocsc()
    library = np.asarray(X.sum(axis=1), dtype=np.float64).ravel()
    X, library = X.tocsr()[library > 0].tocsc(), library[library > 0]
    size = library / library.mean()
    mean = np.maximum(np.asarray((X.multiply(1 / size[:, None])).mean(axis=0)).ravel(), 1e-4)
    x, cell = X.data.astype(np.float64), X.indices
    gene = np.repeat(np.arange(genes), np.diff(X.indptr))
    best, dispersion = np.full(genes, -np.inf), np.ones(genes)
    for alpha in GRID:
        r = 1 / alpha
        # All entries as if zero, then what the counts above zero change.
        likelihood = -r * np.log1p(size[:, None] * (mean[None] * alpha)).sum(axis=0)
        mu = size[cell] * mean[gene]
        change = gammaln(x + r) - gammaln(r) - gammaln(x + 1) + x * np.log(mu / (r + mu))
        likelihood += np.bincount(gene, change, minlength=genes)
        dispersion = np.where(likelihood > best, alpha, dispersion)
        best = np.maximum(best, likelihood)
    return Genes(mean / mean.sum(), dispersion, np.quantile(library, np.linspace(0, 1, 201)))


class Atlas:
    """Cells of known type and latent coordinates, drawn in blocks of ``BLOCK``."""

    def __init__(self, genes: Genes, nonlinear: float, seed: int) -> None:
        """``nonlinear``: share of the gene programs that bend, from 0 to 1."""
        rng = np.random.default_rng([seed, 1])
        self.genes, self.seed = genes, seed
        lineage = rng.standard_normal((LINEAGES, LATENT))
        of = np.arange(TYPES) % LINEAGES
        self.centres = 1.2 * lineage[of] + 0.5 * rng.standard_normal((TYPES, LATENT))
        frequency = DECAY ** rng.permutation(TYPES)
        self.frequency = frequency / frequency.sum()
        # A trajectory leads from a type to the next of its lineage, bending on the way.
        starts = rng.permutation(TYPES - LINEAGES)[:TRAJECTORIES]
        self.ends = np.full(TYPES, -1)
        self.ends[starts] = starts + LINEAGES
        self.bend = 0.6 * rng.standard_normal((TYPES, LATENT))
        bent = round(nonlinear * PROGRAMS)
        self.linear = rng.standard_normal((LATENT, PROGRAMS - bent)).astype(np.float32)
        self.waves = (1.5 * rng.standard_normal((LATENT, bent))).astype(np.float32)
        self.phases = rng.uniform(0, 2 * np.pi, bent).astype(np.float32)
        p = genes.share.size
        follows = np.zeros((PROGRAMS, p), dtype=np.float32)
        for gene, programs in enumerate(_choices(rng, p)):
            follows[programs, gene] = rng.standard_normal(PER_GENE)
        self._calibrate(follows)

    def _calibrate(self, follows: Array) -> None:
        """Set each gene's effect and offset on one draw of cells.

        The effects explain ``BIOLOGY`` of its dispersion; its mean share is that of the real data.
        """
        _, Z = self.cells(np.random.default_rng([self.seed, 2]), 8 * BLOCK)
        genes = self.genes
        explained = np.minimum(BIOLOGY * genes.dispersion, 6.0)
        self.r = ((1 + explained) / (genes.dispersion - explained)).astype(np.float32)
        P = self.programs(Z)
        self.shift = P.mean(axis=0)
        effect = (P - self.shift) @ follows
        wanted = np.sqrt(np.log1p(explained)).astype(np.float32)
        self.follows = follows * (wanted / np.maximum(effect.std(axis=0), 1e-6))
        self.offset = np.log(genes.share).astype(np.float32)
        for _ in range(8):
            shares = self.shares(Z)
            self.offset += np.log(genes.share / shares.mean(axis=0)).astype(np.float32)

    def cells(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Types (n,) int16 and latent coordinates (n, 12) float32."""
        kind = rng.choice(TYPES, n, p=self.frequency)
        end, along = self.ends[kind], rng.uniform(0, 1, n)
        moves = (end >= 0) & (rng.uniform(0, 1, n) < MOVING)
        along = np.where(moves, along, 0.0)[:, None]
        centre = (1 - along) * self.centres[kind] + along * self.centres[np.maximum(end, 0)]
        centre += np.sin(np.pi * along) * self.bend[kind]
        Z = centre + SPREAD * rng.standard_normal((n, LATENT))
        kind = np.where(moves & (along[:, 0] > 0.5), end, kind)
        return kind.astype(np.int16), Z.astype(np.float32)

    def programs(self, Z: Array) -> Array:
        """Activity (n, PROGRAMS) of the gene programs, the bent ones last."""
        waves = np.sqrt(np.float32(2)) * np.cos(Z @ self.waves + self.phases)
        return np.concatenate([Z @ self.linear, waves], axis=1)

    def shares(self, Z: Array) -> Array:
        """Each gene's expected share of the library, (n, p) float32, summing to 1."""
        log = (self.programs(Z) - self.shift) @ self.follows
        log += self.offset
        np.clip(log, -30, 5, out=log)
        np.exp(log, out=log)
        log /= log.sum(axis=1, keepdims=True)
        return log

    def truth(self, number: int) -> tuple[Array, Array]:
        """Types and coordinates of block ``number``, (BLOCK,) and (BLOCK, 12)."""
        return self.cells(np.random.default_rng([self.seed, 3, number]), BLOCK)

    def block(self, number: int, n: int) -> tuple[Array, Array, tuple[Array, Array, Array]]:
        """Block ``number``, its first ``n`` cells: types, coordinates, and counts as CSR arrays.

        Depends on nothing but the seed and the number, so blocks can be drawn in any order.
        """
        from omicsbench.datasets import _counts

        rng = np.random.default_rng([self.seed, 3, number])
        kinds, Z = self.cells(rng, BLOCK)
        library = np.interp(rng.uniform(0, 1, BLOCK), np.linspace(0, 1, 201), self.genes.library)
        mu = self.shares(Z)
        mu *= library.astype(np.float32)[:, None]
        u = rng.random(mu.shape, dtype=np.float32)
        none = mu / self.r
        np.log1p(none, out=none)
        none *= -self.r
        np.exp(none, out=none)
        large = none < LARGE
        given = np.full(mu.shape, -1, dtype=np.int32)
        r = np.broadcast_to(self.r, mu.shape)[large]
        given[large] = rng.poisson(rng.gamma(r, mu[large] / r))
        return kinds[:n], Z[:n], _counts.sample(u[:n], none[:n], mu[:n], self.r, given[:n])


def _choices(rng: np.random.Generator, p: int) -> Array:
    """The programs that each of ``p`` genes follows, (p, PER_GENE), most of them of one kind."""
    return np.argsort(rng.uniform(0, 1, (p, PROGRAMS)), axis=1)[:, :PER_GENE]
