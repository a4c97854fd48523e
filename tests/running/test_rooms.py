"""Rooms of a run's metrics belong to the prepared data, whoever measures them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omicsbench.metrics import METRICS
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.prepare.scored import scored_rows
from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running import rooms
from omicsbench.running.rooms import measured_rooms
from omicsbench.running.runner import run_suite
from omicsbench.running.scoring import Bench
from suites import tiny_suite

SCORED_BY = ["knn_transfer_balanced_accuracy", "latent_r2", "knn_recall"]
HOLD_OUT = {"datasets": [{"name": "nonlinear_control(n=1100)", "sizes": [30, 120]}]}


def plan(**more: Any) -> list[Planned]:
    return make_plan(tiny_suite("pca", **({"metrics": SCORED_BY} | more)), discover())


def test_they_are_in_every_record_and_of_no_pipeline_or_size(tmp_path: Path) -> None:
    suite = tiny_suite("pca", "random_embedding", metrics=SCORED_BY)
    records = run_suite(suite, tmp_path)
    assert {r.status for r in records} == {Status.OK}
    by_repeat = [{str(r.rooms) for r in records if r.spec.repeat == repeat} for repeat in (0, 1)]
    assert [len(own) for own in by_repeat] == [1, 1]
    assert by_repeat[0] != by_repeat[1], "folds have rows of their own"
    assert set(records[0].rooms) == set(SCORED_BY) - {"knn_recall"}, "which has no ceiling"
    floor, ceiling = records[0].rooms["knn_transfer_balanced_accuracy"]
    assert floor == pytest.approx(0.25, abs=0.15), "four quadrants"
    assert ceiling == 1


def test_of_a_hold_out_all_repeats_share_them_and_they_are_measured_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = plan(**HOLD_OUT)
    assert len({run.spec.repeat for run in runs}) == 2
    bench = Bench(tmp_path, tmp_path, METRICS)
    first = measured_rooms(bench, runs[0].spec, runs[0].prepared)
    assert first
    monkeypatch.setattr(rooms, "_measured", lambda *_: pytest.fail("measured again"))
    for run in runs:
        assert measured_rooms(bench, run.spec, run.prepared) == first
    other = runs[0].spec.model_copy(update={"metrics": ("latent_r2",)})
    with pytest.raises(pytest.fail.Exception, match="measured again"):
        measured_rooms(bench, other, runs[0].prepared)


def test_a_prediction_is_held_against_the_classes_shares(tmp_path: Path) -> None:
    data = [{"name": "linear_classes(n=1200)", "sizes": [50]}]
    metrics = ["log_loss", "balanced_accuracy", "brier"]
    suite = tiny_suite("class_prior", task="predict", metrics=metrics, datasets=data, repeats=1)
    (run,) = make_plan(suite, discover())
    found = measured_rooms(Bench(tmp_path, tmp_path, METRICS), run.spec, run.prepared)
    labels = scored_rows(run.spec, run.prepared).codes["test"][: run.spec.scored]  # type: ignore[index]
    shares = np.bincount(labels) / labels.size
    assert found["log_loss"] == (pytest.approx(-(shares * np.log(shares)).sum()), 0)
    assert found["balanced_accuracy"] == (pytest.approx(1 / shares.size), 1)
    (record,) = run_suite(suite, tmp_path / "out")
    assert record.rooms == found
    assert record.scores["log_loss"] == pytest.approx(found["log_loss"][0], abs=0.1)


def test_the_values_as_their_own_embedding_are_those_of_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run, *_) = plan()
    scored = scored_rows(
        run.spec.model_copy(update={"scored_in_sample": run.spec.size}), run.prepared
    )
    made, *of_components = rooms._data(scored)
    part = run.prepared.matrices("train")[""]
    assert made.Z["train"].shape == (run.spec.size, part.X.shape[1])
    stored = part.scaler().transform(np.asarray(part.X))
    assert all((stored == row).all(axis=1).any() for row in made.Z["train"])
    order = [int(np.flatnonzero((stored == row).all(axis=1))[0]) for row in made.Z["train"]]
    assert order == sorted(order), "as an embedding of training rows stands"
    (components,) = of_components  # 20 of 50 features
    centred = made.Z["train"] - made.Z["train"].mean(axis=0)
    expected = np.square(np.linalg.svd(centred.astype(float), compute_uv=False)[:20])
    assert np.square(components.Z["train"]).sum(axis=0) == pytest.approx(expected, rel=1e-3)
    assert components.Z["test"].shape == (len(made.Z["test"]), 20)


def test_without_one_scale_there_is_no_room(tmp_path: Path) -> None:
    (run, *_) = plan()
    anew = run.spec.model_copy(update={"features_per_size": True})
    assert measured_rooms(Bench(tmp_path, tmp_path, METRICS), anew, run.prepared) == {}
    none = run.spec.model_copy(update={"metrics": ("knn_recall",)})
    assert measured_rooms(Bench(tmp_path, tmp_path, METRICS), none, run.prepared) == {}


def test_what_was_held_out_has_a_room(tmp_path: Path) -> None:
    data = [{"name": "simulated_atlas(n=1100, genes=200)", "sizes": [100]}]
    metrics = ["molecule_bits", "half_consistency", "held_out_features"]
    more = {"metrics": metrics, "datasets": data, "hold_out": True, "scored": 60, "background": 60}
    (run, *_) = make_plan(tiny_suite("pca(10)", repeats=1, **more), discover())
    found = measured_rooms(Bench(tmp_path, tmp_path, METRICS), run.spec, run.prepared)
    assert set(found) == set(metrics)
    floor, ceiling = found["molecule_bits"]
    assert floor < 0 < ceiling
    assert found["half_consistency"] == (0, 1)
    floor, ceiling = found["held_out_features"]
    assert floor < 0.02 < ceiling < 1
    record, *_ = run_suite(tiny_suite("pca(10)", repeats=1, **more), tmp_path / "out")
    assert set(record.rooms) == set(found)
    for name in metrics:
        assert record.rooms[name] == pytest.approx(found[name], abs=1e-6)
        assert found[name][0] < record.scores[name] < found[name][1]
