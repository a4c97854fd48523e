"""What a size tells: which pairs there are, whether it counts, and why it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

import builders
from omicsbench.metrics import METRICS
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.stats.contest import OUT_OF_THE_RUNNING
from omicsbench.stats.differences import Differences
from omicsbench.verdict.choose import Grid
from omicsbench.verdict.pairs import (
    Paired,
    RunScores,
    SizeDifference,
    failures,
    pair_up,
    too_few,
)

METRIC = "knn_recall"
ERROR = "reconstruction_mse"
REPEATS = range(5)


def run(
    pipeline: str, score: float | None, repeat: int = 0, size: int = 100, **changes: Any
) -> RunRecord:
    spec = builders.spec(pipeline=pipeline, size=size, repeat=repeat)
    fields = {"output_dim": 2, "scores": {} if score is None else {METRIC: score}}
    return builders.record(spec, **(fields | changes))


Own = tuple[str, list[RunRecord]]


def side(name: str, *records: RunRecord) -> Own:
    return name, list(records)


def joined(
    deep: Own, simple: Own, metric: str = METRIC, need: int = 5, sizes: tuple[int, ...] = (100,)
) -> Paired:
    """One pair of pipelines; one without a name was not run at all."""
    grid = Grid(sizes, REPEATS)
    sides = [
        {name: RunScores.of({(r.spec.size, r.spec.repeat): r for r in own}, grid, metric)}
        for name, own in (deep, simple)
    ]
    told = [(deep[0], simple[0])] * len(sizes)
    return pair_up((sides[0], sides[1]), grid, METRICS[metric], need, told)


def five(name: str, score: float | None, size: int = 100, **changes: Any) -> list[RunRecord]:
    return [run(name, score, repeat, size, **changes) for repeat in REPEATS]


def only_row(deep: Own, simple: Own, need: int = 5) -> SizeDifference:
    return joined(deep, simple, need=need).rows[0]


def test_five_pairs_of_finished_runs_count() -> None:
    found = only_row(side("net", *five("net", 0.6)), side("pca", *five("pca", 0.5)))
    assert found == SizeDifference(100, "net", "pca", None, None, None, 5)
    assert (found.use, found.note, found.failed) == ("compared", "", False)
    short = only_row(side("net", *five("net", 0.6)), side("pca", *five("pca", 0.5)), need=6)
    assert (short.use, short.failed) == ("not_shown", False)
    assert short.note == "5 repeats; at least 6 are needed for a claim"
    assert too_few(1, 5) == "1 repeat; at least 5 are needed for a claim"


def test_a_deep_run_that_failed_is_told() -> None:
    failed = run("net", None, 4, status=Status.TIMEOUT)
    partly = side("net", *five("net", 0.6)[:4], failed)
    found = only_row(partly, side("pca", *five("pca", 0.5)))
    assert (found.use, found.failed, found.pairs) == ("not_shown", True, 4)
    assert found.note == "net ended as 1 timeout"
    wholly = side("net", failed)
    found = only_row(wholly, side(""))
    assert (found.use, found.failed) == ("not_shown", True), "before what the simple side lacks"
    found = only_row(partly, side(""))
    assert (found.use, found.failed) == ("left_out", False), "there is nobody to be compared with"


def test_trainings_that_ended_by_their_budget_are_told_beside_the_number() -> None:
    ended = [
        r.model_copy(update={"fit_info": {"net": {"stopped_early": r.spec.repeat > 1}, "odd": 3}})
        for r in five("net", 0.6)
    ]
    found = only_row(side("net", *ended), side("pca", *five("pca", 0.5)))
    says = "net: 2 of 5 trainings ended by their budget, and may gain by a larger one"
    assert (found.use, found.note) == ("compared", says)
    curve = {"validation_curve": [[100, 3.0], [400, 2.0], [800, 1.5]], "validation_loss": 1.5}
    facts = {"net": {"stopped_early": False, "steps": 900, **curve}}
    steep = [r.model_copy(update={"fit_info": facts}) for r in ended]
    slope = "the last half to three quarters of their steps lowered the loss by 25.00%"
    assert slope in only_row(side("net", *steep), side("pca", *five("pca", 0.5))).note
    done = [r.model_copy(update={"fit_info": {"net": {"stopped_early": True}}}) for r in ended]
    assert only_row(side("net", *done), side("pca", *five("pca", 0.5))).note == ""


def test_a_side_without_any_run() -> None:
    found = only_row(side(""), side("pca", *five("pca", 0.5)))
    assert (found.use, found.failed) == ("not_shown", True)
    assert found.note == "the deep side has no score"
    assert (found.deep, found.simple) == ("", "pca")
    found = only_row(side("net", *five("net", 0.6)), side(""))
    assert (found.use, found.failed) == ("left_out", False)
    assert found.note == "the simple side has no score"
    assert (found.deep, found.simple) == ("net", "")


def test_of_several_who_failed_is_noted_and_the_others_count() -> None:
    grid = Grid((100,), REPEATS)
    failed = [r.model_copy(update={"status": Status.TIMEOUT}) for r in five("vae", None)]

    def scored(records: list[RunRecord]) -> RunScores:
        return RunScores.of({(100, r.spec.repeat): r for r in records}, grid, METRIC)

    deep = {"net": scored(five("net", 0.6)), "vae": scored(failed)}
    simple = {"pca": scored(five("pca", 0.5))}
    row = pair_up((deep, simple), grid, METRICS[METRIC], 5, [("net", "pca")]).rows[0]
    assert (row.use, row.failed, row.note) == ("compared", False, "vae ended as 5 timeout")
    gone = pair_up(({"vae": deep["vae"]}, simple), grid, METRICS[METRIC], 5, [("", "pca")]).rows[0]
    assert (gone.use, gone.failed, gone.note) == ("not_shown", True, "vae ended as 5 timeout")


def test_simple_runs_that_failed_or_have_no_score_leave_the_size_out() -> None:
    deep = side("net", *five("net", 0.6))
    failed = [r.model_copy(update={"status": Status.CRASHED}) for r in five("pca", None)]
    found = only_row(deep, side("pca", *failed))
    assert (found.use, found.note) == ("left_out", "pca ended as 5 crashed")
    found = only_row(deep, side("pca", *five("pca", None)))
    assert (found.use, found.note) == ("left_out", "the simple side has no score")
    found = only_row(deep, side("pca", *five("pca", 0.5)[:3]))
    assert (found.use, found.pairs) == ("not_shown", 3), "one score is enough to be compared"


def test_unlike_dimensions_and_missing_scores_make_no_pair() -> None:
    deep = side("net", *five("net", 0.6))
    assert only_row(deep, side("pca", *five("pca", 0.5, output_dim=3))).pairs == 0
    half = [*five("pca", 0.5)[:2], *five("pca", None)[2:]]
    assert only_row(deep, side("pca", *half)).pairs == 2
    assert only_row(side("net", *five("net", None)), side("pca", *half)).pairs == 0
    predicted = side("net", *five("net", 0.6, output_dim=None))
    classes = [r.model_copy(update={"output_dim": None}) for r in half]
    assert only_row(predicted, side("pca", *classes)).pairs == 2, "predictions have no dimension"


def test_failures_are_counted_by_how_they_ended() -> None:
    records = [
        run("net", 0.5),
        None,
        run("net", None, status=Status.TIMEOUT),
        run("net", None, status=Status.TIMEOUT),
        run("net", None, status=Status.SKIPPED, cause=Cause.PREDICTED),
    ]
    said = "1 skipped (predicted to exceed a limit), 2 timeout"
    assert failures(records) == said
    assert failures(records[:2]) == ""


def test_differences_are_positive_where_deep_is_better() -> None:
    def both(metric: str) -> Paired:
        deep = [r.model_copy(update={"scores": {metric: 0.75}}) for r in five("net", 0.0)]
        simple = [r.model_copy(update={"scores": {metric: 0.5}}) for r in five("pca", 0.0)]
        return joined(side("net", *deep[1:]), side("pca", *simple), metric, need=4)

    for metric, expected in ((METRIC, 0.25), (ERROR, -0.25)):
        by_repeat = both(metric).differences.by_repeat[0, 0]
        assert by_repeat.shape == (5, 1)
        assert np.isnan(by_repeat[0, 0]), "a repeat without a pair"
        assert by_repeat[1:, 0].tolist() == [expected] * 4


def with_units(name: str, units: list[float] | None, size: int = 100) -> list[RunRecord]:
    by_unit = {} if units is None else {METRIC: units}
    return five(name, 0.5, size, scores_by_unit=by_unit, scores_se={METRIC: 0.3}, unit="donor")


@pytest.mark.parametrize("other", [None, [0.5], [0.5, 0.5, 0.5]])
def test_units_count_only_where_every_pair_knows_the_same_ones(other: list[float] | None) -> None:
    known, unlike = with_units("net", [0.75, 0.5]), with_units("pca", other)
    simple = [*with_units("pca", [0.5, 0.5])[:4], unlike[4]]
    found = joined(side("net", *known), side("pca", *simple))
    by_unit = found.differences.by_unit
    assert by_unit is None or np.isnan(by_unit).all()
    assert found.differences.cell_error is not None
    assert found.differences.cell_error[0, 0, 0] == pytest.approx(0.3 * np.sqrt(2))
    assert found.unit == "donor"


def test_units_that_a_size_knows_take_the_place_of_its_stored_error() -> None:
    deep = [*with_units("net", [0.75, 0.5]), *with_units("net", None, 200)]
    simple = [*with_units("pca", [0.5, 0.5]), *with_units("pca", None, 200)]
    sizes = (100, 200)
    found = joined(side("net", *deep), side("pca", *simple), sizes=sizes).differences
    assert found.by_unit is not None
    assert found.by_unit[0, 0, :, 0].tolist() == [0.25, 0.0]
    assert np.isnan(found.by_unit[0, 0, :, 1]).all()
    assert found.cell_error is not None
    assert found.cell_error[0, 0].tolist() == pytest.approx([0.0, 0.3 * np.sqrt(2)])


def test_sizes_with_unlike_units_fall_back_on_the_stored_errors() -> None:
    deep = [*with_units("net", [0.75, 0.5]), *with_units("net", [0.75, 0.5, 0.5], 200)]
    simple = [*with_units("pca", [0.5, 0.5]), *with_units("pca", [0.5, 0.5, 0.5], 200)]
    sizes = (100, 200)
    found = joined(side("net", *deep), side("pca", *simple), sizes=sizes)
    assert found.differences.by_unit is None
    assert found.differences.cell_error is not None
    assert found.differences.cell_error[0, 0].tolist() == pytest.approx([0.3 * np.sqrt(2)] * 2)


def test_an_error_that_only_some_pairs_know_is_the_mean_of_those() -> None:
    deep = five("net", 0.6, scores_se={METRIC: 0.4})
    simple = [*five("pca", 0.5, scores_se={METRIC: 0.3})[:2], *five("pca", 0.5)[2:]]
    found = joined(side("net", *deep), side("pca", *simple))
    assert found.differences.cell_error is not None
    assert found.differences.cell_error[0, 0, 0] == pytest.approx(0.5)
    assert found.unit == "cells", "of the records none says what else"


def rows(*uses: str, pairs: tuple[int, ...] = (5, 5, 5)) -> Paired:
    made = tuple(
        SizeDifference(100 * (i + 1), "net", "pca", None, None, None, n, use=use)  # type: ignore[arg-type]
        for i, (use, n) in enumerate(zip(uses, pairs, strict=False))
    )
    values = np.array([[0.1, 0.2, 0.3][: len(made)], [0.3, 0.4, np.nan][: len(made)]])
    return Paired(made, Differences(values[None, None]), "", need=2)


def test_sizes_above_the_last_that_was_compared_do_not_count() -> None:
    assert rows("compared", "not_shown", "left_out").counting == [0]
    assert rows("compared", "not_shown", "compared").counting == [0, 1, 2]
    assert rows("left_out", "compared", "left_out").counting == [1]
    assert rows("not_shown", "not_shown", "left_out").counting == []


def test_failures_count_above_the_last_size_that_does_and_of_the_side_they_are_of() -> None:
    ended = rows("not_shown", "compared", "not_shown")
    assert ended.failed_beyond("deep") is None
    every = replace(ended, rows=tuple(replace(row, failed=True) for row in ended.rows))
    assert every.failed_beyond("deep") == every.rows[2]
    assert every.failed_beyond("simple") is None
    left_out = rows("compared", "left_out")
    every = replace(left_out, rows=tuple(replace(row, simple_failed=True) for row in left_out.rows))
    assert every.failed_beyond("simple") == every.rows[1]
    assert every.failed_beyond("deep") is None


def test_the_fewest_pairs_are_those_of_sizes_that_were_compared() -> None:
    at = rows("compared", "not_shown", "compared", pairs=(6, 1, 5))
    assert (at.fewest, at.most) == (5, 6)
    assert rows("not_shown", "left_out", "left_out", pairs=(3, 7, 1)).fewest == 7


def test_bounds_are_known_where_there_are_two_pairs() -> None:
    first, second, third = rows("compared", "compared", "compared").with_bounds(0.05)
    assert first.mean == pytest.approx(0.2)
    assert first.error == pytest.approx(0.1)
    half = float(stats.t.ppf(1 - 0.025 * OUT_OF_THE_RUNNING, 1)) * 0.1
    assert (first.low, first.high) == pytest.approx((0.2 - half, 0.2 + half))
    assert second.mean == pytest.approx(0.3)
    assert third.mean == pytest.approx(0.3)
    assert (third.low, third.high, third.error) == (None, None, None)
    assert (first.size, first.deep, first.pairs) == (100, "net", 5)
