"""How many of a table's claims are false: arrays only.

Each claim holds its own level, so a table of many claims holds some false ones. ``q_values`` gives
each claim the share of false ones that is to be expected among all that are at least as sure;
``expected_by_chance`` says how many claims would be made if there were nothing to find.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def q_values(p_values: ArrayLike) -> Floats:
    """Adjusted p-values (m,) of Benjamini & Hochberg (1995, 10.1111/j.2517-6161.1995.tb02031.x).

    A claim with q at most 0.05 is one of a list of which at most 5 % are false, in expectation.
    That holds for independent claims and for positively dependent ones, such as metrics of the
    same runs. q is never below p and never falls as p rises.

    Parameters
    ----------
    p_values : (m,) from 0 to 1; NaN where nothing was tested, which stays NaN and is not counted.

    Raises ValueError if a p-value is outside of 0 to 1, or there is more than one dimension.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1:
        raise ValueError(f"p-values in one dimension are needed, not {p.shape}")
    tested = np.flatnonzero(~np.isnan(p))
    own = p[tested]
    if ((own < 0) | (own > 1)).any():
        raise ValueError("p-values must lie between 0 and 1")
    order = np.argsort(own)
    scaled = own[order] * len(own) / np.arange(1, len(own) + 1)
    q = np.full_like(p, np.nan)
    q[tested[order]] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def expected_by_chance(levels: ArrayLike) -> float:
    """Claims to be expected where there is nothing to find: the sum of the levels tried.

    Parameters
    ----------
    levels : the largest chance of a false claim of each one that was tried, 0 to 1, whether it was
        made or not; of claims that share an error (Holm's, an intersection of tests), the shared
        level once. A sum of chances is the expectation however the claims depend on each other.

    Raises ValueError if a level is outside of 0 to 1 or not a number.
    """
    tried = np.asarray(levels, dtype=np.float64)
    if not ((tried >= 0) & (tried <= 1)).all():
        raise ValueError("levels must lie between 0 and 1")
    return float(tried.sum())
