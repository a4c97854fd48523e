"""Made-up studies whose answer is known: curves, noise, contestants; for verdict_calibration.py.

Differences are in units of their standard deviation over repeats; the margin is ``MARGIN``. Sizes
of one repeat are correlated (0.6 between neighbours), as nested subsamples are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma, norm

from omicsbench.stats.differences import Differences

Floats = NDArray[np.float64]
Curve = Callable[[np.random.Generator, int], Floats]
MARGIN = 1.0
RHO, UNITS, CELL_ERROR = 0.6, 20, 0.3


def once(rng: np.random.Generator, sizes: int) -> Floats:
    """Crosses once, anywhere between two sizes, at any pace."""
    return np.asarray(
        rng.uniform(0.1, 1.0) * (np.arange(sizes) - rng.uniform(0.1, sizes - 1.1)), dtype=float
    )


def once_at_a_size(rng: np.random.Generator, sizes: int) -> Floats:
    """Crosses once; at the last size before n* the difference equals the margin exactly."""
    k, made = int(rng.integers(1, sizes)), np.zeros(sizes)
    made[k:] = np.cumsum(rng.uniform(0.3, 1.2, sizes - k))
    made[: k - 1] = -np.cumsum(rng.uniform(0.1, 0.8, k - 1))[::-1]
    return made


def never(rng: np.random.Generator, sizes: int) -> Floats:
    """Rises, and reaches the margin exactly at the largest size without exceeding it."""
    return -np.append(np.cumsum(rng.uniform(0, 0.8, sizes - 1))[::-1], 0.0)


def always(rng: np.random.Generator, sizes: int) -> Floats:
    """A little above the margin at every size."""
    return np.full(sizes, rng.uniform(0.02, 0.3))


def twice(rng: np.random.Generator, sizes: int) -> Floats:
    """Above, down to the margin exactly at one size, above again."""
    made = rng.uniform(0.5, 1.5, sizes)
    made[rng.integers(1, sizes - 1)] = 0.0
    return made


def tie(rng: np.random.Generator, sizes: int) -> Floats:
    """Equal to the margin at every size: noise alone decides."""
    return np.zeros(sizes)


# Above the margin, so that 0 is the margin itself.
CURVES: dict[str, Curve] = {
    "crosses once, between sizes": once,
    "crosses once, from a tie": once_at_a_size,
    "never, a tie at the last size": never,
    "always, by little": always,
    "crosses twice": twice,
    "noisy tie": tie,
}


@dataclass(frozen=True)
class Noise:
    """How scores differ between repeats.

    ``skew`` is the skewness of the first side's scores; ``collapse`` (share, depth) lets so many
    of its runs fall by so many standard deviations; ``units`` are those of test cells, whose error
    all repeats share; ``folds`` is the true correlation of repeats that are folds.
    """

    repeats: int = 10
    skew: float = 0.0
    collapse: tuple[float, float] = (0.0, 0.0)
    units: int = 0
    folds: float | None = None


def scores(rng: np.random.Generator, noise: Noise, number: int, sizes: int) -> Floats:
    """Deviations (number, R, S) of several contestants, mean 0, standard deviation about 1."""
    apart = np.abs(np.subtract.outer(np.arange(sizes), np.arange(sizes)))
    root = np.linalg.cholesky(RHO**apart).T
    z = rng.normal(size=(number, noise.repeats, sizes)) @ root
    if noise.skew:  # a gamma distribution of this skewness
        shape = 4 / noise.skew**2
        z = np.sign(noise.skew) * (gamma.ppf(norm.cdf(z), shape) - shape) / shape**0.5
    share, depth = noise.collapse
    if share:
        z = z - depth * ((rng.random(z.shape) < share) - share)
    if noise.folds:
        shared = rng.normal(size=(number, 1, sizes)) @ root
        z = (1 - noise.folds) ** 0.5 * z + noise.folds**0.5 * shared
    return np.asarray(z)


def study(
    rng: np.random.Generator,
    noise: Noise,
    first: Floats,
    second: Floats,
    *,
    shared: float = 0.5,
) -> Differences:
    """What is seen of contestants with these true means, (A, S) and (B, S).

    Of the variance of a difference the share ``shared`` is the second side's, which is plain
    noise: skewness and collapses are the first side's alone.
    """
    sizes = first.shape[1]
    own = scores(rng, noise, len(first), sizes) * (1 - shared) ** 0.5 + first[:, None]
    plain = Noise(noise.repeats, folds=noise.folds)
    other = scores(rng, plain, len(second), sizes) * shared**0.5 + second[:, None]
    found = own[:, None] - other[None]
    if noise.folds is not None or not noise.units:
        return Differences(found, folds=noise.folds is not None)
    alike = 0.8 * np.ones((sizes, sizes)) + 0.2 * np.eye(sizes)
    units = rng.normal(size=(noise.units, sizes)) @ np.linalg.cholesky(alike).T
    units *= CELL_ERROR * noise.units**0.5
    by_unit = found.mean(axis=2)[:, :, None] + units
    return Differences(found + units.mean(axis=0), by_unit)


def saturated(
    rng: np.random.Generator, gain: float, repeats: int, samples: int = 83
) -> Differences:
    """Accuracies in folds of a cohort: one side is always right, the other but for ``gain``."""
    wrong = rng.random(samples) < gain  # the same samples whenever they come
    by_fold = []
    for _ in range(max(1, repeats // 5)):
        folds = np.array_split(rng.permutation(samples), 5)
        by_fold += [wrong[fold].mean() for fold in folds]
    return Differences(np.array(by_fold)[None, None, :, None], folds=True, step=1 / samples)
