"""Modalities: does the joint embedding keep all of them, and does it tie them together?

Dicts are by name of modality, in the data set's order, and so are ``parts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics.base import (
    METRICS,
    Estimate,
    FloatArray,
    IntArray,
    MetricUndefined,
    metric,
)
from omicsbench.metrics.memo import remembered
from omicsbench.metrics.neighbors import Neighbors
from omicsbench.metrics.points import block_rows, cleaned
from omicsbench.metrics.structure import KOBAK_BERENS

SHANNON = "10.1002/j.1538-7305.1948.tb01338.x"
FOSCTTM = "10.4230/LIPIcs.WABI.2019.10"  # Liu et al. 2019
R2 = "https://scikit-learn.org/stable/modules/model_evaluation.html#r2-score"
SPEARMAN = "10.2307/1412159"  # Spearman 1904


@metric(
    title="kNN recall, mean of modalities",
    range=(0, 1),
    direction="max",
    source=KOBAK_BERENS,
    group="modalities",
    secondary=True,
    tasks=("integrate",),
)
def modality_recall(
    modality_neighbors: Mapping[str, Neighbors], background: FloatArray
) -> Estimate:
    """Share of each row's k nearest neighbours in a modality that are so in the embedding.

    ``knn_recall`` for each modality's own space; their mean. No embedding reaches 1 unless the
    modalities agree on the neighbours. The background is taken as given in a row's number.

    modality_neighbors : of m scored rows among b, each; background : (b, d) float32 joint
    embedding. Range [0, 1], larger is better; chance is k / (b - 1).
    """
    return _mean_of_parts(_recalls(modality_neighbors, background))


@metric(
    title="kNN recall, weakest modality",
    range=(0, 1),
    direction="max",
    source=KOBAK_BERENS,
    group="modalities",
    tasks=("integrate",),
)
def weakest_modality_recall(
    modality_neighbors: Mapping[str, Neighbors], background: FloatArray
) -> Estimate:
    """``modality_recall`` of the modality that has the lowest.

    An embedding that leaves a modality out fails here, however well it keeps the others. Which
    one is the weakest is taken as given in a row's influence.

    modality_neighbors : of m scored rows among b, each; background : (b, d) float32 joint
    embedding. Range [0, 1], larger is better; chance is k / (b - 1).
    """
    recalls = _recalls(modality_neighbors, background)
    parts = _mean_of_parts(recalls).parts
    weakest = min(parts, key=parts.__getitem__)
    return Estimate(parts[weakest], recalls[weakest], parts)


@metric(
    title="Balance of the modalities",
    range=(0, 1),
    direction="max",
    source=SHANNON,
    group="modalities",
    secondary=True,
    tasks=("integrate",),
)
def modality_balance(
    modality_neighbors: Mapping[str, Neighbors], background: FloatArray
) -> Estimate:
    """Do the neighbours in the joint embedding come from all modalities alike?

    Counts how many of the rows' nearest neighbours in the embedding are neighbours in each
    modality. ``parts`` are the shares of these counts, the value is the entropy of the shares
    over its largest, the logarithm of the number of modalities. More is not always better: a
    modality of mere noise deserves no share, and an embedding of chance is in balance.

    modality_neighbors : of m scored rows among b, each; background : (b, d) float32 joint
    embedding. Range [0, 1], larger is nearer to balance; 1 is all alike, 0 is one alone.
    """
    _several(modality_neighbors)
    recalls = _recalls(modality_neighbors, background)
    # Of k nearest, a row's count is k times its recall; k is the same everywhere.
    counts = np.stack(list(recalls.values()))
    total = counts.mean(axis=1).sum()
    if total == 0:
        raise MetricUndefined("no neighbour in the joint embedding is one in any modality")
    shares = counts.mean(axis=1) / total
    surprise = -np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    entropy = float(shares @ surprise)
    # The delta method; where all counts grow by one factor, nothing changes.
    off = (surprise - entropy) @ counts / total
    scale = np.log(len(shares))
    value = min(1.0, max(0.0, entropy / scale))
    return Estimate(value, value + off / scale, dict(zip(recalls, shares.tolist(), strict=True)))


@metric(
    title="Fraction of samples closer than the true match (FOSCTTM)",
    range=(0, 1),
    direction="min",
    source=FOSCTTM,
    group="modalities",
    secondary=True,
    tasks=("integrate",),
    room=(0.5, 0.0),
)
def foscttm(modality_embeddings: Mapping[str, FloatArray]) -> Estimate:
    """Does a row lie nearest to itself, when it is embedded by another modality?

    For each row by modality a, the share of all other rows by modality b that are closer than
    the row itself by b; ties count half. Mean over rows and ordered pairs of modalities (Liu et
    al. 2019), ``parts`` are the pairs, "a > b". A row's influence is that by its own share, and
    as one of those that may be closer to another (Hajek's projection of a U-statistic,
    10.1214/aoms/1177730196).

    modality_embeddings : (m, d) float32 each. Range [0, 1], smaller is better; 0.5 is chance,
    and the value of constant embeddings.
    """
    _several(modality_embeddings)
    per_cell = {
        f"{a} > {b}": _closer(modality_embeddings[a], modality_embeddings[b])
        for a, b in permutations(modality_embeddings, 2)
    }
    return _mean_of_parts(per_cell)


@metric(
    title="R² across modalities",
    range=(None, 1),
    direction="max",
    source=R2,
    group="modalities",
    tasks=("integrate",),
    room=(0.0, 1.0),
)
def cross_modal_r2(
    modality_expression: Mapping[str, FloatArray], cross_modal: Mapping[str, FloatArray]
) -> Estimate:
    """Share of each feature's variance that the first modality explains, mean over features.

    Around the feature's mean over the scored rows, as scikit-learn's ``uniform_average``;
    features that are constant there are left out. Then the mean over the predicted modalities,
    which are the ``parts``. Features count alike and nothing is clipped, as is usual: one wild
    feature can pull the value far below 0, and ``cross_modal_spearman`` is what it cannot move.

    modality_expression : (m, p) float32 each; cross_modal : (m, p) each but the first, predicted
    by the first alone. Range (-inf, 1], larger is better; a constant guess reaches 0 at most.
    """
    per_cell = {}
    for name, truth, guess in _predicted(modality_expression, cross_modal):
        total = np.square(truth - truth.mean(axis=0))
        error = np.square(truth - guess)
        unexplained = error.mean(axis=0) / total.mean(axis=0)
        off = (error - unexplained * total) / total.mean(axis=0)  # a ratio: the delta method
        per_cell[name] = 1 - (unexplained + off).mean(axis=1)
    return _mean_of_parts(per_cell)


@metric(
    title="Rank correlation across modalities (Spearman)",
    range=(-1, 1),
    direction="max",
    source=SPEARMAN,
    group="modalities",
    margin=0.02,
    secondary=True,
    tasks=("integrate",),
)
def cross_modal_spearman(
    modality_expression: Mapping[str, FloatArray], cross_modal: Mapping[str, FloatArray]
) -> Estimate:
    """Rank correlation over the rows of what a feature is and what is predicted of it.

    Mean over the features that vary among the scored rows, then over the predicted modalities,
    which are the ``parts``. A constant prediction has 0.

    modality_expression : (m, p) float32 each; cross_modal : (m, p) each but the first, predicted
    by the first alone. Range [-1, 1], larger is better; 0 is chance.
    """
    per_cell = {}
    for name, truth, guess in _predicted(modality_expression, cross_modal):
        pairs = zip(truth.T, cleaned(guess).T, strict=True)
        per_cell[name] = np.mean([_rank_correlation(*pair) for pair in pairs], axis=0)
    return _mean_of_parts(per_cell)


def _recalls(
    modality_neighbors: Mapping[str, Neighbors], background: FloatArray
) -> dict[str, FloatArray]:
    """``knn_recall`` of each row in each modality, (m,)."""
    return {
        name: np.asarray(_recall(near.indices, near.ranks, background), dtype=np.float64)
        for name, near in modality_neighbors.items()
    }


@remembered
def _recall(indices: IntArray, ranks: IntArray, background: FloatArray) -> NDArray[Any]:
    """Asked for by three metrics: searched once."""
    near = Neighbors(indices, ranks)
    found = METRICS["knn_recall"](gene_neighbors=near, background=background)
    return np.asarray(found.per_cell)


def _several(modalities: Mapping[str, Any]) -> None:
    if len(modalities) < 2:
        raise MetricUndefined("the data set has one modality")


def _closer(points: FloatArray, others: FloatArray) -> FloatArray:
    """FOSCTTM of points and, row by row, the same in ``others``, by what each row gives, (m,)."""
    from scipy.spatial.distance import cdist

    if points.shape != others.shape:
        raise ValueError(f"embeddings of one row by two modalities: {points.shape}, {others.shape}")
    m = len(points)
    if m < 2:
        raise MetricUndefined("fewer than 2 scored rows")
    # A column in which the others do not vary ranks nothing.
    points, others = cleaned(points, others), cleaned(others)
    closer, intrudes, rows = np.empty(m), np.zeros(m), block_rows(m)
    for start in range(0, m, rows):
        distances = cdist(points[start : start + rows], others, "sqeuclidean")
        here = np.arange(len(distances))
        own = distances[here, start + here, None]
        share = (distances < own) + (distances == own) / 2
        share[here, start + here] = 0  # a row is not another
        closer[start : start + rows] = share.sum(axis=1)
        intrudes += share.sum(axis=0)
    return np.asarray((closer + intrudes - closer.mean()) / (m - 1))


def _predicted(
    modality_expression: Mapping[str, FloatArray], cross_modal: Mapping[str, FloatArray]
) -> Iterator[tuple[str, FloatArray, FloatArray]]:
    """Name, truth and prediction, (m, features that vary) float64, of each predicted modality."""
    if not cross_modal:
        raise MetricUndefined("the data set has one modality")
    for name, guess in cross_modal.items():
        truth = modality_expression[name]
        if truth.shape != guess.shape:
            raise ValueError(f"{name}: {truth.shape} measured, {guess.shape} predicted")
        if not np.isfinite(guess).all():
            raise MetricUndefined(f"the prediction of {name} is not finite")
        varies = np.ptp(truth, axis=0) > 0
        if not varies.any():
            raise MetricUndefined(f"no feature of {name} varies among the scored rows")
        yield name, truth[:, varies].astype(np.float64), guess[:, varies].astype(np.float64)


def _rank_correlation(truth: FloatArray, guess: FloatArray) -> FloatArray:
    """Spearman's correlation as the mean of one number per row, (m,); 0 if ``guess`` is constant.

    Ties have their mean rank. A row's influence is that on a correlation, of its own ranks and
    of the places by which it moves the ranks of the others.
    """
    codes = [np.unique(values, return_inverse=True)[1] for values in (truth, guess)]
    if codes[1].max() == 0:
        return np.zeros(len(truth))
    places = [_above(code, np.full(len(code), -1.0)) for code in codes]
    a, b = ((place - place.mean()) / place.std() for place in places)
    value = float((a * b).mean())
    moved = _above(codes[0], b - value * a) / places[0].std()
    moved += _above(codes[1], a - value * b) / places[1].std()
    off = a * b - value * (a**2 + b**2) / 2 + moved - moved.mean()
    return np.asarray(np.clip(value, -1, 1) + off)


def _above(code: IntArray, weight: FloatArray) -> FloatArray:
    """Sum of the weights of all rows of a higher code, and half of those of the same, (m,)."""
    sums = np.bincount(code, weight)
    return np.asarray((sums.sum() - np.cumsum(sums) + sums / 2)[code])


def _mean_of_parts(per_cell: Mapping[str, FloatArray]) -> Estimate:
    """Mean over rows and parts, of one number per row for each part, (m,)."""
    parts = {name: float(values.mean()) for name, values in per_cell.items()}
    mean = np.mean(list(per_cell.values()), axis=0)
    return Estimate(float(np.mean(list(parts.values()))), mean, parts)
