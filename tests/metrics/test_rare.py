"""The recall of rare classes, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, recall_score
from sklearn.neighbors import KNeighborsClassifier

from blobs import blobs
from omicsbench.metrics import METRICS, Estimate, Metric, MetricUndefined

RARE, F1 = METRICS["rare_recall"], METRICS["rare_f1"]
SIZES = (100, 60, 40, 12, 3, 2)  # of mean 36.2: the last three are under half, one of them too few


def some(seed: int, sizes: tuple[int, ...] = SIZES) -> tuple[np.ndarray, np.ndarray]:
    """Points of classes of these sizes, in random order."""
    points, labels = blobs(seed, rows=100 * len(sizes), classes=len(sizes))
    kept = [np.flatnonzero(labels == code)[:size] for code, size in enumerate(sizes)]
    rows = np.random.default_rng(seed).permutation(np.concatenate(kept))
    return points[rows], labels[rows]


def score(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], by: Metric = RARE
) -> Estimate:
    return by(train_embedding=train[0], train_labels=train[1], embedding=test[0], labels=test[1])


def test_against_scikit_learn() -> None:
    train, test = some(1), some(2)
    predicted = KNeighborsClassifier(15).fit(*train).predict(test[0])  # ties go to the larger class
    expected = recall_score(test[1], predicted, labels=[3, 4], average=None)
    assert 0 < expected.mean() < 1
    assert score(train, test) == pytest.approx(expected.mean())


def test_f1_against_scikit_learn_and_its_error_against_the_bootstrap() -> None:
    sizes = (100, 100, 90, 25, 24, 2)
    train, test = some(1, sizes), some(2, sizes)
    predicted = KNeighborsClassifier(15).fit(*train).predict(test[0])
    expected = f1_score(test[1], predicted, labels=[3, 4], average=None)
    assert 0 < expected.mean() < 1
    found = score(train, test, F1)
    assert found == pytest.approx(expected.mean())
    assert found.per_cell is not None
    assert found.per_cell.mean() == pytest.approx(found)
    rng = np.random.default_rng(0)
    drawn = [
        f1_score(test[1][of], predicted[of], labels=[3, 4], average="macro")
        for of in rng.integers(0, len(predicted), (300, len(predicted)))
    ]
    assert found.se == pytest.approx(np.std(drawn), rel=0.3)


def test_calling_every_row_rare_is_no_way_to_win() -> None:
    train, (points, labels) = some(1), some(2)
    rare = np.full_like(points, points[labels == 3].mean(axis=0))
    assert score(train, (rare, labels), F1) < score(train, (points, labels), F1)


def test_two_of_a_kind_and_common_classes_do_not_count() -> None:
    train = some(1, (100,) * 6)
    points, labels = some(2)
    found = score(train, (points, labels))
    assert found.per_cell is not None
    assert (np.isfinite(found.per_cell) == np.isin(labels, [3, 4])).all()
    for code in (0, 5):
        lost = points.copy()
        lost[labels == code] += 1000
        assert score(train, (lost, labels)) == found
    lost = points.copy()
    lost[labels == 3] = points[labels == 0].mean(axis=0)
    assert score(train, (lost, labels)) < found


@pytest.mark.parametrize("sizes", [(30, 30, 30), (30, 16, 29), (40, 2, 1)])
def test_without_a_rare_class_it_says_so(sizes: tuple[int, ...]) -> None:
    with pytest.raises(MetricUndefined, match="no class has less than half of the mean"):
        score(some(1, sizes), some(2, sizes))


@given(st.permutations(range(len(SIZES))))
@settings(max_examples=10, deadline=None)
def test_names_of_the_classes_do_not_matter(order: list[int]) -> None:
    train, test = some(1), some(2)
    renamed = [(one[0], np.array(order)[one[1]]) for one in (train, test)]
    assert score(renamed[0], renamed[1]) == pytest.approx(float(score(train, test)))
