"""What the report shows of predictions: calibration, coverage, samples, a held-out class."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy import stats

from demo import Made
from demo_tasks import (
    REPEATS,
    SIZES,
    drawn,
    own,
    read,
    rows,
)
from omicsbench.reporting.at_largest import absent, at_largest
from omicsbench.reporting.predictions import histograms, posterior_table

pytestmark = pytest.mark.usefixtures("known_metrics")


def test_bins_of_all_repeats_are_pooled_by_their_rows(prediction: Made) -> None:
    records, page = prediction
    pipeline = "boosted_trees(n_estimators=100)"
    pooled: dict[int, list[tuple[float, float, float]]] = {}
    for r in own(records, pipeline):
        of = r.curves["reliability"]
        for point in zip(of["rows"], of["confidence"], of["accuracy"], strict=True):
            pooled.setdefault(int(point[1] * 15), []).append(point)
    table = rows(page, "reliability", pipeline=pipeline, dataset="blood_cells").set_index("bin")
    assert set(table.index) == set(pooled)
    assert table["rows"].sum() == REPEATS * 1000
    for place, points in pooled.items():
        weights, confidence, accuracy = map(np.array, zip(*points, strict=True))
        found = table.loc[place]
        assert found["rows"] == weights.sum()
        assert found["confidence"] == pytest.approx(np.average(confidence, weights=weights))
        assert found["accuracy"] == pytest.approx(np.average(accuracy, weights=weights))
        assert found["accuracy_min"] == pytest.approx(accuracy.min())
        assert found["accuracy_max"] == pytest.approx(accuracy.max())
        assert found["repeats"] == len(points)
    right = np.average(table["accuracy"], weights=table["rows"])
    sure = np.average(table["confidence"], weights=table["rows"])
    assert f"mean confidence {sure:.2f}, accuracy {right:.2f}" in read(page).shown
    data = drawn(page)
    number = [style["name"] for style in data["styles"]].index(pipeline)
    shown = {
        round(c, 3): r
        for p, at, c, r in zip(
            *(data["reliability"][k] for k in ("pipeline", "place", "confidence", "rows")),
            strict=True,
        )
        if p == number and at == 0
    }
    assert shown == {
        round(float(f"{c:.5g}"), 3): r
        for c, r in zip(table["confidence"], table["rows"], strict=True)
    }


def test_coverage_is_a_mean_with_its_interval(prediction: Made) -> None:
    records, page = prediction
    pipeline = "logistic_regression(C=1.0)"
    values = np.array([r.curves["coverage"]["accuracy"] for r in own(records, pipeline)])
    table = rows(page, "coverage", pipeline=pipeline, dataset="blood_cells")
    low, high = stats.t.interval(0.95, REPEATS - 1, values.mean(axis=0), stats.sem(values))
    assert table["coverage"].tolist() == pytest.approx(np.arange(1, 21) / 20)
    assert table["mean"].tolist() == pytest.approx(values.mean(axis=0))
    assert table["low"].tolist() == pytest.approx(low)
    assert table["high"].tolist() == pytest.approx(high)


def test_samples_of_all_repeats_stand_beside_the_mean_prediction(prediction: Made) -> None:
    records, page = prediction
    pipeline = "bayesian_net(guide='normal')"
    runs = own(records, pipeline)
    table = rows(page, "posterior", pipeline=pipeline, dataset="blood_cells")
    assert table["accuracy"].tolist() == pytest.approx(
        [a for r in runs for a in r.curves["posterior"]["accuracy"]]
    )
    assert list(table.groupby("repeat")["mean_prediction"].first()) == pytest.approx(
        [r.scores["balanced_accuracy"] for r in runs]
    )
    bars = histograms(posterior_table(at_largest(records, "predict")))
    shares = bars.groupby(["dataset", "pipeline"])["share"].sum()
    assert shares.tolist() == pytest.approx([1.0] * 4), "two with samples, on two data sets"
    mine = bars[(bars["pipeline"] == pipeline) & (bars["dataset"] == "blood_cells")]
    for bar in mine.itertuples():
        inside = table["accuracy"].between(bar.start, bar.end, inclusive="left")
        assert inside.sum() == bar.samples
    mean = np.mean([r.scores["balanced_accuracy"] for r in runs])
    assert "300 samples, 95 % of them in" in read(page).shown
    assert f"mean prediction {mean:.3f}" in read(page).shown


def test_a_held_out_class_is_named_and_its_uncertainty_shown(prediction: Made) -> None:
    records, page = prediction
    name = "blood_cells (held out: Monocytes)"
    runs = [
        r
        for r in records
        if r.spec.dataset == name
        and r.spec.size == SIZES[-1]
        and r.spec.pipeline == "ensemble_net(n_members=5)"
    ]
    table = rows(page, "uncertainty", pipeline=runs[0].spec.pipeline)
    assert set(table["dataset"]) == {name}
    for column in ("known", "held_out"):
        values = np.array([r.curves["uncertainty"][column] for r in runs])
        assert table[column].tolist() == pytest.approx(values.mean(axis=0))
        assert table[f"{column}_max"].tolist() == pytest.approx(values.max(axis=0))
    assert "Held out of training: Monocytes." in read(page).shown


def test_who_has_no_result_at_the_largest_size_is_said(prediction: Made) -> None:
    records, page = prediction
    assert "No result at this size: net_classifier(depth=2): 5 timeout." in read(page).shown
    left = [r for r in records if "trees" not in r.spec.pipeline or r.spec.size == SIZES[0]]
    missing = absent(left, at_largest(left, "predict"))
    place = ("blood_cells", "predict", "cpu", "")
    assert missing[place] == (
        "boosted_trees(n_estimators=100): not run; net_classifier(depth=2): 5 timeout"
    )


def test_predictions_have_no_dimension(prediction: Made) -> None:
    page = prediction[1]
    text = read(page).shown
    assert not re.search(r"\b(None|nan|0-D)\b", text)
    assert "Class predictions" in text
    assert "The reference is" not in text, "none of these pipelines is the reference"
    panels = page.read_text(encoding="utf-8").partition('id="panels">')[2].partition("<")[0]
    assert {panel["dim"] for panel in json.loads(panels)} == {""}
    assert "blood_cells (held out: Monocytes)" in text
