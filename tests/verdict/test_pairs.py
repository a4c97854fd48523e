"""Who is compared with whom: choice by validation, pairing by repeat and by unit of test cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

import builders
from omicsbench.metrics import METRICS
from omicsbench.records.spec import RunRecord
from omicsbench.stats.differences import moments
from omicsbench.verdict.choose import Grid, best_by_validation, choices, fixed
from omicsbench.verdict.pairs import Paired, pair_up

METRIC = "knn_recall"
UNITS = 6


def run(
    pipeline: str,
    repeat: int,
    score: float,
    validation: float | None = None,
    by_unit: Sequence[float] = (),
    se: float | None = None,
    split: str = "holdout",
    size: int = 100,
) -> RunRecord:
    spec = builders.spec(
        dataset="data",
        pipeline=pipeline,
        size=size,
        repeat=repeat,
        split=split,
        scored=50,
        background=50,
        metrics=(METRIC,),
    )
    return builders.record(
        spec,
        output_dim=2,
        scores={METRIC: score},
        scores_se={} if se is None else {METRIC: se},
        scores_by_unit={METRIC: list(by_unit)} if len(by_unit) else {},
        unit="donor",
        validation={METRIC: score if validation is None else validation},
    )


def runs(*records: RunRecord) -> Mapping[str, dict[tuple[int, int], RunRecord]]:
    made: dict[str, dict[tuple[int, int], RunRecord]] = {}
    for r in records:
        made.setdefault(r.spec.pipeline, {})[r.spec.size, r.spec.repeat] = r
    return made


def paired(records: Mapping[str, dict[tuple[int, int], RunRecord]], repeats: int = 5) -> Paired:
    deep, simple = (fixed(records, name, [100]) for name in ("deep", "simple"))
    return pair_up(deep, simple, Grid([100], range(repeats)), METRICS[METRIC], 5)


def test_a_repeat_has_no_say_in_the_choice_made_for_it() -> None:
    """One lucky repeat of B decides for all others, not for itself."""
    validation = np.array([[0.5, 0.5, 0.5, 0.5], [0.4, 0.4, 0.4, 2.0]])
    assert choices(validation).tolist() == [1, 1, 1, 0]
    assert choices(validation[:, :1]).tolist() == [0]


def test_the_choice_is_made_by_validation_and_told_for_the_whole() -> None:
    records = runs(
        *[run("a", r, 0.9, validation=0.1) for r in range(5)],
        *[run("b", r, 0.1, validation=0.9) for r in range(5)],
    )
    side = best_by_validation(records, ["a", "b"], METRICS[METRIC], Grid([100], range(5)))
    assert side.at == {100: "b"}
    assert {r.spec.pipeline for r in side.runs.values()} == {"b"}
    assert side.runs.keys() == {(100, r) for r in range(5)}
    assert side.names == "b"


def test_who_ran_fewer_repeats_is_not_chosen() -> None:
    records = runs(*[run("a", r, 0.9) for r in range(3)], *[run("b", r, 0.1) for r in range(5)])
    side = best_by_validation(records, ["a", "b"], METRICS[METRIC], Grid([100], range(5)))
    assert side.at == {100: "b"}


def test_what_both_sides_share_of_the_test_cells_cancels() -> None:
    """Some cells are hard for both: the scores err much over cells, their difference little."""
    rng = np.random.default_rng(0)
    hard = rng.normal(0, 0.2, UNITS)
    rows = []
    for r in range(5):
        for name, level in (("deep", 0.6), ("simple", 0.5)):
            parts = level + hard + rng.normal(0, 0.005, UNITS)
            rows.append(run(name, r, float(parts.mean()), by_unit=parts, se=0.08))
    found = paired(runs(*rows))
    assert found.unit == "donor"
    at = moments(found.differences)
    assert at.mean[0] == pytest.approx(0.1, abs=0.01)
    assert at.error[0] < 0.01
    assert at.cells[0] > 0


def test_without_units_the_stored_errors_stand_in_as_if_independent() -> None:
    rows = [run(n, r, s, se=0.03) for n, s in (("deep", 0.6), ("simple", 0.5)) for r in range(5)]
    found = paired(runs(*rows))
    at = moments(found.differences)
    assert at.cells[0] == pytest.approx(2 * 0.03**2)
    assert found.unit == "donor"


def test_where_no_error_over_cells_is_known_none_is_claimed() -> None:
    rows = [run(n, r, s) for n, s in (("deep", 0.6), ("simple", 0.5)) for r in range(5)]
    found = paired(runs(*rows))
    assert found.unit == ""
    assert moments(found.differences).cells[0] == 0


def test_folds_have_test_rows_of_their_own() -> None:
    rows = [
        run(n, r, s, by_unit=[s] * UNITS, se=0.5, split="kfold")
        for n, s in (("deep", 0.6), ("simple", 0.5))
        for r in range(5)
    ]
    found = paired(runs(*rows))
    assert found.differences.folds
    assert found.unit == ""
    assert moments(found.differences).cells[0] == 0


def test_folds_stay_folds_where_the_largest_size_has_no_run() -> None:
    """How the data were split is told by any run, not by those of the last size alone."""
    rows = [
        run(n, r, s, split="kfold") for n, s in (("deep", 0.6), ("simple", 0.5)) for r in range(5)
    ]
    records = runs(*rows)
    sides = (fixed(records, name, [100, 200]) for name in ("deep", "simple"))
    found = pair_up(*sides, Grid([100, 200], range(5)), METRICS[METRIC], 5)
    assert found.differences.folds
    assert found.counting == [0]
    assert [row.use for row in found.rows] == ["compared", "left_out"]
