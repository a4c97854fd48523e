"""What is estimated is what is run: the same data sets, pipelines, sizes and repeats."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsbench.errors import DataError, OmicsbenchError, RegistryError
from omicsbench.planning.estimate import look_ahead
from omicsbench.planning.estimated import SuiteEstimate
from omicsbench.planning.offline import of_what_is_here
from omicsbench.planning.plan import Planned, make_plan, outlined, prepared_plan
from omicsbench.planning.suite import DatasetChoice, Suite, load_suite, make_suite, suites
from omicsbench.records import store
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry, discover

LARGE = re.compile(r"n=(\d{4,})")
HELD_OUT: dict[str, Any] = {
    "name": "held",
    "task": "predict",
    "pipelines": ["logistic_regression", "class_prior"],
    "repeats": 2,
    "n_components": 3,
    "features": 30,
    "threads": 1,
    "sizes": [20, "all"],
    "datasets": [{"name": "khan_srbct"}, {"name": "khan_srbct", "held_out": "RMS"}],
}
DONATED = """
import pandas as pd
from omicsbench.plugin import dataset

@dataset(
    name="donated", summary="s", source="https://example.org", licence="CC0", values="continuous",
    kind="simulated", unit="donor",
)
def load():
    from anndata import AnnData

    table = pd.DataFrame({table})
    found = AnnData(table[[*"abcd"]].to_numpy("float32"))
    found.obs["donor"] = table["donor"].to_numpy()
    return found
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return discover()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(cache))


def planned(plan: list[Planned]) -> Counter[tuple[str, str, int]]:
    return Counter((p.spec.dataset, p.spec.label, p.spec.size) for p in plan)


def estimated(found: SuiteEstimate) -> Counter[tuple[str, str, int]]:
    return Counter({(r.dataset, r.pipeline, r.size): r.repeats for r in found.rows})


def kept(plan: list[Planned], folder: Path) -> None:
    """A finished record of every run that can be done, as if it had been."""
    store.open_folder(folder)
    for p in plan:
        if p.skip is None:
            facts: DatasetFacts = p.prepared.facts
            record = RunRecord(
                key=p.spec.key,
                spec=p.spec,
                family=p.pipeline.family,
                status=Status.OK,
                dataset_info=facts,
            )
            store.write_record(folder, record)


def in_miniature(suite: Suite) -> Suite:
    """The suite with few features, two repeats, and no simulation of more than 1,200 cells."""
    datasets = [
        DatasetChoice(name=LARGE.sub("n=1200", d.name), sizes=(50, "all"))
        if LARGE.search(d.name)
        else d
        for d in suite.datasets
    ]
    small = {"features": 50, "repeats": 2, "fewer_repeats": {}, "datasets": tuple(datasets)}
    return suite.model_copy(update=small)


@pytest.mark.parametrize("name", sorted(suites()))
def test_an_estimate_lists_what_a_run_makes(name: str, registry: Registry, tmp_path: Path) -> None:
    try:
        suite = in_miniature(of_what_is_here(load_suite(name), registry, print))
    except OmicsbenchError:
        pytest.skip("all of its data are downloaded")
    plan = make_plan(suite, registry)
    found = look_ahead(suite, registry, tmp_path)
    assert estimated(found) == planned(plan)
    kept(plan, tmp_path)
    found = look_ahead(suite, registry, tmp_path)
    assert estimated(found) == planned(plan)
    can = planned([p for p in plan if p.skip is None])
    assert {(r.dataset, r.pipeline, r.size): r.done for r in found.rows if r.done} == can


def test_a_class_held_out_is_in_the_names_and_the_sizes(registry: Registry, tmp_path: Path) -> None:
    suite = make_suite(HELD_OUT)
    before = look_ahead(suite, registry, tmp_path)
    plan = make_plan(suite, registry)
    assert estimated(before) == planned(plan), "told before anything is prepared"
    after = look_ahead(suite, registry, tmp_path)
    assert estimated(after) == planned(plan)
    most = {d.name: max(d.sizes) for d in after.datasets}
    assert set(most) == {"khan_srbct", "khan_srbct (held out: RMS)"}
    assert most["khan_srbct (held out: RMS)"] < most["khan_srbct"]


