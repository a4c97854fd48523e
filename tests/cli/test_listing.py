"""`list` and `show` as JSON hold what their texts say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import inside
from omicsbench.planning.suite import suites
from omicsbench.registry.discover import discover

KINDS = ("methods", "datasets", "metrics", "suites")


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_listed(kind: str) -> None:
    listed = json.loads(inside("list", kind, "--json").stdout)[kind]
    known = suites() if kind == "suites" else getattr(discover(), kind)
    assert [entry["name"] for entry in listed] == list(known)


def test_a_method_shows_its_parameters_and_whether_it_can_be_used() -> None:
    shown = json.loads(inside("show", "pca", "--json").stdout)
    entry = discover().methods["pca"]
    assert (shown["name"], shown["family"]) == ("pca", "simple")
    assert "n_components" in shown["parameters"]
    assert shown["cannot_run"] is None
    assert shown["file"] == str(entry.path)
    assert shown["about"]


def test_a_metric_a_data_set_and_a_suite() -> None:
    assert json.loads(inside("show", "knn_recall", "--json").stdout)["range"] == [0, 1]
    assert json.loads(inside("show", "digits", "--json").stdout)["kind"] == "real"
    assert "pca" in json.loads(inside("show", "quick", "--json").stdout)["pipelines"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "torn.py").write_text("import omicsbench\nraise ValueError('torn')\n")
    told = json.loads(inside("list", "methods", "--json", "--plugins", tmp_path).stdout)
    assert told["broken"] == {str(tmp_path / "torn.py"): "ValueError: torn"}
