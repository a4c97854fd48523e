"""Features held out: the score by another way, and what must not matter to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from omicsbench.metrics import METRICS
from omicsbench.metrics.base import Estimate
from omicsbench.metrics.ridge import PENALTIES

TRAIN, SCORED, D, Q = 80, 50, 4, 7


def data(seed: int = 0, noise: float = 2.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    slopes = rng.normal(size=(D, Q)) * np.linspace(0, 2, Q)
    Z, points = (rng.normal(size=(n, D)) * [5, 1, 1, 0.2] + 3 for n in (TRAIN, SCORED))
    Y, values = (X @ slopes + noise * rng.normal(size=(len(X), Q)) for X in (Z, points))
    return {
        "embedding": points,
        "held_out_values": values,
        "learning_embedding": Z,
        "learning_values": Y,
    }


def score(known: dict[str, np.ndarray]) -> Estimate:
    return METRICS["held_out_features"](**known)


@pytest.mark.parametrize("seed", range(3))
def test_the_score_is_that_of_ridge_with_rows_left_out_one_by_one(seed: int) -> None:
    """The penalty is one for all features, at unit variance."""
    known = data(seed)
    Z, Y = known["learning_embedding"][:25], known["learning_values"][:25]
    few = known | {"learning_embedding": Z, "learning_values": Y}
    spread = ((Z - Z.mean(axis=0)) ** 2).sum() / D
    errors = []
    for penalty in PENALTIES * spread:
        left_out = 0.0
        for row in range(len(Z)):
            rest = np.arange(len(Z)) != row
            fitted = Ridge(penalty).fit(Z[rest], (Y / Y.std(axis=0))[rest])
            left_out += ((fitted.predict(Z[[row]])[0] - (Y / Y.std(axis=0))[row]) ** 2).sum()
        errors.append(left_out)
    best = (PENALTIES * spread)[np.argmin(errors)]
    predicted = Ridge(best).fit(Z, Y).predict(known["embedding"])
    values = known["held_out_values"]
    error, total = ((values - at) ** 2 for at in (predicted, values.mean(axis=0)))
    found = score(few)
    assert found == pytest.approx(1 - error.sum() / total.sum())
    assert found.per_cell is not None
    assert found.per_cell.shape == (SCORED,)


def test_a_better_embedding_scores_higher_and_noise_nothing() -> None:
    known, rng = data(noise=0.5), np.random.default_rng(1)
    both = ("embedding", "learning_embedding")
    blurred = {n: known[n] + 2 * rng.normal(size=known[n].shape) for n in both}
    noise = {n: rng.normal(size=known[n].shape) for n in both}
    constant = {n: np.zeros_like(known[n]) for n in both}
    assert score(known) > score(known | blurred) + 0.05 > score(known | noise) + 0.1
    assert abs(score(known | noise)) < 0.1
    assert abs(score(known | constant)) < 0.1


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1_000), scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
def test_turning_scaling_moving_and_order_do_not_matter(
    seed: int, scale: float, shift: float
) -> None:
    known, rng = data(seed), np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(D, D)))[0]
    rows, train = rng.permutation(SCORED), rng.permutation(TRAIN)
    turned = {
        "embedding": (scale * known["embedding"] @ turn + shift)[rows],
        "held_out_values": known["held_out_values"][rows],
        "learning_embedding": (scale * known["learning_embedding"] @ turn + shift)[train],
        "learning_values": known["learning_values"][train],
    }
    assert score(turned) == pytest.approx(float(score(known)), abs=1e-6)
