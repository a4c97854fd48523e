"""Without a network, or a library, a suite runs on the data sets that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.fetch import local_path
from omicsbench.planning.offline import of_what_is_here, usable
from omicsbench.planning.suite import make_suite
from omicsbench.registry import discover as discovery
from omicsbench.registry.discover import discover


def test_data_sets_that_are_not_downloaded_are_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))
    registry, said = discover(), []
    names = ["neurons_20k", "digits", "linear_control(n=500)"]
    suite = make_suite(
        {"name": "s", "pipelines": ["pca"], "datasets": [{"name": n, "sizes": [50]} for n in names]}
    )
    kept = of_what_is_here(suite, registry, said.append)
    assert [choice.name for choice in kept.datasets] == names[1:]
    assert said == ["Left out, as they are not downloaded: neurons_20k."]
    for remote in registry.dataset("neurons_20k").info.remote:
        path = local_path(remote)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert of_what_is_here(suite, registry, said.append) == suite
    assert len(said) == 1


def test_a_suite_of_which_nothing_is_here_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))
    suite = make_suite(
        {"name": "s", "pipelines": ["pca"], "datasets": [{"name": "neurons_20k", "sizes": [50]}]}
    )
    with pytest.raises(OmicsbenchError, match="Every data set of suite s has to be downloaded"):
        of_what_is_here(suite, discover(), print)


def test_data_sets_whose_library_is_missing_are_left_out_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))
    find = discovery.importlib.util.find_spec
    lacks = {"rdata"}
    monkeypatch.setattr(
        discovery.importlib.util, "find_spec", lambda m: None if m in lacks else find(m)
    )
    registry, said = discover(), []
    names = ["nutrimouse", "tcga_breast"]
    suite = make_suite(
        {
            "name": "s",
            "task": "integrate",
            "pipelines": ["cca"],
            "datasets": [{"name": n, "sizes": [20]} for n in names],
        }
    )
    kept = usable(suite, registry, said.append, offline=False)
    assert [choice.name for choice in kept.datasets] == ["nutrimouse"]
    needed = "data set tcga_breast needs the module rdata, which is not installed."
    assert said == [f"Left out: {needed}"]
    alone = make_suite({**suite.model_dump(exclude_unset=True), "datasets": [{"name": names[1]}]})
    with pytest.raises(OmicsbenchError, match="needs the module rdata"):
        usable(alone, registry, said.append, offline=False)
    lacks.clear()
    assert usable(suite, registry, said.append, offline=False) == suite
    assert usable(suite, registry, said.append, offline=True) == kept, "it is not downloaded"
