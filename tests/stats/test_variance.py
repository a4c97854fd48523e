"""Components of variance: simulated designs whose components are known."""

import numpy as np
import pytest

from omicsbench.stats.variance import crossed, nested


def test_crossed_components():
    rng = np.random.default_rng(0)
    found = [
        crossed(
            1.0 * rng.normal(size=(10, 1))
            + 2.0 * rng.normal(size=(1, 20))
            + 3.0 * rng.normal(size=(10, 20))
        )
        for _ in range(400)
    ]
    assert np.mean(found, axis=0) == pytest.approx([1.0, 4 / 20, 9 / 20], rel=0.1)


def test_they_add_up_to_the_variance_of_a_score():
    rng = np.random.default_rng(1)
    new = [
        (rng.normal() + 2 * rng.normal(size=20) + 3 * rng.normal(size=20)).mean()
        for _ in range(4_000)
    ]
    assert np.var(new) == pytest.approx(1.0 + 4 / 20 + 9 / 20, rel=0.1)


def test_nested_components():
    rng = np.random.default_rng(2)
    found = [
        nested(1.0 * rng.normal(size=(6, 1)) + 2.0 * rng.normal(size=(6, 5))) for _ in range(1_000)
    ]
    assert np.mean(found, axis=0) == pytest.approx([1.0, 4.0], rel=0.12)


def test_nothing_is_below_zero():
    """Folds of one partition that differ more than chance would: none between partitions."""
    table = np.tile([1.0, -1.0], (4, 1))
    assert nested(table) == (0.0, 2.0)
    assert crossed(table)[0] == 0.0


@pytest.mark.parametrize("of", [crossed, nested])
def test_one_row_is_too_few(of):
    with pytest.raises(ValueError, match="two"):
        of(np.ones((1, 5)))
