"""Held-out molecules: does an embedding of half of them tell which the other half are?

Of each scored cell half of the molecules were held out of every method, dealt out at random, so
that nothing but what the cell expresses predicts them (10.1101/786269,
10.1093/biostatistics/kxac047). The score is in bits per molecule above the mean profile of the
training cells (at most 100,000): by how much its feature can be told in fewer bits.

It is of each cell the mean over its molecules, and then the mean over cells: those with many
molecules do not count for more. Molecules of features that none of the training cells has are left
out, as neither profile knows anything of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.metrics.base import OF_NOISE, Estimate, FloatArray, MetricUndefined, metric
from omicsbench.metrics.points import block_rows, cleaned, nearest_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

THINNING = "10.1101/786269"  # Batson, Royer & Webber 2019
K = 15
# Weight of the mean profile beside the 15. Of 0.5, 1, 2, 5 and 15 cells, two told the molecules of
# scmark_immune best by each of seven methods (n = 1,000, two repeats), by little.
CELLS_OF_MEAN = 2
MIXES = np.arange(1, 101) / 100  # weights of the mean profile beside a decoder


def of_likeliest_cells(molecules: FloatArray, reference_counts: csr_matrix) -> float:
    """``molecule_bits`` by the 15 training cells in which the held-out molecules are likeliest.

    Their neighbours are thus chosen by the answer itself: what no embedding can know.

    molecules : (m, p) counts; reference_counts : (r, p) CSR.
    """
    from scipy.sparse import csr_matrix

    profile, one_cell = _mean_profile(reference_counts)
    own = reference_counts.toarray() + CELLS_OF_MEAN * one_cell * profile
    share = own / own.sum(axis=1, keepdims=True)
    likely = molecules @ np.log(share, out=np.zeros_like(share), where=share > 0).T
    k = min(K, len(share))
    near = np.argpartition(-likely, k - 1, axis=1)[:, :k]
    ends = np.arange(len(near) + 1) * k
    weights = csr_matrix((np.ones(near.size), near.ravel(), ends), shape=likely.shape)
    return float(np.nanmean(_gains(molecules, reference_counts, [(slice(len(near)), weights)])))


@metric(
    title="Held-out molecules, bits each",
    range=(None, None),
    direction="max",
    source=THINNING,
    group="molecules",
    room=(OF_NOISE, of_likeliest_cells),
)
def molecule_bits(
    molecules: FloatArray,
    embedding: FloatArray,
    reference_embedding: FloatArray,
    reference_counts: csr_matrix,
) -> Estimate:
    """Bits per held-out molecule above the mean profile, by the 15 nearest training cells.

    The profile p of a cell is that of the pooled counts of its neighbours and of the mean profile
    q, which has the weight of two cells more: of as many molecules as two training cells have on
    average. The score is the mean of log2(p / q) of their features over a cell's molecules.

    molecules : (m, p) counts; embedding : (m, d); reference_embedding : (r, d) of training cells;
    reference_counts : (r, p) CSR, their counts of the half that methods see. Range (-inf, inf),
    larger is better; an embedding that knows nothing is below 0, as 15 cells tell the mean profile
    less well than all do.
    """
    near = _nearest(embedding, reference_embedding)
    gain = _gains(molecules, reference_counts, near)
    return Estimate(float(np.nanmean(gain)), gain)


@metric(
    title="Held-out molecules by the decoder, bits each",
    range=(None, None),
    direction="max",
    source=THINNING,
    group="molecules",
    secondary=True,
)
def decoder_bits(
    molecules: FloatArray,
    decoded: FloatArray,
    reference_counts: csr_matrix,
    validation_molecules: FloatArray,
    validation_decoded: FloatArray,
) -> Estimate:
    """Bits per held-out molecule above the mean profile, by the method's own decoder.

    What the decoder expects of a cell, carried back from logarithms to rates, is its profile once
    it is mixed with the mean profile. The weight of the mean, from 1 to 100 %, is that by which the
    molecules of validation cells are told best. A mean of logarithms is below the logarithm of the
    mean, so that decoders fitted on counts have an advantage.

    molecules : (m, p) counts; decoded : (m, p) rates, up to a factor of each row; reference_counts
    : (r, p) CSR, counts of training cells; validation_molecules, validation_decoded : the same of
    validation cells. Range (-inf, inf), larger is better; 0 is the mean profile.
    """
    profile, _ = _mean_profile(reference_counts)
    known = _Molecules(validation_molecules, profile)
    share = _shares(validation_decoded, profile)
    mix = max(MIXES, key=lambda mix: np.nanmean(known.gains(share, mix=mix)))
    at = _Molecules(molecules, profile)
    gain = at.gains(_shares(decoded, profile), mix=mix)
    return Estimate(float(np.nanmean(gain)), gain)


class _Molecules:
    """The molecules of some cells, (m, p), where the mean profile (p,) knows their features."""

    def __init__(self, molecules: FloatArray, profile: FloatArray) -> None:
        self.profile, self.cells = profile, len(molecules)
        self.row, self.feature = np.nonzero((molecules > 0) & (profile > 0))
        self.number = molecules[self.row, self.feature].astype(np.float64)
        self.totals = np.bincount(self.row, weights=self.number, minlength=self.cells)
        if not self.totals.any():
            raise MetricUndefined("the scored rows have no held-out molecule")

    def gains(self, share: FloatArray, rows: slice = slice(None), mix: float = 0.0) -> FloatArray:
        """Bits per molecule that profiles ``share`` (rows, p) gain over the mean one, of each cell.

        Of that, ``mix`` is their part. NaN of a cell without any molecule.
        """
        first, last, _ = rows.indices(self.cells)
        here = slice(*np.searchsorted(self.row, [first, last]))
        row, feature = self.row[here] - first, self.feature[here]
        bits = np.log2((1 - mix) * share[row, feature] / self.profile[feature] + mix)
        gained = np.bincount(row, weights=self.number[here] * bits, minlength=last - first)
        totals = self.totals[first:last]
        return np.where(totals > 0, gained / np.where(totals > 0, totals, 1), np.nan)


def _gains(
    molecules: FloatArray, counts: csr_matrix, near: Iterable[tuple[slice, Any]]
) -> FloatArray:
    """Bits per molecule of each cell, (m,), by its neighbours, whose weights are ``near``."""
    profile, one_cell = _mean_profile(counts)
    prior = CELLS_OF_MEAN * one_cell
    at, gain = _Molecules(molecules, profile), np.empty(len(molecules))
    for rows, weights in near:
        pooled = (weights @ counts).toarray()
        share = (pooled + prior * profile) / (pooled.sum(axis=1, keepdims=True) + prior)
        gain[rows] = at.gains(share, rows)
    return gain


def _mean_profile(counts: csr_matrix) -> tuple[FloatArray, float]:
    """Share of each feature in all molecules of the training cells, and molecules of one cell."""
    sums = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel()
    if sums.sum() == 0:
        raise MetricUndefined("the training cells have no molecule of the selected features")
    return sums / sums.sum(), float(sums.sum() / counts.shape[0])


def _shares(decoded: FloatArray, profile: FloatArray) -> FloatArray:
    """Rates (m, p) as shares of their rows; the mean profile where a decoder expects nothing."""
    if not np.isfinite(decoded).all():
        raise MetricUndefined("the reconstruction is not finite")
    rates = np.maximum(decoded, 0).astype(np.float64)
    totals = rates.sum(axis=1, keepdims=True)
    return np.where(totals > 0, rates / np.where(totals > 0, totals, 1), profile)


def _nearest(embedding: FloatArray, reference: FloatArray) -> Iterator[tuple[slice, Any]]:
    """Weights (rows, r) CSR of the nearest of the reference points, a block of rows at a time.

    A weight is 1; of points equally far it is the probability to be among the nearest.
    """
    from scipy.sparse import csr_matrix
    from scipy.spatial.distance import cdist

    points = cleaned(embedding, reference).astype(np.float64)
    among = cleaned(reference).astype(np.float64)
    k, rows = min(K, len(among)), block_rows(len(among))
    for start in range(0, len(points), rows):
        here = slice(start, min(start + rows, len(points)))
        yield here, csr_matrix(nearest_weights(cdist(points[here], among, "sqeuclidean"), k))
