"""How many times as many samples: curves whose horizontal distance is known."""

import numpy as np
import pytest

from omicsbench.stats.efficiency import Efficiency, data_efficiency, monotone

SIZES = np.array([100, 200, 400, 800, 1_600])


def curve(sizes):
    return np.log(sizes)


def seen(shifts, repeats=10, sd=0.01, seed=0):
    """Contestants that learn from n samples what the first learns from ``shift`` times n."""
    rng = np.random.default_rng(seed)
    mean = np.stack([curve(SIZES * shift) for shift in shifts])
    noise = rng.normal(size=(len(shifts), repeats, len(SIZES)))
    return mean[:, None] + sd * noise


def test_deep_that_learns_from_half_as_many():
    scores = seen([2.0, 1.0])
    found = data_efficiency(scores[0], scores[1:], SIZES)
    assert found.ratio == pytest.approx(2.0, rel=0.05)
    assert found.low < 2.0 < found.high
    assert found.most == pytest.approx(16)


def test_the_other_way_round_it_is_the_inverse():
    scores = seen([1.0, 2.0])
    found = data_efficiency(scores[0], scores[1:], SIZES)
    assert found.ratio == pytest.approx(0.5, rel=0.05)


def test_against_several_the_hardest_rival_counts():
    scores = seen([2.0, 1.0, 1.5])
    found = data_efficiency(scores[0], scores[1:], SIZES)
    assert found.ratio == pytest.approx(2.0 / 1.5, rel=0.05)


def test_a_stronger_rival_never_raises_the_ratio():
    scores = seen([2.0, 1.0, 1.5, 3.0], sd=0.3)
    ratios = [data_efficiency(scores[0], scores[1 : 2 + j], SIZES) for j in range(3)]
    assert ratios[0].low >= ratios[1].low >= ratios[2].low
    assert ratios[0].ratio >= ratios[1].ratio >= ratios[2].ratio


def test_what_is_ahead_from_the_smallest_size_is_censored():
    scores = seen([100.0, 1.0])
    found = data_efficiency(scores[0], scores[1:], SIZES)
    assert found.ratio == found.low == found.high == found.most


@pytest.mark.parametrize("mean", [[0.8, 0.95, 1.0, 1.0, 1.0], [1.0] * 5])
def test_of_two_copies_neither_saves_samples_on_a_plateau(mean):
    rises = np.less(mean, 1)
    noise = np.random.default_rng(0).normal(scale=0.02, size=(10, 5))
    copy = np.minimum(mean + noise * rises, 1)
    found = data_efficiency(copy, np.stack([copy, copy]), SIZES)
    assert (found.ratio, found.low, found.high) == (1, 1, 1)


def test_where_both_end_alike_the_sooner_one_saves_samples():
    soon, late = (np.tile(scores, (5, 1)) for scores in ([0.5, 1, 1, 1, 1], [0.5, 0.6, 0.8, 1, 1]))
    assert data_efficiency(soon, late[None], SIZES).ratio == pytest.approx(4)
    assert data_efficiency(late, soon[None], SIZES).ratio == pytest.approx(1 / 4)


def test_few_repeats_leave_a_wider_interval():
    wide, narrow = (seen([2.0, 1.0], repeats=r, sd=0.2, seed=5) for r in (4, 40))
    few, many = (data_efficiency(s[0], s[1:], SIZES) for s in (wide, narrow))
    assert few.high / few.low > many.high / many.low


def test_folds_leave_a_wider_interval():
    scores = seen([2.0, 1.0], sd=0.2)
    apart, folds = (data_efficiency(scores[0], scores[1:], SIZES, folds=f) for f in (False, True))
    assert folds.high / folds.low > 1.5 * apart.high / apart.low


def test_in_words():
    scores = seen([100.0, 1.0])
    censored = data_efficiency(scores[0], scores[1:], SIZES)
    assert censored.words == "\u00d7 16 or more"
    assert censored.interval_words == "16 or more"
    assert Efficiency(0.004, 0.001, 2_500.0, 1e4).interval_words == "0.001 to 2,500"


def test_monotone_is_the_isotonic_fit():
    isotonic = pytest.importorskip("sklearn.isotonic")
    rng = np.random.default_rng(0)
    curves = rng.normal(size=(20, 7))
    fits = [isotonic.IsotonicRegression().fit_transform(np.arange(7), one) for one in curves]
    np.testing.assert_allclose(monotone(curves), fits)


def test_what_it_cannot_take():
    scores = seen([2.0, 1.0])
    with pytest.raises(ValueError, match="two repeats"):
        data_efficiency(scores[0, :1], scores[1:, :1], SIZES)
    scores[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        data_efficiency(scores[0], scores[1:], SIZES)
