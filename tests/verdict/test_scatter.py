"""Where scores scatter from, by the design of the runs."""

from __future__ import annotations

import pytest

from omicsbench.records.spec import Tuning
from omicsbench.verdict.curves import fields
from omicsbench.verdict.scatter import scatter
from tests.helpers.simulated_curves import curves

FLAT = {"pca": [0.5] * 4, "net": [0.5] * 4}


def test_a_hold_out_tells_draws_from_test_cells() -> None:
    (found,) = scatter(list(fields(curves(FLAT, sd=0.05, units=20, repeats=80))))
    parts = dict(found.parts)
    assert set(parts) == {"draw and seed", "test cells", "draw x test cells"}
    assert parts["draw and seed"] == pytest.approx(0.05**2, rel=0.4)
    # Units scatter anew in each repeat: all of it is of both together.
    assert parts["draw x test cells"] == pytest.approx(0.1**2 / 20, rel=0.3)
    assert sum(share for _, share in found.shares) == pytest.approx(1.0)
    assert found.contestants == 2


def test_without_units_only_draws_are_known() -> None:
    (found,) = scatter(list(fields(curves(FLAT, sd=0.05))))
    assert [name for name, _ in found.parts] == ["draw and seed"]
    assert found.sd == pytest.approx(0.05, rel=0.4)


def test_folds_tell_partitions_from_the_folds_of_one() -> None:
    (found,) = scatter(list(fields(curves(FLAT, of={"split": "kfold"}, repeats=10))))
    assert [name for name, _ in found.parts] == ["partition", "fold, draw and seed"]
    (single,) = scatter(list(fields(curves(FLAT, of={"split": "kfold"}, repeats=5))))
    assert [name for name, _ in single.parts] == ["fold, draw and seed"]


def test_folds_of_units_are_their_own() -> None:
    (found,) = scatter(list(fields(curves(FLAT, of={"split": "group"}, repeats=5))))
    assert [name for name, _ in found.parts] == ["fold of units, draw and seed"]


def test_tuning_is_what_the_variance_rises_by() -> None:
    tuning = Tuning(trials=3, metric="knn_recall")
    tuned = curves(FLAT, sd=0.08, of={"tuning": tuning}, seed=1, repeats=20)
    plain = curves(FLAT, sd=0.04, seed=2, repeats=20)
    every = scatter(list(fields(tuned + plain)))
    found = {bool(one.field.spec.tuning): dict(one.parts) for one in every}
    assert "tuning" not in found[False]
    assert found[True]["tuning"] == pytest.approx(0.08**2 - 0.04**2, rel=0.5)
    whole = found[True]["tuning"] + found[True]["draw and seed"]
    assert whole == pytest.approx(0.08**2, rel=0.4)


def test_nothing_that_scatters_has_no_shares() -> None:
    (found,) = scatter(list(fields(curves(FLAT, sd=0.0))))
    assert found.shares == []
