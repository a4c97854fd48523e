"""The suites that come with the package: what they name exists, and they run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from omicsbench.errors import RegistryError
from omicsbench.inputs.source import registered
from omicsbench.planning import estimate as outlook
from omicsbench.planning.contestants import (
    contestants,
    repeats_by_pipeline,
    resolve_metrics,
    resolve_pipelines,
)
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import DatasetChoice, load_suite, make_suite, suites
from omicsbench.registry.calls import parse_call
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from omicsbench.verdict.choose import is_reference

EVERY = pytest.mark.parametrize("name", sorted(suites()))


@EVERY
def test_everything_a_suite_names_exists(name: str) -> None:
    suite, registry = load_suite(name), discover()
    pipelines = [p.text for p in resolve_pipelines(suite, registry)]
    assert len(pipelines) == len(suite.pipelines)
    assert resolve_metrics(suite, registry)
    repeats = repeats_by_pipeline(suite, registry)
    assert set(repeats) == set(pipelines)
    assert max(repeats.values()) == suite.repeats
    assert any(
        is_reference(p, suite.analysis.reference) and repeats[p] == suite.repeats for p in pipelines
    )
    assert suite.datasets
    _require_libraries(suite.datasets)
    for choice in suite.datasets:
        assert registered(choice.name, registry).describe["summary"]
    families = {p.family for p in resolve_pipelines(suite, registry)}
    assert {"simple", "deep"} <= families


def _require_libraries(datasets: Sequence[DatasetChoice]) -> None:
    for choice in datasets:
        for module in discover().dataset(parse_call(choice.name).name).info.needs:
            pytest.importorskip(module)


@EVERY
def test_no_data_set_refuses_the_settings_that_a_suite_gives_it(name: str) -> None:
    choices, registry = load_suite(name).datasets, discover()
    _require_libraries(choices)
    for choice in choices:
        call = parse_call(choice.name)
        if not registry.dataset(call.name).info.remote:  # not those that are downloaded
            assert registry.dataset(call.name).make(**dict(call.kwargs)) is not None


@EVERY
def test_a_suite_can_be_planned_without_preparing_anything(name: str, tmp_path: Path) -> None:
    suite = load_suite(name)
    _require_libraries(suite.datasets)
    made = outlook.look_ahead(suite, discover(), tmp_path)
    sizes = {row.size for row in made.rows}
    assert sizes
    assert all(row.done == 0 for row in made.rows)
    if name == "million":
        assert sizes == {1_000, 10_000, 100_000, 1_300_000}


# One data set a task on which every pipeline of its suites can run (a convolutional net on images).
DATA = {
    "embed": "simulated_atlas(n=1500)",
    "predict": "digits",
    "integrate": "simulated_multimodal(n=1500)",
}
SMALL: dict[str, Any] = {
    "sizes": [500],
    "repeats": 1,
    "jobs": 1,
    "scored": 100,
    "background": 200,
    "features": 300,
    "fewer_repeats": {},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(suites()) - {"quick", "controls"}))
def test_a_suite_runs_in_miniature(name: str, tmp_path: Path) -> None:
    stated = load_suite(name).model_dump(exclude_unset=True)
    data = DATA[stated.get("task", "embed")]
    suite = make_suite({**stated, **SMALL, "datasets": [{"name": data}]})
    records = run_suite(suite, tmp_path)
    assert [(r.spec.pipeline, r.reason) for r in records if r.status != "ok"] == []
    assert len(records) == len(contestants(suite, discover()))


def test_dear_pipelines_get_fewer_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))
    settings = {
        "name": "t",
        "pipelines": ["pca", "pca > tsne"],
        "repeats": 4,
        "sizes": [100],
        "datasets": [{"name": "linear_control(n=1000)"}],
        "n_components": 5,
    }
    suite = make_suite({**settings, "fewer_repeats": {"pca(5) > tsne": 2}})
    plan = make_plan(suite, discover())
    repeats = [(p.spec.pipeline, p.spec.repeat) for p in plan]
    assert [r for name, r in repeats if name == "pca(5)"] == [0, 1, 2, 3]
    assert [r for name, r in repeats if name != "pca(5)"] == [0, 1]
    with pytest.raises(RegistryError, match="none of the suite's pipelines"):
        make_plan(make_suite({**settings, "fewer_repeats": {"umap": 2}}), discover())
