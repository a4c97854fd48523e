"""Extrapolation, on curves whose continuation is known and against scipy's own fits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from omicsbench.stats.extrapolate import FORMS, POWERS, Extrapolation, extrapolate

SIZES = np.array([100.0, 300, 1000, 3000, 10_000])
Curve = Callable[..., np.ndarray]


def made(curve: Curve, margin: float, sizes: np.ndarray = SIZES) -> Extrapolation:
    found = extrapolate(sizes, curve(sizes), margin)
    assert found is not None
    return found


def power(n: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    return a - b * n**-c


def exponential(n: np.ndarray, a: float, b: float, c: float) -> np.ndarray:
    return a - b * np.exp(-c * n / 10_000)


def logarithm(n: np.ndarray, a: float, b: float) -> np.ndarray:
    return a + b * np.log(n)


@pytest.mark.parametrize(
    ("form", "curve", "parameters"),
    [
        ("power law", power, (0.05, 0.9, 0.35)),
        ("power law", power, (-0.02, -0.5, 0.8)),
        ("exponential", exponential, (0.03, 0.2, 1.7)),
        ("exponential", exponential, (0.03, 0.2, 30.0)),
        ("logarithm", logarithm, (-0.2, 0.02)),
    ],
)
def test_a_curve_of_a_form_is_found_again(
    form: str, curve: Curve, parameters: tuple[float, ...]
) -> None:
    found = made(lambda n: curve(n, *parameters), 1.0)
    assert found.form == form
    assert found.parameters == pytest.approx(parameters, rel=1e-3)
    assert found.holdout_error < 1e-5
    far = np.array([20_000.0, 40_000])
    assert found.at(far) == pytest.approx(curve(far, *parameters), abs=1e-5)


@pytest.mark.parametrize("seed", range(12))
def test_the_fit_is_that_of_curve_fit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curves: dict[str, tuple[Curve, tuple[float, ...]]] = {
        "power law": (power, (0.05, 0.5, 0.5)),
        "exponential": (exponential, (0.05, 0.1, 5.0)),
        "logarithm": (logarithm, (-0.1, 0.02)),
    }
    curve, start = curves[FORMS[seed % 3]]
    y = curve(SIZES, *start) + rng.normal(0, 0.0005, len(SIZES))
    found = extrapolate(SIZES, y, 1.0)
    assert found is not None
    form, start = curves[found.form]

    def known(upto: int) -> np.ndarray:
        free = np.full(2, np.inf)
        low, high = POWERS if form is power else (0.1, 400.0)
        bounds = ([*-free, low][: len(start)], [*free, high][: len(start)])
        best, _ = curve_fit(
            form,
            SIZES[:upto],
            y[:upto],
            start,
            bounds=bounds,
            ftol=1e-12,
            xtol=1e-12,
            gtol=1e-12,
            maxfev=20_000,
        )
        return form(SIZES, *best)

    assert found.at(SIZES) == pytest.approx(known(5), abs=1e-4)
    ours, theirs = (((fit - y) ** 2).sum() for fit in (found.at(SIZES), known(5)))
    assert ours <= theirs * 1.001
    # Held out, the largest size is predicted from the others alone.
    assert found.holdout_error == pytest.approx(abs(known(4)[-1] - y[-1]), abs=1e-4)


def test_a_crossing_within_reach_is_found() -> None:
    found = made(lambda n: power(n, 0.05, 0.9, 0.35), 0.02)
    assert found.root == pytest.approx((0.9 / 0.03) ** (1 / 0.35), rel=0.001)
    assert (found.reason, found.largest, found.horizon) == ("", 10_000, 40_000)
    assert found.gap == pytest.approx(0.02 - power(SIZES[-1:], 0.05, 0.9, 0.35)[0])
    root = found.root
    assert root is not None
    assert found.at(root) > 0.02 >= found.at(root - 1)
    assert f"{root:,}" in found.sentence
    assert "secondary" in found.sentence


def test_a_crossing_beyond_reach_is_not_shown() -> None:
    found = made(lambda n: power(n, 0.05, 0.9, 0.35), 0.035)
    assert (0.9 / 0.015) ** (1 / 0.35) > 40_000
    assert (found.root, found.reason) == (None, "no crossing within 4 x n = 10,000")
    never = made(lambda n: power(n, 0.05, 0.9, 0.35), 0.06)
    assert "no crossing" in never.sentence
    falling = made(lambda n: logarithm(n, 0.1, -0.02), 0.02)
    assert "no crossing" in falling.reason


def test_noise_beyond_the_gap_shows_no_root() -> None:
    found = extrapolate(SIZES, [0.0, -0.06, 0.05, 0.06, 0.005], 0.01)
    assert found is not None
    assert found.root is None
    assert found.reason == f"prediction error {found.holdout_error:.2g} is not below the gap 0.005"
    assert found.holdout_error == min(found.holdout_errors.values())
    assert set(found.holdout_errors) == set(FORMS)


def test_a_curve_that_is_ahead_already_has_no_root() -> None:
    found = made(lambda n: power(n, 0.05, 0.9, 0.35), 0.001)
    assert found.root is None
    assert "at n = 10,000 already" in found.reason


def test_flat_differences_have_no_root() -> None:
    found = made(np.zeros_like, 0.01)
    assert (found.form, found.root) == ("logarithm", None), "the simplest form wins a tie"
    assert found.reason == "no crossing within 4 x n = 10,000"


def test_four_sizes_are_needed() -> None:
    assert extrapolate([10, 20, 30], [0, 1, 2], 0.1) is None
    assert extrapolate([], [], 0.1) is None
    assert extrapolate([10, 20, 30, 40], [0, 1, 2, 3], 0.1) is not None


@pytest.mark.parametrize(
    ("sizes", "means", "margin", "says"),
    [
        ([1, 2, 3, 4], [1, 2, 3], 0, "as long"),
        ([1, 2, 3, 4], [1, 2, 3, np.nan], 0, "finite"),
        ([1, 2, 3, 4], [1, 2, 3, 4], np.inf, "finite"),
        ([1, 2, 2, 4], [1, 2, 3, 4], 0, "ascend"),
        ([0, 1, 2, 4], [1, 2, 3, 4], 0, "ascend"),
    ],
)
def test_what_is_refused(sizes: list[float], means: list[float], margin: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        extrapolate(sizes, means, margin)


LADDERS = st.lists(st.integers(2, 200_000), min_size=4, max_size=8, unique=True).map(sorted)
MEANS = st.lists(st.integers(-64, 64), min_size=8, max_size=8)


@given(LADDERS, MEANS, st.integers(0, 16), st.integers(-20, 20))
@settings(max_examples=200, deadline=None)
def test_roots_lie_beyond_what_was_tested_and_do_not_depend_on_the_unit(
    sizes: list[int], means: list[int], margin: int, power_of_two: int
) -> None:
    y = np.array(means[: len(sizes)]) / 64
    found = extrapolate(sizes, y, margin / 64)
    assert found is not None
    assert (found.root is None) == bool(found.reason)
    assert all(np.isfinite(list(found.parameters)))
    if found.root is not None:
        assert sizes[-1] < found.root <= 4 * sizes[-1]
        assert found.holdout_error < found.gap
        beyond = found.at(np.arange(found.root, 4 * sizes[-1], max(sizes[-1] // 50, 1)))
        assert (beyond > margin / 64).all()
        assert found.at(found.root - 1) <= margin / 64
    unit = 2.0**power_of_two  # exact in binary
    scaled = extrapolate(sizes, y * unit, margin / 64 * unit)
    assert scaled is not None
    assert (scaled.root, scaled.form) == (found.root, found.form)


@given(st.floats(0.01, 0.2), st.floats(0.1, 2), st.floats(0.2, 1), st.floats(0.001, 1000))
@settings(max_examples=60, deadline=None)
def test_any_unit_gives_the_same_root_but_for_rounding(
    a: float, b: float, c: float, unit: float
) -> None:
    y = power(SIZES, a, b, c)
    margin = power(np.array([23_456.0]), a, b, c)[0]
    assume(margin - y[-1] > 1e-4 * b)
    plain, scaled = extrapolate(SIZES, y, margin), extrapolate(SIZES, y * unit, margin * unit)
    assert plain is not None
    assert scaled is not None
    assert plain.root == pytest.approx(23_456, rel=0.01)
    assert scaled.root == pytest.approx(plain.root, rel=0.001)