@pytest.mark.parametrize("donors", [4, 30])
def test_units_that_are_new_are_estimated_as_they_are_run(
    donors: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few of them allow fewer repeats, and each split leaves another number of training rows."""
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(300, 4)), columns=[*"abcd"])
    table["donor"] = [f"d{code}" for code in rng.integers(0, donors, 300)]
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "donated.py").write_text(DONATED.format(table=table.to_dict("list")))
    own = discover([tmp_path / "plugins"])
    changes = {"task": "embed", "pipelines": ["pca"], "repeats": 6, "n_components": 2}
    datasets = [{"name": "donated", "split": "both"}]
    suite = make_suite(HELD_OUT | changes | {"datasets": datasets})
    before = look_ahead(suite, own, tmp_path / "out")
    plan = make_plan(suite, own)
    assert estimated(before) == planned(plan), "told before anything is prepared"
    assert estimated(look_ahead(suite, own, tmp_path / "out")) == planned(plan)
    made = planned(plan)
    assert made["donated", "pca(2)", 20] == 6
    assert made["donated (new donor)", "pca(2)", 20] == min(6, donors)


def test_an_estimate_prepares_nothing(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    look_ahead(make_suite(HELD_OUT), registry, tmp_path / "out")
    assert not list(tmp_path.rglob("*"))


def test_nothing_is_downloaded_for_an_estimate(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr("omicsbench.inputs.fetch.fetch", lambda *_: pytest.fail("a download"))
    datasets = [{"name": "zeisel", "sizes": [100, "all"]}]
    suite = make_suite({"name": "s", "pipelines": ["pca"], "datasets": datasets})
    (known,) = look_ahead(suite, registry, tmp_path / "out").datasets
    assert known.sizes == (100,)
    assert "omicsbench fetch" in known.note


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"task": "embed", "pipelines": ["pca"]}, "held_out is for suites of task predict"),
        ({"datasets": [{"name": "khan_srbct"}] * 2}, "Two data sets are named 'khan_srbct'"),
        ({"datasets": [{"name": "nutrimouse"}]}, "several modalities"),
        ({"datasets": []}, "names no data set"),
        ({"datasets": [{"name": "khan_srbct", "sizes": [9000]}]}, "fewer than every size"),
    ],
)
def test_what_a_run_refuses_an_estimate_refuses(
    changes: dict[str, Any], says: str, registry: Registry, tmp_path: Path
) -> None:
    suite = make_suite(HELD_OUT | changes)
    with pytest.raises(RegistryError, match=says) as run:
        make_plan(suite, registry)
    with pytest.raises(RegistryError, match=says) as estimate:
        look_ahead(suite, registry, tmp_path)
    assert str(run.value) == str(estimate.value)


def test_a_class_that_is_not_there_is_refused(registry: Registry, tmp_path: Path) -> None:
    datasets = [{"name": "khan_srbct", "held_out": "XYZ"}]
    with pytest.raises(DataError, match="no class 'XYZ' to hold out"):
        look_ahead(make_suite(HELD_OUT | {"datasets": datasets}), registry, tmp_path)


def test_other_scored_rows_are_other_runs(registry: Registry, tmp_path: Path) -> None:
    suite = make_suite(HELD_OUT)
    kept(make_plan(suite, registry), tmp_path)
    assert sum(r.done for r in look_ahead(suite, registry, tmp_path).rows) > 0
    other = suite.model_copy(update={"scored": 10})
    assert sum(r.done for r in look_ahead(other, registry, tmp_path).rows) == 0


def test_sizes_that_the_data_do_not_allow_are_told(registry: Registry) -> None:
    def told(**sizes: Any) -> list[str]:
        data = [{"name": "khan_srbct", **sizes}]
        suite = make_suite({"name": "t", "pipelines": ["pca"], "repeats": 1, "datasets": data})
        lines: list[str] = []
        prepared_plan(outlined(suite, registry), tell=lines.append)
        return [line for line in lines if "left out" in line]

    (line,) = told(sizes=[20, 900, 1000])
    assert line.startswith("khan_srbct: n = 900, 1,000 left out, as there are ")
    assert not told(sizes=[20, "all"])
    assert not told(), "nobody stated the sizes of the ladder"
