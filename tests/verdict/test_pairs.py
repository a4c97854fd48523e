"""All pairs of two sides: by repeat and by unit of test cells, with the floor of their error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

import builders
from omicsbench.metrics import METRICS
from omicsbench.records.spec import RunRecord
from omicsbench.stats.differences import moments
from omicsbench.verdict.choose import Grid, best_by_validation
from omicsbench.verdict.pairs import Paired, RunScores, Side, pair_up

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


def side(records: Mapping[str, dict[tuple[int, int], RunRecord]], grid: Grid, *names: str) -> Side:
    return {name: RunScores.of(records.get(name, {}), grid, METRIC) for name in names}


def paired(
    records: Mapping[str, dict[tuple[int, int], RunRecord]],
    repeats: int = 5,
    deep: Sequence[str] = ("deep",),
    simple: Sequence[str] = ("simple",),
    sizes: Sequence[int] = (100,),
) -> Paired:
    grid = Grid(sizes, range(repeats))
    sides = side(records, grid, *deep), side(records, grid, *simple)
    return pair_up(sides, grid, METRICS[METRIC], 5, [("deep", "simple")] * len(sizes))


def test_the_best_by_validation_is_named() -> None:
    records = runs(
        *[run("a", r, 0.9, validation=0.1) for r in range(5)],
        *[run("b", r, 0.1, validation=0.9) for r in range(5)],
    )
    named = best_by_validation(records, ["a", "b"], METRICS[METRIC], Grid([100], range(5)))
    assert named == {100: "b"}


def test_who_ran_fewer_repeats_is_not_named() -> None:
    records = runs(*[run("a", r, 0.9) for r in range(3)], *[run("b", r, 0.1) for r in range(5)])
    named = best_by_validation(records, ["a", "b"], METRICS[METRIC], Grid([100], range(5)))
    assert named == {100: "b"}


def test_every_contestant_is_paired_with_every_rival() -> None:
    scores = {"net": 0.75, "vae": 0.5, "pca": 0.25, "umap": 0.0, "nmf": 0.125}
    records = runs(*[run(name, r, s + r) for name, s in scores.items() for r in range(5)])
    found = paired(records, deep=("net", "vae"), simple=("pca", "umap", "nmf"))
    assert found.differences.by_repeat.shape == (2, 3, 5, 1)
    at = moments(found.differences)
    assert at.mean[..., 0].tolist() == [[0.5, 0.75, 0.625], [0.25, 0.5, 0.375]]
    assert [row.pairs for row in found.rows] == [5]


def test_a_pair_with_too_few_repeats_has_no_say_and_hinders_no_other() -> None:
    records = runs(
        *[run("net", r, 0.6 + r / 64) for r in range(5)],
        *[run("late", r, 0.9 + r / 64) for r in range(3)],
        *[run("simple", r, 0.5) for r in range(5)],
    )
    found = paired(records, deep=("net", "late"))
    assert (found.rows[0].use, found.rows[0].pairs) == ("compared", 5)
    assert np.isnan(found.counted.error[:, 0, 0]).tolist() == [False, True]
    assert np.isnan(found.moments.error[:, 0, 0]).tolist() == [False, True]
    alone = paired(records, deep=("late",))
    assert alone.rows[0].use == "not_shown"
    assert not np.isnan(alone.moments.error[0, 0, 0]), "what little there is stays for the eye"
    assert (
        found.with_bounds(0.05)[0].mean == paired(records, deep=("net",)).with_bounds(0.05)[0].mean
    )


@pytest.mark.parametrize(
    ("split", "repeats", "times"), [("holdout", 5, 1), ("kfold", 5, 5), ("kfold", 10, 5)]
)
def test_the_floor_of_the_error_is_one_test_sample(split: str, repeats: int, times: int) -> None:
    """Of 50 scored rows; after five folds the same samples come again."""
    rows = [run(n, r, 0.5, split=split) for n in ("deep", "simple") for r in range(repeats)]
    found = paired(runs(*rows), repeats)
    assert METRICS[METRIC].range == (0.0, 1.0)
    assert found.differences.step == pytest.approx(1 / (50 * times))
    assert found.counted.error[0, 0, 0] == found.differences.step


def test_a_metric_without_bounds_has_no_floor() -> None:
    unbounded = next(m for m in METRICS.values() if None in m.range)
    records = [
        r.model_copy(update={"scores": {unbounded.name: 0.5}})
        for r in (run(n, r, 0.5) for n in ("deep", "simple") for r in range(5))
    ]
    grid = Grid([100], range(5))
    sides = tuple(
        {name: RunScores.of(runs(*records)[name], grid, unbounded.name)}
        for name in ("deep", "simple")
    )
    found = pair_up((sides[0], sides[1]), grid, unbounded, 5, [("deep", "simple")])
    assert found.differences.step == 0.0


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
    assert at.mean[0, 0, 0] == pytest.approx(0.1, abs=0.01)
    assert (at.repeats + at.cells)[0, 0, 0] < 0.01**2
    assert at.error[0, 0, 0] == 1 / 50, "the floor"
    assert at.cells[0, 0, 0] > 0


def test_without_units_the_stored_errors_stand_in_as_if_independent() -> None:
    rows = [run(n, r, s, se=0.03) for n, s in (("deep", 0.6), ("simple", 0.5)) for r in range(5)]
    found = paired(runs(*rows))
    at = moments(found.differences)
    assert at.cells[0, 0, 0] == pytest.approx(2 * 0.03**2)
    assert found.unit == "donor"


def test_where_no_error_over_cells_is_known_none_is_claimed() -> None:
    rows = [run(n, r, s) for n, s in (("deep", 0.6), ("simple", 0.5)) for r in range(5)]
    found = paired(runs(*rows))
    assert found.unit == ""
    assert moments(found.differences).cells[0, 0, 0] == 0


def test_folds_have_test_rows_of_their_own() -> None:
    rows = [
        run(n, r, s, by_unit=[s] * UNITS, se=0.5, split="kfold")
        for n, s in (("deep", 0.6), ("simple", 0.5))
        for r in range(5)
    ]
    found = paired(runs(*rows))
    assert found.differences.folds
    assert found.unit == ""
    assert moments(found.differences).cells[0, 0, 0] == 0


def test_folds_stay_folds_where_the_largest_size_has_no_run() -> None:
    """How the data were split is told by any run, not by those of the last size alone."""
    rows = [
        run(n, r, s, split="kfold") for n, s in (("deep", 0.6), ("simple", 0.5)) for r in range(5)
    ]
    found = paired(runs(*rows), sizes=(100, 200))
    assert found.differences.folds
    assert found.counting == [0]
    assert [row.use for row in found.rows] == ["compared", "left_out"]
