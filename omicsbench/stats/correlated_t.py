"""Is a cross-validated difference of practical size? Two corrections for overlapping folds.

Scores of the folds of a cross-validation depend on each other, since any two training sets share
rows; a plain t-test takes them as independent and finds too much. Both functions here assume that
any two folds correlate by ``rho``, for which Nadeau & Bengio propose the share of rows in the
test fold: 0.2 for 5 folds, however often they are repeated. It is a convention: the correlation
itself cannot be estimated from the scores of one cross-validation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr


@dataclass(frozen=True)
class Rope:
    """Posterior of a mean difference, and how much of it lies below, within and above the rope.

    The three probabilities add up to 1. ``mean`` and ``scale`` are in the unit of the
    differences; the posterior is Student's t with ``dof`` degrees of freedom about ``mean``.
    """

    p_behind: float
    p_equal: float
    p_ahead: float
    mean: float
    scale: float
    dof: int


def correlated_t(differences: ArrayLike, rho: float, rope: float) -> Rope:
    """Bayesian correlated t-test with a region of practical equivalence from -rope to rope.

    The posterior of the mean difference, under the matching prior, is Student's t with n - 1
    degrees of freedom, centred at the mean, with the squared scale of `corrected_variance`
    (Corani & Benavoli 2015, doi:10.1007/s10994-015-5486-z; Benavoli et al. 2017, JMLR 18(77)).
    Where all differences are equal, all of it lies at their value; its ends belong to the rope.

    Parameters
    ----------
    differences : (n,) paired differences, one per fold, positive where deep is better.
    rho : share of rows in the test fold, 0 (independent) to below 1.
    rope : half the width of the region, in the unit of the differences; 0 or more.

    Raises ValueError with fewer than two differences, where one is not finite, or if ``rho`` or
    ``rope`` is out of range.
    """
    values = _sound(differences, rho)
    if not 0 <= rope < np.inf:
        raise ValueError(f"rope must be 0 or more and finite, not {rope}")
    mean, dof = float(values.mean()), len(values) - 1
    scale = corrected_variance(values, rho) ** 0.5
    if scale == 0:
        mean = float(values[0])
        behind, ahead = float(mean < -rope), float(mean > rope)
    else:
        behind = float(stdtr(dof, (-rope - mean) / scale))
        ahead = float(stdtr(dof, (mean - rope) / scale))
    return Rope(behind, max(1 - behind - ahead, 0.0), ahead, mean, scale, dof)


def corrected_variance(values: ArrayLike, rho: float) -> float:
    """Variance of the mean of n cross-validated values: (1/n + rho / (1 - rho)) s^2.

    s^2 is their sample variance, rho / (1 - rho) the rows tested per row trained on (Nadeau &
    Bengio 2003, doi:10.1023/A:1024068626366). The mean over its root is compared with Student's
    t of n - 1 degrees of freedom. Raises ValueError as `correlated_t` does.
    """
    given = _sound(values, rho)
    if np.ptp(given) == 0:  # the sample variance of equal numbers may be a rounding error
        return 0.0
    return (1 / len(given) + rho / (1 - rho)) * float(given.var(ddof=1))


def _sound(values: ArrayLike, rho: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or len(given) < 2:
        raise ValueError(f"at least two values are needed, in one dimension, not {given.shape}")
    if not np.isfinite(given).all():
        raise ValueError("every value must be finite")
    if not 0 <= rho < 1:
        raise ValueError(f"rho must be 0 or more and below 1, not {rho}")
    return given
