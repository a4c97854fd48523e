"""The summary over data sets: its intervals, and what they condition on."""

from __future__ import annotations

import pytest

from omicsbench.metrics.base import METRICS
from omicsbench.reporting.across_datasets import conditions, limitation, summaries, summary_table
from verdicts import verdict


def test_too_few_data_sets_carry_no_interval() -> None:
    kinds = dict.fromkeys(("a", "b", "c", "d"), "real omics") | {"e": "simulated"}
    two = summaries([verdict(name, kind="ahead") for name in "abe"], kinds)
    assert [s.across.names for s in two] == [("a", "b")]
    assert two[0].across.low is None
    assert "Too few data sets" in limitation(two)
    means = {"a": "ahead", "b": "behind", "c": "equal", "d": "ahead"}
    four = summaries([verdict(name, kind=kind) for name, kind in means.items()], kinds)
    assert four[0].across.low is not None
    assert four[0].across.mean == pytest.approx(0.0125)
    assert "could not fall below 0.05" in limitation(four)
    assert summary_table(four)["datasets"].tolist() == [4]
    assert summaries([verdict("a")], kinds) == []
    assert summary_table([]).empty


def test_of_different_margins_the_largest_holds_in_whatever_order() -> None:
    found = [
        verdict(name, kind="ahead", margin=m)
        for name, m in zip("abc", (0.01, 0.5, 0.02), strict=True)
    ]
    kinds = dict.fromkeys("abc", "real omics")
    for order in (found, found[::-1]):
        across = summaries(order, kinds)[0].across
        assert (across.margin, across.outcome) == (0.5, "open")


def test_what_an_interval_conditions_on_is_said() -> None:
    units = conditions([verdict(unit="donor"), verdict(metric="ari")])
    assert "donor" in units[0]
    assert f"test cells held fixed for {METRICS['ari'].title}" in units[0]
    assert "folds of cross-validation" in conditions([verdict(folds=True)])[0]
    single = verdict(best=False, contenders=3, alpha=0.05 / 3)
    holm = conditions([verdict(contenders=3), single])[1]
    assert "95 %" in holm
    assert "98.3 %" in holm
    assert conditions([]) == []
