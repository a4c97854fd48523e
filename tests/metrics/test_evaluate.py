"""Every score lies within the range of its metric: rounding is no excuse, and hides no fault."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.metrics import METRICS, Estimate, Metric, MetricUndefined, Neighbors
from omicsbench.metrics.evaluate import evaluate

DRAWN = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "rows": st.integers(2, 60),
        "classes": st.integers(1, 5),
        "levels": st.sampled_from([1, 2, 5, 1_000]),  # different values: ties, or none
        "sharp": st.sampled_from([0.05, 1.0, 50.0]),  # how certain predictions are
        "missing": st.sampled_from([0.0, 0.3]),  # share of rows without a label
        "scale": st.sampled_from([1e-6, 1.0, 1e4]),
    }
)


def inputs(
    seed: int, rows: int, classes: int, levels: int, sharp: float, missing: float, scale: float
) -> dict[str, Any]:
    """All that a metric may ask for, at random."""
    rng = np.random.default_rng(seed)

    def points(n: int = rows, width: int = 3) -> np.ndarray:
        return (scale * rng.integers(0, levels, (n, width)) / levels).astype(np.float32)

    def codes(n: int) -> np.ndarray:
        return np.where(rng.random(n) < missing, -1, rng.integers(0, classes, n))

    def near(of: np.ndarray) -> Neighbors:
        return Neighbors.of(of, min(5, rows - 1))

    X, labels = points(), codes(rows)
    there = {"rna": points(), "protein": points()}
    return {
        "expression": X,
        "reconstruction": points(),
        "gene_neighbors": near(X),
        "embedding": points(),
        "background": points(),
        "train_embedding": points(2 * rows),
        "labels": labels,
        "train_labels": codes(2 * rows),
        "probe_labels": labels,
        "probabilities": rng.dirichlet(np.full(classes, 1 / sharp), rows),
        "outliers": rng.random(rows) < 0.3,
        "modality_expression": there,
        "modality_neighbors": {name: near(of) for name, of in there.items()},
        "modality_embeddings": {"rna": points(), "protein": points()},
        "cross_modal": {"protein": points()},
    }


@pytest.mark.parametrize("scored_by", list(METRICS.values()), ids=list(METRICS))
@settings(max_examples=25)
@given(drawn=DRAWN)
def test_a_score_lies_within_the_range_of_its_metric(scored_by: Metric, drawn: Any) -> None:
    try:
        value = scored_by(**inputs(**drawn))
    except MetricUndefined:
        return
    low, high = scored_by.range
    assert (-math.inf if low is None else low) <= value <= (math.inf if high is None else high)


def test_selective_accuracy_of_certain_and_right_predictions_is_at_most_one() -> None:
    for rows in range(2, 300):
        value = METRICS["selective_accuracy"](
            probabilities=np.eye(2)[np.zeros(rows, dtype=int)], labels=np.zeros(rows, dtype=int)
        )
        assert 1 - 1e-9 < value <= 1


def _scores(value: float) -> Metric:
    return Metric("x", "X", (0, 1), "max", "", "labels", lambda: value, (), 0.0)


def test_rounding_is_clipped_and_keeps_what_the_cells_said() -> None:
    above = Estimate(1 + 4e-16, np.ones(3), {"rna": 1.0})
    found = _scores(above)()
    assert float(found) == 1.0
    assert found.per_cell is above.per_cell
    assert found.parts == above.parts
    assert float(_scores(-1e-9)()) == 0.0


@pytest.mark.parametrize("value", [1.001, -0.5, 7.0])
def test_what_is_beyond_by_more_is_an_error_told_in_the_record(value: float) -> None:
    with pytest.raises(ValueError, match="outside of the declared range 0 to 1"):
        _scores(value)()
    found = evaluate([_scores(value)], {})
    assert found.values == {}
    assert "outside of the declared range" in found.skipped["x"]
