"""False discoveries over a table: against scipy, and what the numbers promise."""

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from omicsbench.stats.discoveries import expected_by_chance, q_values


@pytest.mark.parametrize("m", [1, 2, 7, 200])
def test_q_values_are_those_of_scipy(m):
    rng = np.random.default_rng(m)
    p = np.round(rng.random(m) ** 2, 2)  # some equal ones
    np.testing.assert_allclose(q_values(p), false_discovery_control(p))


def test_q_values_rise_with_p_and_are_never_below_it():
    p = np.array([0.04, 0.001, 0.5, 0.03, 1.0, 0.0])
    q = q_values(p)
    assert (np.diff(q[np.argsort(p)]) >= 0).all()
    assert (q >= p).all()
    assert (q <= 1).all()


def test_what_was_not_tested_is_not_counted():
    q = q_values([0.01, np.nan, 0.04])
    assert np.isnan(q[1])
    np.testing.assert_allclose(q[[0, 2]], q_values([0.01, 0.04]))
    assert q_values([]).shape == (0,)


def test_few_of_the_claims_are_false():
    """80 null claims and 20 real ones, at q of 5 %: false ones at most .8 x 5 % on average."""
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(400):
        p = np.concatenate([rng.random(80), rng.random(20) * 0.001])
        made = q_values(p) <= 0.05
        shares.append(made[:80].sum() / max(made.sum(), 1))
    assert 0.03 < np.mean(shares) < 0.05


def test_claims_by_chance_add_up():
    assert expected_by_chance([0.025] * 40 + [0.05]) == pytest.approx(1.05)
    assert expected_by_chance([]) == 0


@pytest.mark.parametrize("bad", [[-0.1], [1.1]])
def test_what_is_no_probability_is_refused(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        q_values(bad)
    with pytest.raises(ValueError, match="between 0 and 1"):
        expected_by_chance(bad)
    with pytest.raises(ValueError, match="between 0 and 1"):
        expected_by_chance([float("nan")])
    with pytest.raises(ValueError, match="one dimension"):
        q_values([[0.1, 0.2]])
