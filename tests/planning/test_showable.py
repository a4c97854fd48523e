"""Which differences so many repeats can show: what `plan` says of a data set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from omicsbench.planning.estimate import look_ahead
from omicsbench.planning.showable import Showable, spreads
from omicsbench.planning.suite import Suite
from omicsbench.records import store
from omicsbench.registry.discover import Registry, discover
from omicsbench.stats.power import detectable
from tests.helpers.command import inside
from tests.helpers.headlines import counted
from tests.helpers.simulated_curves import curves

PIPELINES = ["pca", "autoencoder(depth=2)", "autoencoder(depth=4)", "autoencoder(depth=0)"]


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


def suite(**changes: object) -> Suite:
    given = {
        "name": "mine",
        "pipelines": PIPELINES,
        "repeats": 10,
        "n_components": 2,
        "metrics": ["knn_recall"],
        "datasets": [{"name": "linear_control(n=1200)", "sizes": [50]}],
    }
    return Suite.model_validate(given | changes)


def test_before_anything_is_stored_it_speaks_of_standard_deviations(
    registry: Registry, tmp_path: Path
) -> None:
    (found,) = look_ahead(suite(), registry, tmp_path).showable
    assert (found.repeats, found.contestants, found.folds) == (
        10,
        2,
        False,
    )  # no control among them
    assert found.gap == detectable(10, 2)
    assert "10 repeats show a difference of 1.1 sd" in found.sentence
    assert "no runs are stored" in found.sentence


def test_without_a_deep_side_there_is_nothing_to_show(registry: Registry, tmp_path: Path) -> None:
    assert look_ahead(suite(pipelines=["pca"]), registry, tmp_path).showable == ()


@pytest.fixture(autouse=True)
def _counted() -> Iterator[None]:
    with counted():
        yield


def test_stored_runs_tell_the_spread_at_the_largest_size() -> None:
    runs = curves({"net": [0.5] * 4, "pca": [0.5] * 4}, sd=0.05, repeats=40)
    loud = [
        r.model_copy(update={"scores": {"knn_recall": 9.0 * r.spec.repeat}})
        if r.spec.size < 800
        else r
        for r in runs
    ]
    for records in (runs, loud):
        assert spreads(records)["knn_recall"] == pytest.approx(0.05 * 2**0.5, rel=0.3)


def test_two_pairs_tell_no_spread() -> None:
    assert spreads(curves({"net": [0.5] * 4, "pca": [0.5] * 4}, repeats=2)) == {}


def test_they_turn_it_into_the_unit_of_the_metric(registry: Registry, tmp_path: Path) -> None:
    store.open_folder(tmp_path)
    of = {"dataset": "linear_control(n=1200)"}
    for r in curves({"net": [0.5] * 4, "pca": [0.5] * 4}, sd=0.05, of=of):
        store.write_record(tmp_path, r)
    (found,) = look_ahead(suite(), registry, tmp_path).showable
    assert found.gap is not None
    told = f"knn_recall {found.gap * found.spread['knn_recall']:.2g}"
    assert told in found.sentence


def test_one_repeat_and_folds_in_words() -> None:
    assert "1 repeat cannot" in Showable("d", 1, 1, False, None).sentence
    assert "5 folds show" in Showable("d", 5, 1, True, 4.0).sentence


def test_the_command_says_it(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'pipelines = ["pca", "autoencoder"]\nrepeats = 5\nn_components = 2\n'
        '[[datasets]]\nname = "linear_control(n=1200)"\nsizes = [50]\n'
    )
    told = inside("plan", "mine.toml", cwd=tmp_path)
    assert "5 repeats show a difference of 1.7 sd" in " ".join(told.stdout.split())
    found = json.loads(inside("plan", "mine.toml", "--json", cwd=tmp_path).stdout)
    assert found["showable"][0]["contestants"] == 1
