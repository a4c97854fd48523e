"""Without a network a suite runs on the data sets that are here."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.fetch import local_path
from omicsbench.planning.offline import of_what_is_here
from omicsbench.planning.suite import make_suite
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
