"""n* as a bracket: its ends, its arrows, and room for it above the curves."""

from __future__ import annotations

import pandas as pd
import pytest

from omicsbench.reporting.brackets import MOST, brackets, ends, short

CURVES = pd.DataFrame({"mean": [0.2, 0.8], "low": [None, 0.7], "high": [None, 0.9]})


def test_curves_stay_below_their_brackets() -> None:
    assert ends(CURVES, 0) == pytest.approx((0.158, 0.942))
    for count in (1, 3, 9):
        low, high = ends(CURVES, count)
        stars = [{"size": 300, "low": 100, "high": 300}] * count
        found = brackets(stars, [100, 300, 1000], (low, high))
        assert len(found) == min(count, MOST)
        assert all(0.9 < row["at"] < high for row in found)
        assert low == pytest.approx(0.158)


def test_open_ends_have_arrows() -> None:
    star = {"size": 300, "low": None, "high": None}
    (row,) = brackets([star], [100, 300, 1000], (0.0, 1.0))
    assert (row["from"], row["to"], row["left"], row["right"]) == (100, 1000, "◂", "▸")
    (row,) = brackets([star | {"low": 100, "high": 300}], [100, 300, 1000], (0.0, 1.0))
    assert (row["from"], row["to"], row["left"], row["right"]) == (100, 300, "|", "|")


def test_what_is_left_out_is_counted() -> None:
    found = brackets([{"size": 3000, "low": None, "high": None}] * 6, [100, 3000], (0.0, 1.0))
    assert [row["label"] for row in found] == ["n* 3k"] * 3 + ["n* 3k and 2 more"]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (300, "300"),
        (1_000, "1k"),
        (2_500, "2.5k"),
        (12_500, "12k"),
        (100_000, "100k"),
        (1_000_000, "1M"),
        (1_300_000, "1.3M"),
    ],
)
def test_sizes_are_short(size: int, said: str) -> None:
    assert short(size) == said
