"""The sides of a comparison: who is named at each size, and who stands for the reference."""

from __future__ import annotations

import builders
from omicsbench.metrics import METRICS
from omicsbench.records.spec import RunRecord
from omicsbench.verdict.choose import Grid, best_by_validation, in_turn, is_reference, sign

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


def test_a_size_at_which_nobody_can_be_named_ends_nothing() -> None:
    made = runs({"a": {100: [0.5], 300: [0.5]}, "b": {100: [0.4], 300: [0.6]}})
    named = best_by_validation(made, ["a", "b"], RECALL, Grid([100, 200, 300], [0]))
    assert named == {100: "a", 300: "b"}
    assert in_turn(named.values()) == "a, then b"
    assert in_turn(["a", "", "b", "a"]) == "a, then b"


def test_the_lowest_is_best_where_lower_is_better() -> None:
    made = runs({"a": {100: [0.5, 0.1]}, "b": {100: [0.2, 0.3]}}, ERROR.name)
    assert best_by_validation(made, ["a", "b"], ERROR, Grid([100], [0, 1])) == {100: "b"}
    assert (sign(RECALL), sign(ERROR)) == (1.0, -1.0)


def test_without_a_validation_score_in_each_run_none_is_named() -> None:
    made = runs({"a": {100: [0.9, 0.9]}, "b": {100: [0.1, 0.1]}})
    made["a"][100, 1] = made["a"][100, 1].model_copy(update={"validation": {}})
    assert best_by_validation(made, ["a", "b"], RECALL, Grid([100], [0, 1])) == {100: "b"}
    assert best_by_validation(made, ["a"], RECALL, Grid([100], [0, 1])) == {}
    assert best_by_validation(made, [], RECALL, Grid([100], [0, 1])) == {}


def test_sizes_that_are_not_of_the_comparison_are_left_out() -> None:
    made = runs({"a": {100: [0.5], 300: [0.5]}})
    assert best_by_validation(made, ["a"], RECALL, Grid([100], [0])) == {100: "a"}


def test_a_reference_is_named_by_its_stage_or_its_whole_text() -> None:
    assert is_reference("pca (2, svd('full'))", "pca")
    assert is_reference("pca(2, svd('full'))", "pca")
    assert not is_reference("pca > map", "pca")
    assert not is_reference("svd", "pca")
