"""What ridge reads off an embedding, against scikit-learn and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from omicsbench.metrics import METRICS, Estimate, MetricUndefined
from omicsbench.metrics.ridge import PENALTIES, ROWS, mean_r2, read_off

TRUE = METRICS["latent_r2"]


def simulated(seed: int = 0, n: int = 60, m: int = 40, d: int = 5) -> dict[str, np.ndarray]:
    """Three coordinates of unlike spread; an embedding that holds them in part."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n + m, 3)) * [1, 10, 0.1]
    Z = latent @ rng.normal(size=(3, d)) + rng.normal(size=(n + m, d))
    latent, Z = latent.astype(np.float32), Z.astype(np.float32)
    return {
        "train_embedding": Z[:n],
        "train_latent": latent[:n],
        "embedding": Z[n:],
        "latent": latent[n:],
    }


def score(cells: dict[str, np.ndarray], **other: np.ndarray) -> Estimate:
    return TRUE(**(cells | other))


def test_against_leave_one_out_by_hand() -> None:
    cells = simulated()
    Z, Y = cells["train_embedding"].astype(float), cells["train_latent"].astype(float)
    scaled = (Y - Y.mean(axis=0)) / Y.std(axis=0)
    spread = np.square(Z - Z.mean(axis=0)).sum() / Z.shape[1]

    def left_out(penalty: float) -> float:
        found = cross_val_predict(Ridge(penalty * spread), Z, scaled, cv=LeaveOneOut())
        return float(np.square(found - scaled).mean())

    best = Ridge(min(PENALTIES, key=left_out) * spread).fit(Z, scaled)
    expected = best.predict(cells["embedding"]) * Y.std(axis=0) + Y.mean(axis=0)
    found = read_off(cells["train_embedding"], cells["train_latent"], cells["embedding"])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    ratios = []
    for number in range(3):
        truth = cells["latent"][:, number].astype(float)
        beyond = truth - Y[:, number].mean()
        ratios.append(np.square(expected[:, number] - truth).sum() / np.square(beyond).sum())
    assert score(cells) == pytest.approx(1 - np.mean(ratios), abs=1e-6)


def test_around_its_own_mean_it_is_the_usual_r2() -> None:
    rng = np.random.default_rng(1)
    Y = rng.normal(size=(50, 4))
    guess = Y + rng.normal(size=(50, 4))
    assert mean_r2(Y, guess, Y.mean(axis=0)) == pytest.approx(r2_score(Y, guess))


@given(seed=st.integers(0, 100), scale=st.sampled_from([1e-3, 1.0, 1e3]))
@settings(max_examples=10, deadline=None)
def test_rotation_scale_place_and_order_do_not_matter(seed: int, scale: float) -> None:
    cells = simulated(seed)
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    turned = {n: (scale * (cells[n] @ turn + 2)) for n in ("embedding", "train_embedding")}
    order = rng.permutation(60)
    turned = {n: Z.astype(np.float32) for n, Z in turned.items()}
    turned["train_embedding"] = turned["train_embedding"][order]
    found = score(cells, **turned, train_latent=cells["train_latent"][order])
    assert found == pytest.approx(float(score(cells)), abs=1e-4)


def test_the_truth_scores_one_and_what_knows_nothing_zero() -> None:
    cells = simulated(n=500)
    own = {"embedding": cells["latent"], "train_embedding": cells["train_latent"]}
    assert score(cells, **own) > 0.999
    rng = np.random.default_rng(2)
    noise = {n: rng.normal(size=cells[n].shape) for n in ("embedding", "train_embedding")}
    assert abs(score(cells, **noise)) < 0.05
    flat = {n: np.ones_like(cells[n]) for n in ("embedding", "train_embedding")}
    assert score(cells, **flat) == pytest.approx(0, abs=1e-12)


def test_the_error_is_that_of_other_cells() -> None:
    cells = simulated(m=4_000)
    found = score(cells)
    assert found.se is not None
    parts = [
        score(cells, **{n: cells[n][i::20] for n in ("embedding", "latent")}) for i in range(20)
    ]
    assert found.se == pytest.approx(np.std(parts, ddof=1) / 20**0.5, rel=0.35)


def test_of_many_training_rows_some_are_used() -> None:
    cells = simulated(n=3 * ROWS)
    used = read_off(cells["train_embedding"], cells["train_latent"], cells["embedding"])
    own = np.sort(np.random.default_rng(0).choice(3 * ROWS, ROWS, replace=False))
    some = [cells[n][own] for n in ("train_embedding", "train_latent")]
    np.testing.assert_allclose(used, read_off(*some, cells["embedding"]))


def test_a_coordinate_that_does_not_vary_is_left_out() -> None:
    cells = simulated()
    more = {n: np.pad(cells[n], [(0, 0), (0, 1)]) for n in ("latent", "train_latent")}
    assert score(cells, **more) == pytest.approx(float(score(cells)), abs=0.02)
    none = {n: np.zeros_like(cells[n]) for n in ("latent", "train_latent")}
    with pytest.raises(MetricUndefined, match="does not vary"):
        score(cells, **none)
