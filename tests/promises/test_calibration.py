"""The verdict under test: right as often as it says, on made-up studies with a known answer."""

from __future__ import annotations

from types import ModuleType

import pytest

from experiments import experiment


@pytest.fixture(scope="module")
def study() -> ModuleType:
    return experiment("verdict_calibration")


@pytest.mark.slow
def test_coverage_and_false_claims(study: ModuleType) -> None:
    """The bounds leave room for the noise of 1,000 curves a row: half a point at 3 %."""
    rows = study.coverage(1_000, seed=11)
    assert 0.93 <= study.pooled(rows, skewed=False) <= 0.98
    assert 0.93 <= study.pooled(rows, skewed=True) <= 0.99
    assert min(row.covered for row in rows) >= 0.92
    for row in rows:
        assert max(row.false_ahead, row.false_behind, row.false_equal) <= 0.04, row


@pytest.mark.slow
def test_skewness_collapses_folds_and_saturation(study: ModuleType) -> None:
    for case, shares in study.hard(1_000, seed=12).items():
        assert max(shares) <= 0.04, case


@pytest.mark.slow
def test_several_contestants(study: ModuleType) -> None:
    for (name, m), shares in study.crowds(300, seed=13).items():
        assert max(shares) <= 0.055, (name, m)


@pytest.mark.slow
def test_claims_of_a_table_by_their_q(study: ModuleType) -> None:
    share, found, without = study.table_of_metrics(150, seed=14)
    assert share <= 0.05
    assert found >= 6  # of 8
    assert without > 0.5  # what q is there for


@pytest.mark.slow
def test_power_grows_with_repeats_and_gap(study: ModuleType) -> None:
    found = {(gap, repeats): shares for gap, repeats, *shares in study.power(200)}
    for gap in (0.5, 1.0, 2.0):
        alone = [found[gap, n][0] for n in (5, 10, 20)]
        assert alone == sorted(alone)
    assert 0.25 < found[1.0, 5][0] < 0.45
    assert 0.68 < found[1.0, 10][0] < 0.86
    assert found[1.0, 10][1] > 0.68  # three against one
    assert found[2.0, 10][0] > 0.93


def test_a_handful_of_curves(study: ModuleType) -> None:
    """The command itself, small: a table of every kind of curve in every setting."""
    text = study.tables(2)
    assert text.count("\n| 5 repeats |") == len(study.CURVES)
    assert text.count("skewness") > len(study.HARD) // 2
