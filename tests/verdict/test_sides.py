"""The sides of a comparison: who is chosen at each size, and who stands for the reference."""

from __future__ import annotations

import numpy as np
import pytest

import builders
from omicsbench.metrics import METRICS
from omicsbench.records.spec import RunRecord
from omicsbench.verdict.choose import (
    Grid,
    Side,
    best_by_validation,
    choices,
    fixed,
    in_turn,
    is_reference,
    sign,
)

RECALL, ERROR = METRICS["knn_recall"], METRICS["reconstruction_mse"]
Runs = dict[str, dict[tuple[int, int], RunRecord]]


def runs(validation: dict[str, dict[int, list[float]]], metric: str = "knn_recall") -> Runs:
    """Runs by pipeline, size and repeat, with their validation scores."""
    return {
        pipeline: {
            (size, repeat): builders.record(
                builders.spec(pipeline=pipeline, size=size, repeat=repeat),
                scores={metric: 0.5},
                validation={metric: score},
            )
            for size, scores in by_size.items()
            for repeat, score in enumerate(scores)
        }
        for pipeline, by_size in validation.items()
    }


def test_a_size_at_which_nobody_can_be_chosen_ends_nothing() -> None:
    made = runs({"a": {100: [0.5], 300: [0.5]}, "b": {100: [0.4], 300: [0.6]}})
    side = best_by_validation(made, ["a", "b"], RECALL, Grid([100, 200, 300], [0]))
    assert side.at == {100: "a", 300: "b"}
    assert side.names == "a, then b"


def test_the_lowest_is_best_where_lower_is_better() -> None:
    made = runs({"a": {100: [0.5, 0.1]}, "b": {100: [0.2, 0.3]}}, ERROR.name)
    side = best_by_validation(made, ["a", "b"], ERROR, Grid([100], [0, 1]))
    assert side.at == {100: "b"}
    # Each repeat is chosen for by the other: a is better in the second, b in the first.
    assert [side.runs[100, r].spec.pipeline for r in (0, 1)] == ["a", "b"]
    assert (sign(RECALL), sign(ERROR)) == (1.0, -1.0)


def test_without_a_validation_score_in_each_run_none_is_chosen() -> None:
    made = runs({"a": {100: [0.9, 0.9]}, "b": {100: [0.1, 0.1]}})
    made["a"][100, 1] = made["a"][100, 1].model_copy(update={"validation": {}})
    assert best_by_validation(made, ["a", "b"], RECALL, Grid([100], [0, 1])).at == {100: "b"}
    assert best_by_validation(made, ["a"], RECALL, Grid([100], [0, 1])) == Side({}, {})
    assert best_by_validation(made, [], RECALL, Grid([100], [0, 1])) == Side({}, {})


def test_repeats_that_one_side_was_not_given_are_not_chosen_for() -> None:
    made = runs({"a": {100: [0.9, 0.9]}, "b": {100: [0.1, 0.1]}})
    side = best_by_validation(made, ["a", "b"], RECALL, Grid([100], [1, 2]))
    assert side.runs.keys() == {(100, 1)}


@pytest.mark.parametrize("repeats", [1, 2, 3])
def test_every_repeat_but_an_only_one_is_chosen_for_by_the_others(repeats: int) -> None:
    scores = np.array([[1.0, *[0.0] * (repeats - 1)], [0.4] * repeats])
    chosen = {1: [0], 2: [1, 0], 3: [1, 0, 0]}
    assert choices(scores).tolist() == chosen[repeats]


def test_a_fixed_side_is_the_same_at_every_size() -> None:
    made = runs({"a": {100: [0.5]}})
    assert fixed(made, "a", [100, 200]) == Side({100: "a", 200: "a"}, made["a"])
    assert in_turn(["a", "", "b", "a"]) == "a, then b"


def test_a_reference_is_named_by_its_stage_or_its_whole_text() -> None:
    assert is_reference("pca (2, svd('full'))", "pca")
    assert is_reference("pca(2, svd('full'))", "pca")
    assert not is_reference("pca > map", "pca")
    assert not is_reference("svd", "pca")
