"""What stored curves say of the samples needed: of known curves, and of what cannot be told."""

from __future__ import annotations

import pytest

from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import Status
from omicsbench.verdict.curves import fields
from omicsbench.verdict.how_many import against_each, own_curves
from tests.helpers.simulated_curves import curves

FLAT, RISING, EARLY = [0.5] * 4, [0.1, 0.2, 0.3, 0.4], [0.3, 0.5, 0.5, 0.5]


def test_each_contestant_has_its_own() -> None:
    found = own_curves(fields(curves({"flat": FLAT, "net(1)": RISING, "early": EARLY})))
    said = {one.pipeline: (one.needs, one.interval) for one in found}
    assert said["flat"] == ("100 or below", "100 or below")
    assert said["net(1)"] == ("more than 400", "more than 400")
    assert said["early"] == ("200", "200")
    assert not any(one.falls for one in found)


def test_noise_leaves_it_open() -> None:
    (found,) = own_curves(fields(curves({"net": [0.1, 0.11, 0.12, 0.12]}, sd=0.3, repeats=5)))
    assert found.needs == "open"
    assert found.interval == "100 or below to more than 400"


def test_all_right_in_every_fold_is_no_certainty() -> None:
    """Ten test samples in each of five folds: one more or less makes .02, twice the margin."""
    every = curves({"net": [1.0] * 4}, sd=0.0, of={"split": "kfold", "scored": 10}, repeats=5)
    (found,) = own_curves(fields(every, Analysis(margins={"knn_recall": 0.01})))
    assert found.needs == "open"


def test_a_curve_that_falls_is_flagged_and_has_no_saturation() -> None:
    (found,) = own_curves(fields(curves({"net": [0.1, 0.5, 0.5, 0.3]})))
    assert found.needs == "none: it falls"
    assert found.fall == "ends lower: worse at 800 than at 200"


def test_the_margin_of_the_suite_counts() -> None:
    runs = curves({"net": [0.1, 0.45, 0.5, 0.5]})
    wide = Analysis(margins={"knn_recall": 0.2})
    assert [one.needs for one in own_curves(fields(runs))] == ["400"]
    assert [one.needs for one in own_curves(fields(runs, wide))] == ["200"]


def test_a_metric_of_which_less_is_better() -> None:
    runs = [
        r.model_copy(update={"scores": {"reconstruction_mse": -r.scores["knn_recall"]}})
        for r in curves({"early": EARLY, "net": RISING})
    ]
    found = {one.field.turn for one in own_curves(fields(runs))}
    # It is secondary where it repeats another metric; then there is nothing to tell.
    assert found <= {-1.0}


def test_controls_failures_and_few_repeats_are_no_contestants() -> None:
    runs = curves({"early": EARLY, "net(1)": EARLY, "net(2)": EARLY, "net(3)": EARLY})
    changes = {
        "net(1)": {"is_control": True},
        "net(2)": {"status": Status.TIMEOUT, "scores": {}, "reason": "too slow"},
    }
    runs = [r.model_copy(update=changes.get(r.spec.pipeline, {})) for r in runs]
    runs = [r for r in runs if r.spec.pipeline != "net(3)" or r.spec.repeat < 4]
    found = list(fields(runs))
    assert [one.pipeline for one in own_curves(found)] == ["early"]
    assert against_each(found) == []


def test_features_per_size_do_not_compare_across_sizes() -> None:
    assert list(fields(curves({"early": EARLY}, of={"features_per_size": True}))) == []


def test_deep_against_each_simple_one() -> None:
    shifted = [0.3, 0.4, 0.5, 0.6]  # what the simple one has at twice the samples
    (found,) = against_each(
        fields(curves({"net": shifted, "good": [0.2, 0.3, 0.4, 0.5], "bad": FLAT}))
    )
    assert found.rivals == ("bad", "good")
    assert found.efficiency is not None
    assert found.efficiency.ratio == pytest.approx(2.0, rel=0.1)
    assert found.improvement.share == 1.0
    assert found.improvement.low == pytest.approx(0.69, abs=0.01)


def test_a_rival_more_never_helps_deep() -> None:
    runs = {"net": [0.3, 0.4, 0.5, 0.6], "good": [0.2, 0.3, 0.4, 0.5]}
    (one,) = against_each(fields(curves(runs)))
    (two,) = against_each(fields(curves(runs | {"better": [0.3, 0.5, 0.6, 0.7]})))
    assert one.efficiency is not None
    assert two.efficiency is not None
    assert two.efficiency.low < one.efficiency.low
    assert two.improvement.share < one.improvement.share


def test_deep_that_failed_at_the_largest_sizes_is_compared_at_the_last_it_has() -> None:
    runs = curves({"net": RISING, "early": EARLY})
    failed = {"status": Status.OUT_OF_MEMORY, "scores": {}, "reason": "too large"}
    runs = [
        r.model_copy(update=failed) if r.spec.pipeline == "net" and r.spec.size == 800 else r
        for r in runs
    ]
    (found,) = against_each(fields(runs))
    assert found.size == 400


def test_folds_widen_and_get_no_interval_of_the_share() -> None:
    runs = curves({"net": RISING, "early": EARLY}, of={"split": "kfold"}, sd=0.02)
    (found,) = against_each(fields(runs))
    assert found.improvement.low is None
    (apart,) = against_each(fields(curves({"net": RISING, "early": EARLY}, sd=0.02)))
    assert found.efficiency is not None
    assert apart.efficiency is not None
    assert found.efficiency.high > apart.efficiency.high
