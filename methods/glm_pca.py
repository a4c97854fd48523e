"""GLM-PCA: factors of counts as counts, without the logarithm of a zero."""

from __future__ import annotations

import numpy as np

from omicsbench.methods._common import Array, latent, pad_columns
from omicsbench.methods._count_factors import Loadings, Pass, place
from omicsbench.methods._count_pca import BLOCK, Derived, pearson_residuals, shares
from omicsbench.methods._gram import components
from omicsbench.plugin import Choice, Counts, Real, method

FIRST_THETA = 100.0  # of the residuals from which the cells start


@method(
    name="glm_pca",
    family="simple",
    summary="Poisson or negative-binomial factors of counts, cells placed by Newton's method.",
    source="https://doi.org/10.1186/s13059-019-1861-6",
    reads="counts",
    needs=("scipy",),
    space={
        "theta": Choice([None, 1.0, 10.0, 100.0]),
        "penalty": Real(0.1, 10.0, log=True),
        "ridge": Real(0.1, 100.0, log=True),
    },
)
class GlmPca:
    """The log mean of a count is the log of its cell's total, an intercept and the factors.

    Fitted by turns, a pass over the cells each: every cell moves by Newton's method, then every
    feature. Memory holds one block of cells and the factors of all. The start is PCA of Pearson
    residuals, so nothing is drawn at random. An unseen cell is placed like a training cell is,
    with the loadings fixed, and independently of others.

    In the embedding, two cells are as far apart as their log means are over all features; the
    axes are ordered by variance. (Own code: the package ``glmpca`` had its only release in 2019
    and cannot place cells it has not seen.)

    Parameters
    ----------
    theta : size of the negative binomial, of which the variance is mean + mean^2 / theta;
        None is Poisson. 100 is what analytic residuals assume (10.1186/s13059-021-02451-7).
    penalty : weight of the squares of a cell's factors; 1 is a standard normal prior.
    ridge : the same of the loadings.
    max_iter : passes over the cells, at most.
    tol : the fit ends when a pass raises the penalised likelihood by less than this share of
        all that was gained since the start.
    """

    def __init__(
        self,
        n_components: int | None = None,
        theta: float | None = 100.0,
        penalty: float = 1.0,
        ridge: float = 1.0,
        max_iter: int = 100,
        tol: float = 1e-3,
    ) -> None:
        self.n_components = n_components
        self.theta = theta
        self.penalty = penalty
        self.ridge = ridge
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: Counts) -> GlmPca:
        for name in ("penalty", "ridge", "max_iter"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}={getattr(self, name)}: give a number above 0")
        if self.theta is not None and not self.theta > 0:
            raise ValueError(f"theta={self.theta}: give a number above 0, or None for Poisson")
        share = shares(X)
        U = self._start(X, share)
        intercept = np.log(np.maximum(share, 1e-12)).astype(np.float32)
        weights = np.zeros((U.shape[1], X.shape[1]), dtype=np.float32)
        loadings = Loadings(weights, intercept, self.theta, self.penalty)
        gains: list[float] = []
        converged = False
        while len(gains) < self.max_iter and not converged:
            read = Pass(loadings)
            for rows, counts in X.blocks(BLOCK):
                totals = X.totals[rows]
                if gains:
                    U[rows] = place(loadings, counts, totals, U[rows], steps=1)
                read.add(U[rows], counts, totals)
            squares = np.square(loadings.weights, dtype=np.float64).sum()
            gains.append(read.objective - self.ridge * float(squares) / 2)
            loadings = read.stepped(self.ridge)
            converged = len(gains) > 3 and gains[-1] - gains[-2] < self.tol * (gains[-1] - gains[1])
        self.loadings_ = loadings
        self._orient(U)
        self.fit_info_ = {
            "components": U.shape[1],
            "iterations": len(gains),
            "converged": converged,
            "log_likelihood_gain": gains[-1] - gains[0],
        }
        return self

    def _start(self, X: Counts, share: Array) -> Array:
        """Scores (n, k) of unit variance, of PCA of Pearson residuals."""
        n, p = X.shape
        clip = float(np.sqrt(n))

        def residuals(counts: Array, totals: Array) -> Array:
            return pearson_residuals(counts, totals, share, FIRST_THETA, clip)

        view = Derived(X, residuals)
        mean, axes, variances, _ = components(view, min(latent(self.n_components), n - 1, p))
        axes /= np.sqrt(np.maximum(variances, 1e-6))[:, None].astype(np.float32)
        U = np.empty((n, len(axes)), dtype=np.float32)
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            U[rows] = (view[rows] - mean) @ axes.T
        return U

    def _orient(self, U: Array) -> None:
        """From a cell's factors to the embedding: centred on the training cells, turned, scaled."""
        self.origin_ = U.mean(axis=0)
        basis, lengths = np.linalg.qr(self.loadings_.weights.T.astype(np.float64))
        scores = (U - self.origin_).astype(np.float64) @ lengths.T
        turn = np.linalg.svd(scores.T @ scores)[0]
        axes = (basis @ turn).T
        # The sign of an axis is arbitrary: let its largest loading be positive.
        signs = np.where(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)] < 0, -1, 1)
        self.turn_ = (lengths.T @ turn * signs).astype(np.float32)

    def transform(self, X: Counts) -> Array:
        Z = np.empty((len(X), len(self.turn_)), dtype=np.float32)
        for rows, counts in X.blocks(BLOCK):
            U = place(self.loadings_, counts, X.totals[rows])
            Z[rows] = (U - self.origin_) @ self.turn_
        return pad_columns(Z, latent(self.n_components))
