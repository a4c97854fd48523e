"""Negative binomial counts by inversion: one uniform number an entry, most of them zero."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

MAX = 65_535


@njit(nogil=True, cache=True)
def _fill(u, none, mu, r, given, data, indices, indptr):  # type: ignore[no-untyped-def]
    at = 0
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            k = given[i, j]
            if k < 0:
                k = 0
                if u[i, j] >= none[i, j]:
                    # P(k + 1) = P(k) (k + r) / (k + 1) q, summed until it passes u.
                    q = np.float64(mu[i, j]) / (r[j] + mu[i, j])
                    p = np.float64(none[i, j])
                    reached = p
                    while reached <= u[i, j] and k < MAX:
                        p *= (k + r[j]) / (k + 1.0) * q
                        reached += p
                        k += 1
                        if p < 1e-12 and k > mu[i, j]:
                            break  # rounding keeps the sum below u
            if k > 0:
                data[at] = min(k, MAX)
                indices[at] = j
                at += 1
        indptr[i + 1] = at
    return at


def sample(u: Any, none: Any, mu: Any, r: Any, given: Any) -> tuple[Any, Any, Any]:
    """CSR arrays (data uint16, indices uint16, indptr int64) of counts (n, p).

    u : (n, p) float32 uniform; none : (n, p) float32 probability of a zero; mu : (n, p)
    float32 mean; r : (p,) float32, 1 / dispersion; given : (n, p) int32 counts drawn otherwise,
    -1 elsewhere.
    """
    data = np.empty(u.size, dtype=np.uint16)
    indices = np.empty(u.size, dtype=np.uint16)
    indptr = np.zeros(u.shape[0] + 1, dtype=np.int64)
    size = _fill(u, none, mu, r, given, data, indices, indptr)
    return data[:size].copy(), indices[:size].copy(), indptr
