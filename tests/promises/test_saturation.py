"""How many samples: intervals hold the known answers of simulated curves as often as they say."""

from __future__ import annotations

from types import ModuleType

import pytest

from experiments import experiment


@pytest.fixture(scope="module")
def study() -> ModuleType:
    return experiment("saturation_calibration")


@pytest.mark.slow
def test_saturation_is_covered(study: ModuleType) -> None:
    rows = study.saturations(2_000, seed=11)
    assert min(row.covered for row in rows) >= 0.93
    assert 0.93 <= study.pooled(rows, hard=True) <= 0.98
    assert max(row.too_late for row in rows) <= 0.06
    assert max(row.too_early for row in rows) <= 0.06


@pytest.mark.slow
def test_the_other_intervals(study: ModuleType) -> None:
    assert min(study.efficiencies(1_000, seed=12).values()) >= 0.92
    assert min(study.improvements(1_000, seed=13).values()) >= 0.94
    assert max(study.false_falls(2_000, seed=14).values()) <= 0.06


def test_a_handful_of_curves(study: ModuleType) -> None:
    """Fewer curves, and the command itself: a table of every kind."""
    rows = study.saturations(20, seed=15)
    assert sum(row.covered for row in rows) / len(rows) >= 0.93
    text = study.tables(2)
    assert text.count("\n| 5 | ") == 9
    assert "flat curves flagged" in text
