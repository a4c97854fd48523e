"""Metrics of predicted numbers, against SciPy, scikit-learn or a known answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from omicsbench.metrics import METRICS, Estimate, MetricUndefined
from omicsbench.metrics.regression import LEVEL

NAMES = [m.name for m in METRICS.values() if m.tasks == ("regress",)]
OF_PREDICTIONS = ("r2", "spearman", "pearson", "rmse")


def numbers(seed: int = 0, rows: int = 300) -> dict[str, np.ndarray]:
    """Targets far from zero, predictions that miss some of them, intervals of unlike width."""
    rng = np.random.default_rng(seed)
    target = 20 + 3 * rng.gamma(2.0, size=rows)
    prediction = 0.7 * target + 5 + rng.normal(0, 2, rows)
    half = rng.uniform(1, 5, (rows, 1))
    return {
        "prediction": prediction,
        "target": target,
        "interval": prediction[:, None] + half * [-1, 1],
    }


def score(name: str, **inputs: np.ndarray) -> Estimate:
    return METRICS[name](**inputs)


@pytest.mark.parametrize("seed", range(3))
def test_against_references(seed: int) -> None:
    made = numbers(seed)
    target, given = made["target"], made["prediction"]
    expected = {
        "r2": reference.r2_score(target, given),
        "spearman": stats.spearmanr(target, given).statistic,
        "pearson": stats.pearsonr(target, given).statistic,
        "rmse": reference.root_mean_squared_error(target, given) / target.std(),
    }
    for name, value in expected.items():
        assert score(name, **made) == pytest.approx(value, abs=1e-9), name
    tied = {"target": np.round(target), "prediction": np.round(given / 3)}
    assert score("spearman", **tied) == pytest.approx(stats.spearmanr(*tied.values()).statistic)


def test_intervals_by_hand() -> None:
    target = np.array([0.0, 1.0, 2.0, 3.0])
    ends = np.array([[-1.0, 1.0], [1.0, 2.0], [0.0, 1.5], [3.5, 4.0]])
    assert score("coverage_error", interval=ends, target=target) == pytest.approx(LEVEL - 0.5)
    cost = (2 + 1 + (1.5 + 20 * 0.5) + (0.5 + 20 * 0.5)) / 4
    assert score("interval_score", interval=ends, target=target) == pytest.approx(
        cost / target.std()
    )


def test_true_quantiles_have_the_best_interval_score() -> None:
    target = np.random.default_rng(0).normal(size=4000)
    half = stats.norm.ppf((1 + LEVEL) / 2)

    def of(factor: float) -> Estimate:
        ends = np.tile([-half * factor, half * factor], (len(target), 1))
        return score("interval_score", interval=ends, target=target)

    assert of(1.0) < min(of(0.7), of(1.4))


@pytest.mark.parametrize("name", NAMES)
def test_standard_error_is_that_of_drawing_rows_anew(name: str) -> None:
    made = numbers(rows=400)
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(400):
        rows = rng.integers(0, 400, 400)
        drawn.append(float(score(name, **{key: own[rows] for key, own in made.items()})))
    found = score(name, **made)
    assert found.se == pytest.approx(np.std(drawn), rel=0.15)
    assert np.nanmean(found.per_cell) == pytest.approx(float(found))


@pytest.mark.parametrize("name", NAMES)
def test_rows_without_a_target_do_not_count(name: str) -> None:
    made = numbers(rows=60)
    few = {key: own[:40] for key, own in made.items()}
    made["target"] = np.where(np.arange(60) < 40, made["target"], np.nan)
    assert score(name, **made) == pytest.approx(float(score(name, **few)))
    per_cell = score(name, **made).per_cell
    assert per_cell is not None
    assert np.isnan(per_cell[40:]).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_scored_says_why(name: str) -> None:
    made = numbers(rows=20)
    for target, reason in (
        (np.full(20, np.nan), "fewer than 3"),
        (np.full(20, 4.0), "the same in all"),
    ):
        with pytest.raises(MetricUndefined, match=reason):
            score(name, **made | {"target": target})


@pytest.mark.parametrize("name", OF_PREDICTIONS)
def test_equal_predictions_are_no_better_than_chance(name: str) -> None:
    made = numbers()
    made["prediction"] = np.full(300, made["target"].mean())
    assert score(name, **made) == pytest.approx(1.0 if name == "rmse" else 0.0, abs=1e-12)


@pytest.mark.parametrize("name", OF_PREDICTIONS)
def test_perfect_predictions(name: str) -> None:
    target = numbers()["target"]
    best = 0.0 if name == "rmse" else 1.0
    assert score(name, prediction=target, target=target) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("name", ["spearman", "pearson"])
def test_correlations_ask_for_no_unit(name: str) -> None:
    made = numbers()
    moved = made | {"prediction": 100 * made["prediction"] - 7}
    assert score(name, **moved) == pytest.approx(float(score(name, **made)))
