"""Newton's method for factors of counts: cells given the loadings, loadings given the cells.

The model: log mean (n, p) = log total + intercept + U @ loadings, counts Poisson or negative
binomial about it. Given one side, the penalised likelihood of the other is concave, and a Newton
step that is shortened by ``_damped`` always raises it. Blocks are float32, sums double.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omicsbench.methods._common import Array

PLACED = 1e-3  # the largest step of a log mean with which a cell counts as placed
STEPS = 50  # of Newton, for cells that are placed
LARGEST = 30.0  # log means beyond it overflow single precision


@dataclass
class Loadings:
    """What a feature's mean hangs on.

    Attributes
    ----------
    weights : (k, p) float32, of the factors.
    intercept : (p,) float32, log share of each feature at the origin.
    theta : size of the negative binomial, of which the variance is mean + mean^2 / theta;
        None is Poisson.
    penalty : weight of a cell's squared length: 1 is a standard normal prior of the factors.
    """

    weights: Array
    intercept: Array
    theta: float | None
    penalty: float

    def slopes(self, U: Array, counts: Array, totals: Array) -> tuple[Array, Array, float]:
        """First and negative second derivative (m, p) by log means, and the log likelihood.

        The likelihood leaves out what does not depend on the means.
        """
        eta = U @ self.weights + self.intercept + np.log(totals)[:, None]
        np.minimum(eta, LARGEST, out=eta)
        mean = np.exp(eta)
        if self.theta is None:
            return counts - mean, mean, float((counts * eta - mean).sum(dtype=np.float64))
        theta = np.float32(self.theta)
        excess = (counts + theta) * (mean / (mean + theta))
        spread = (counts + theta) * np.log1p(mean / theta)
        curvature = excess * (theta / (mean + theta))
        return counts - excess, curvature, float((counts * eta - spread).sum(dtype=np.float64))


def place(
    loadings: Loadings, counts: Array, totals: Array, U: Array | None = None, steps: int = STEPS
) -> Array:
    """Cells (m, k) float32 where their counts (m, p) are likeliest, each by itself.

    From ``U``, or the origin; ``steps`` of Newton at most.
    """
    k = len(loadings.weights)
    U = np.zeros((len(counts), k), dtype=np.float32) if U is None else U.copy()
    left = np.arange(len(counts))
    pairs, upper = _pairs(loadings.weights.T)
    for _ in range(steps):
        slope, curvature, _ = loadings.slopes(U[left], counts[left], totals[left])
        gradient = slope @ loadings.weights.T - loadings.penalty * U[left]
        hessian = _full(curvature @ pairs, upper, k)
        hessian[:, range(k), range(k)] += loadings.penalty
        step = np.linalg.solve(hessian, gradient.astype(np.float64)[..., None])[..., 0]
        moved = np.abs(step.astype(np.float32) @ loadings.weights).max(axis=1)
        U[left] += _damped(step, moved)
        left = left[moved > PLACED]
        if not left.size:
            break
    return U


class Pass:
    """What one reading of all cells tells about the loadings, summed over blocks."""

    def __init__(self, loadings: Loadings) -> None:
        k, p = loadings.weights.shape
        self.loadings = loadings
        self.gradient = np.zeros((p, k + 1))
        self.curvature = np.zeros((p, (k + 1) * (k + 2) // 2))
        self.objective = 0.0
        self.longest = 0.0

    def add(self, U: Array, counts: Array, totals: Array) -> None:
        slope, curvature, likelihood = self.loadings.slopes(U, counts, totals)
        sides = np.column_stack([U, np.ones(len(U), dtype=np.float32)])
        pairs, self.upper = _pairs(sides)
        self.gradient += slope.T @ sides
        self.curvature += curvature.T @ pairs
        squares = float(np.square(U, dtype=np.float64).sum())
        self.objective += likelihood - self.loadings.penalty * squares / 2
        self.longest = max(self.longest, float(np.linalg.norm(sides, axis=1).max(initial=0)))

    def stepped(self, ridge: float) -> Loadings:
        """The loadings after one step of each feature; ``ridge`` holds its weights to 0."""
        old = self.loadings
        k = len(old.weights)
        held = np.append(np.full(k, ridge), 0.0)
        current = np.vstack([old.weights, old.intercept]).T.astype(np.float64)
        hessian = _full(self.curvature, self.upper, k + 1)
        hessian[:, range(k + 1), range(k + 1)] += held + 1e-6
        gradient = self.gradient - held * current
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        moved = np.linalg.norm(step, axis=1) * self.longest  # of any cell's log mean, at most
        new = (current + _damped(step, moved)).astype(np.float32)
        return Loadings(np.ascontiguousarray(new[:, :k].T), new[:, k], old.theta, old.penalty)


def _damped(step: Array, moved: Array) -> Array:
    """Steps (m, k), the shorter the more the log means would move.

    The third derivative of these likelihoods is never larger than the second; so log(1 + r) / r
    of a step that moves them by r raises the likelihood (10.1007/s10107-018-1282-4, with nu = 2).
    """
    r = np.maximum(np.asarray(moved, dtype=np.float64), 1e-12)
    return np.asarray(step * (np.log1p(r) / r)[:, None])


def _pairs(sides: Array) -> tuple[Array, tuple[Array, Array]]:
    """Products (m, k (k + 1) / 2) of the columns of (m, k), and which they are of."""
    upper = np.triu_indices(sides.shape[1])
    return sides[:, upper[0]] * sides[:, upper[1]], upper


def _full(products: Array, upper: tuple[Array, Array], k: int) -> Array:
    """Symmetric (m, k, k) float64 from their upper triangles."""
    square = np.empty((len(products), k, k))
    square[:, upper[0], upper[1]] = products
    square[:, upper[1], upper[0]] = products
    return square
