"""How many times as much one of two costs is as the other: ratios of paired runs. Arrays only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]


def ratios(one: Floats, other: Floats) -> tuple[Floats, Floats, Floats]:
    """Geometric mean of ``one / other`` at each size, and its 95 % interval.

    Costs are (repeats, sizes), positive, NaN where a repeat has no pair. A t interval of the mean
    log ratio; its ends are NaN where fewer than two repeats are paired. Returns three (sizes,).
    """
    logs = np.log(one / other)
    pairs = np.isfinite(logs).sum(axis=0)
    enough, some = pairs > 1, np.maximum(pairs, 1)
    mean = np.where(pairs > 0, np.nansum(logs, axis=0) / some, np.nan)
    spread = np.sqrt(np.nansum((logs - mean) ** 2, axis=0) / np.maximum(pairs - 1, 1))
    half = np.where(
        enough, stdtrit(np.maximum(pairs - 1, 1), 0.975) * spread / np.sqrt(some), np.nan
    )
    return np.exp(mean), np.exp(mean - half), np.exp(mean + half)


def pays_from(sizes: NDArray[np.int64], low: Floats) -> int | None:
    """The smallest of the ascending sizes from which on every ratio's low end is above 1.

    None where the largest size is not shown to pay.
    """
    shown = low > 1  # NaN is not
    if not len(shown) or not shown[-1]:
        return None
    failing = np.flatnonzero(~shown)
    return int(sizes[failing[-1] + 1 if len(failing) else 0])
