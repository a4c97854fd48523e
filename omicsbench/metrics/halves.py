"""Consistency: are cells neighbours by one half of their molecules as they are by the other?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from omicsbench.metrics.base import Estimate, FloatArray, MetricUndefined, metric
from omicsbench.metrics.neighbors import n_neighbors
from omicsbench.metrics.points import cleaned, distance_blocks, nearest_weights

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

AHLMANN_ELTZE_HUBER = "10.1038/s41592-023-01814-1"


@metric(
    title="Neighbours agree between halves",
    range=(None, 1),
    direction="max",
    source=AHLMANN_ELTZE_HUBER,
    group="molecules",
    room=(0.0, 1.0),  # the state of a cell is the same in both halves
)
def half_consistency(
    embedding: FloatArray, background: FloatArray, half_embedding: FloatArray
) -> Estimate:
    """Overlap of a cell's nearest neighbours by two independent halves of its molecules.

    All cells are embedded twice with the same fitted method, by the half of the molecules that
    methods see and by the other. In that all cells have the same depth, as far as they have as
    many: depth is shared by the halves, and by it alone cells would be told again. Of each scored
    cell the k nearest are sought in either; k is 15, fewer among few cells. The overlap of two
    cells taken at random is subtracted, the neighbours of one by one half, those of the other by
    the other half: it is large where a few hubs are everybody's neighbours, whatever the cell. What
    is left is divided by the most it could be, as in Cohen's kappa (10.1177/001316446002000104),
    which this is of all slots of neighbours.

    embedding : (m, d), the scored cells; background : (b, d), all cells by the half seen, the
    scored ones first; half_embedding : (b, d), the same by the other half. Range (-inf, 1], larger
    is better; 0 is chance, given the hubs, and 1 the same neighbours.
    """
    m, k = len(embedding), n_neighbors(len(background))
    if not 2 <= k < len(background) or m < 3:
        raise MetricUndefined(f"{len(background)} cells are too few for neighbours")
    first, other = (_among(space, m, k) for space in (background, half_embedding))
    shared = np.asarray(first.multiply(other).sum(axis=1)).ravel()
    # Overlap with the neighbours of any other cell but these themselves, either way.
    others = 1 / (m - 1 - (np.arange(len(background)) < m))
    degrees = [np.asarray(near.sum(axis=0)).ravel() * others for near in (first, other)]
    both = (first @ degrees[1] + other @ degrees[0]) / 2
    expected = both - np.asarray(first.multiply(other) @ others).ravel()
    most = k - expected
    if most.mean() <= 1e-9 * k:
        raise MetricUndefined("all cells have the same neighbours")
    value = (shared - expected).sum() / most.sum()
    off = (shared - expected - value * most) / most.mean()
    return Estimate(float(value), value + off)


def _among(points: FloatArray, m: int, k: int) -> csr_matrix:
    """Weight of each point among the k nearest of the first m, (m, b); ties are shared."""
    from scipy.sparse import csr_matrix, vstack

    blocks = distance_blocks(cleaned(points), m)
    return vstack([csr_matrix(nearest_weights(d, k)) for _, d in blocks], format="csr")
