"""Floor and ceiling of metrics on the data at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse, stats
from sklearn.dummy import DummyClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.metrics import log_loss as sklearn_log_loss

from omicsbench.contract.metric_rules import Scored
from omicsbench.metrics import METRICS, Metric, metric
from omicsbench.metrics.base import OF_DATA, OF_NOISE
from omicsbench.metrics.molecules import CELLS_OF_MEAN, K, of_likeliest_cells
from omicsbench.metrics.rooms import asked, rooms

WITH_ROOM = [m for m in METRICS.values() if m.room is not None]
EVERY = pytest.mark.parametrize("scored_by", WITH_ROOM, ids=lambda m: m.name)


@EVERY
def test_the_ceiling_is_the_better_end_and_within_the_range(scored_by: Metric) -> None:
    made = Scored(scored_by)
    floor, ceiling = rooms([scored_by], made.perfect, made.random, [made.perfect])[scored_by.name]
    assert ceiling > floor if scored_by.direction == "max" else ceiling < floor
    low, high = scored_by.range
    for end in (floor, ceiling):
        assert low is None or end >= low
        assert high is None or end <= high


def test_a_classifier_that_knows_the_shares_alone_is_at_the_floor() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    shares = DummyClassifier(strategy="prior").fit(labels, labels).predict_proba(labels)
    found = rooms([METRICS["balanced_accuracy"], METRICS["log_loss"]], {"labels": labels})
    said = shares.argmax(axis=1)
    assert found["balanced_accuracy"] == (pytest.approx(balanced_accuracy_score(labels, said)), 1)
    assert found["log_loss"] == (pytest.approx(sklearn_log_loss(labels, shares)), 0)
    assert METRICS["log_loss"](probabilities=shares, labels=labels) == pytest.approx(
        found["log_loss"][0]
    )


def test_rows_without_a_label_do_not_count() -> None:
    labels = np.array([0, 1, -1, 1])
    some = rooms([METRICS["log_loss"]], {"labels": labels})
    assert some == rooms([METRICS["log_loss"]], {"labels": labels[labels >= 0]})
    assert rooms([METRICS["log_loss"]], {"labels": np.full(4, -1)}) == {}
    assert rooms([METRICS["log_loss"]], {"labels": None}) == {}


def of(*ends: Any) -> Metric:
    @metric(title="T", range=(0, 9), direction="max", source="x", group="labels", room=ends)
    def mine(embedding: Any) -> float:
        return float(embedding.sum())

    return mine.info  # type: ignore[attr-defined, no-any-return]


def test_an_end_is_told_in_four_ways() -> None:
    def rows(labels: Any) -> float:
        return float(len(labels))

    noisy, little, known = ({"embedding": np.full(2, value)} for value in (0.5, 2.0, 3.0))
    for ends, expected in (
        ((0.0, rows), (0, 4)),
        ((OF_NOISE, OF_DATA), (1, 6)),
    ):
        found = rooms([of(*ends)], {"labels": np.zeros(4)}, noisy, [known, little])
        assert found == {"mine": expected}
    assert rooms([of(0.0, OF_DATA)], {}, noisy) == {}
    assert asked([of(0.0, OF_DATA)], OF_DATA)
    assert not asked([of(0.0, OF_DATA), METRICS["knn_recall"]], OF_NOISE)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), None])
def test_a_room_that_fails_is_none(wrong: float | None) -> None:
    def bad(labels: Any) -> float:
        if wrong is None:
            raise RuntimeError("no")
        return wrong

    assert rooms([of(0.0, bad)], {"labels": np.zeros(4)}) == {}


def test_an_unknown_need_of_an_end_is_refused() -> None:
    def end(moon: Any) -> float:
        return 0.0

    with pytest.raises(TypeError, match="moon"):
        of(0.0, end)


def test_the_ceiling_of_molecules_is_by_the_cells_in_which_they_are_likeliest() -> None:
    rng = np.random.default_rng(0)
    rates = rng.gamma(0.5, 4, (3, 30))
    kinds, known = rng.integers(0, 3, 40), rng.integers(0, 3, 80)
    molecules, counts = rng.poisson(rates[kinds]), rng.poisson(rates[known])
    found = of_likeliest_cells(molecules, sparse.csr_matrix(counts))
    mean = counts.sum(axis=0) / counts.sum()
    prior = CELLS_OF_MEAN * counts.sum() / len(counts) * mean
    bits = []
    for cell in molecules:
        seen = cell * (mean > 0)
        chances = [
            stats.multinomial.logpmf(seen, seen.sum(), (own + prior) / (own + prior).sum())
            for own in counts
        ]
        pooled = counts[np.argsort(chances)[-K:]].sum(axis=0) + prior
        gained = np.log2(pooled / pooled.sum(), where=mean > 0, out=np.zeros(30))
        gained -= np.log2(mean, where=mean > 0, out=np.zeros(30))
        bits.append((seen * gained).sum() / seen.sum())
    assert found == pytest.approx(np.mean(bits))
    for Z, reference in (
        (rates[kinds], rates[known]),
        (molecules, counts),
        (rng.normal(size=(40, 3)), rng.normal(size=(80, 3))),
    ):
        assert found > METRICS["molecule_bits"](
            molecules=molecules,
            embedding=Z,
            reference_embedding=reference,
            reference_counts=sparse.csr_matrix(counts),
        )
