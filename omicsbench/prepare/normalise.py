"""Normalisation, of each cell by itself, and back to what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.plugin import Likelihood, Values
from omicsbench.prepare.scaling import Matrix

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

TARGET_SUM = 1e4
BLOCK_ROWS = 1_024  # of a composition
LIKELIHOODS: dict[Values, Likelihood] = {
    "counts": "negative_binomial",
    "proteins": "negative_binomial",
    "binary": "bernoulli",
    "rates": "bernoulli",
    "mutations": "bernoulli",
    "fractional": "normal",  # a negative binomial is of whole numbers
    "normalized": "normal",
    "log": "normal",
    "log2": "normal",
    "log10": "normal",
    "continuous": "normal",
    "composition": "normal",
    "genotypes": "normal",
    "cytometry": "normal",
}
BY_TOTALS = ("counts", "fractional", "binary")  # values of which each cell is brought to a total
COFACTOR = 5  # of mass cytometry (10.12688/f1000research.11622)
COUNTED = ("counts", "proteins")  # values that ``measured`` gives back by what ``depths`` tells
BASES: dict[Values, float] = {"log2": 2, "log10": 10}  # of logarithms that are not natural


def normalize(X: Matrix, values: Values) -> Matrix:
    """Per cell; a float32 copy. Nothing is learnt from other cells.

    Counts, fractional ones too, become log(1 + counts per 10,000). So does binary presence: with
    the scaling of each feature that follows, this is TF-IDF (10.1126/science.aab1601) but for a
    constant. Of ``normalized`` values log(1 + x) is taken, and nothing else. Logarithms of base 2
    and 10 become natural ones, so that whatever follows sees one base. Of ``proteins`` the centred
    log ratio is taken, log(1 + x) minus its mean over the cell's proteins (10.1038/nmeth.4380),
    which makes them dense, and of a ``composition``, which has no natural unit to add
    (``centred_log_ratio``). Intensities of ``cytometry`` become arcsinh(x / 5). Other values, among
    them ``genotypes`` and ``mutations``, stay as they are.
    """
    if values == "composition":
        return centred_log_ratio(X)
    X = X.astype(np.float32)
    if values == "cytometry":
        X = X / np.float32(COFACTOR)
        return X.arcsinh() if hasattr(X, "arcsinh") else np.arcsinh(X)
    if values == "proteins":
        logs = np.log1p(X if isinstance(X, np.ndarray) else X.toarray())
        return logs - logs.mean(axis=1, keepdims=True)
    if values in BASES:
        return X * np.float32(np.log(BASES[values]))
    if values == "normalized":
        return X.log1p() if hasattr(X, "log1p") else np.log1p(X)
    if values not in BY_TOTALS:
        return X
    factor = (TARGET_SUM / np.maximum(_totals(X), 1e-12)).astype(np.float32)
    if isinstance(X, np.ndarray):
        return np.log1p(X * factor[:, None])
    X.data *= np.repeat(factor, np.diff(X.indptr))
    np.log1p(X.data, out=X.data)
    return X


def centred_log_ratio(X: Matrix) -> NDArray[np.float32]:
    """Of each sample, log(x + d) minus its mean over all taxa, (n, p) (Aitchison 1982,
    10.1111/j.2517-6161.1982.tb01195.x; for sequencing 10.3389/fmicb.2017.02224).

    d is half of the sample's smallest value above zero, so that counts and shares, whatever their
    total, give the same. A sample without any value above zero gives zeros.
    """
    made = np.zeros(X.shape, dtype=np.float32)
    for start in range(0, X.shape[0], BLOCK_ROWS):  # in double precision, a block at a time
        rows = X[start : start + BLOCK_ROWS]
        block = np.asarray(rows if isinstance(rows, np.ndarray) else rows.toarray(), np.float64)
        least = np.min(block, axis=1, where=block > 0, initial=np.inf)
        logs = np.log(block + np.where(np.isfinite(least), least / 2, 1)[:, None])
        made[start : start + BLOCK_ROWS] = logs - logs.mean(axis=1, keepdims=True)
    return made


def depths(X: Matrix, values: Values) -> NDArray[np.float32]:
    """What ``measured`` needs to undo ``normalize``, (n,): totals, of proteins mean logarithms.

    The total of a cell without any count, as half of its molecules may be, is 1: methods divide
    by it.
    """
    if values == "proteins":
        logs = np.log1p(X if isinstance(X, np.ndarray) else X.toarray())
        return np.asarray(logs.mean(axis=1), dtype=np.float32)
    totals = _totals(X).astype(np.float32)
    return np.maximum(totals, 1) if values == "counts" else totals


def measured(
    X: Any, depth: NDArray[np.float32] | None, rows: NDArray[np.int64], values: Values
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """Some rows as they were measured, (n, p), and the counts of each over all features, (n,).

    ``X`` are normalised, unscaled values. None where there is nothing that a likelihood of counts
    or of presence speaks of.
    """
    if LIKELIHOODS[values] == "normal":
        return None, None
    block = X[rows]
    dense: NDArray[np.float32] = block if isinstance(block, np.ndarray) else block.toarray()
    if values == "binary":
        return (dense > 0).astype(np.float32), None
    if values == "rates" or depth is None:
        return np.array(dense, dtype=np.float32), None
    own = np.asarray(depth[rows])
    if values == "proteins":
        raw = np.rint(np.expm1(dense + own[:, None])).astype(np.float32)
        return raw, raw.sum(axis=1)
    return counted(dense, own), own


def counted(normalised: NDArray[np.float32], totals: NDArray[np.float32]) -> NDArray[np.float32]:
    """The counts (n, p) that were normalised, of cells of these totals (n,)."""
    counts = np.rint(np.expm1(normalised) * (totals[:, None] / TARGET_SUM))
    return np.asarray(counts, dtype=np.float32)


def counted_rows(normalised: csr_matrix, totals: NDArray[np.float32]) -> csr_matrix:
    """The same of compressed rows (n, p); a matrix of its own."""
    factor = np.repeat(totals / TARGET_SUM, np.diff(normalised.indptr))
    made = normalised.copy()
    made.data = np.rint(np.expm1(normalised.data) * factor).astype(np.float32)
    return made


def _totals(X: Matrix) -> NDArray[np.float64]:
    return np.asarray(X.sum(axis=1), dtype=np.float64).ravel()
