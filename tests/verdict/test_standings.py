"""Contestants over data sets: only where there are three of a kind, and all have results."""

from __future__ import annotations

import pytest

from omicsbench.records.spec import RunRecord
from omicsbench.verdict.curves import fields
from omicsbench.verdict.standings import Standings, standings
from tests.helpers.simulated_curves import curves

MEANS = {"net": [0.1, 0.2, 0.3, 0.9], "good": [0.5] * 4, "bad": [0.2] * 4}


def runs(*names: str) -> list[RunRecord]:
    return [r for i, n in enumerate(names) for r in curves(MEANS, of={"dataset": n}, seed=i)]


def found(records: list[RunRecord], simulated: tuple[str, ...] = ()) -> list[Standings]:
    names = {r.spec.dataset for r in records}
    kinds = {n: "simulated" if n in simulated else "real omics" for n in names}
    return standings(fields(records), kinds)


def test_ranks_at_the_largest_size() -> None:
    (one,) = found(runs("a", "b", "c"))
    assert [one.contestants[p] for p in one.order] == ["net", "good", "bad"]
    assert one.ranks.mean[one.order] == pytest.approx([1, 2, 3])
    assert one.datasets == ("a", "b", "c")
    assert one.letters == ["a", "a", "a"]
    assert one.ranks.needed == 7


def test_two_data_sets_are_too_few_and_simulated_ones_apart() -> None:
    assert found(runs("a", "b")) == []
    assert found(runs("a", "b", "c"), simulated=("c",)) == []
    kinds = [one.kind for one in found(runs(*"abcdef"), simulated=("d", "e", "f"))]
    assert sorted(kinds) == ["real omics", "simulated"]


def test_who_lacks_a_data_set_is_left_out_and_named() -> None:
    some = [r for r in runs("a", "b", "c") if (r.spec.dataset, r.spec.pipeline) != ("b", "bad")]
    (one,) = found(some)
    assert set(one.contestants) == {"net", "good"}
    assert one.left_out == ("bad",)


def test_the_profile_ends_where_all_are_within_the_margins() -> None:
    (one,) = found(runs("a", "b", "c"))
    best = one.contestants.index("net")
    assert (one.profile[:, best] == 1).all()
    assert one.profile[0].sum() == pytest.approx(1.0)
