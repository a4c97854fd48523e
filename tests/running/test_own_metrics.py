"""A metric in a user's own file: scored by workers, part of what defines the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omicsbench import estimate
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite

METRIC = """
from helping import constant
from omicsbench.metrics import metric

@metric(title="Mine", range=(0, 1), direction="max", source="tests", group="labels")
def mine(embedding):
    return constant() * (len(embedding) > 0)
"""


def _suite(**more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "pipelines": ["random_embedding"],
        "n_components": 2,
        "repeats": 1,
        "datasets": [{"name": "linear_control(n=300)", "sizes": [60]}],
        "threads": 1,
        "metrics": ["mine", "knn_recall"],
        "scored": 60,
    }
    return make_suite(made | more)


def _run(tmp_path: Path, suite: Suite) -> RunRecord:
    (record,) = run_suite(suite, tmp_path / "out", registry=discover([tmp_path / "plugins"]))
    assert record.status is Status.OK, record.reason
    return record


def _todo(tmp_path: Path) -> list[int]:
    """Runs to do of each row of the plan."""
    found = estimate(_suite(), results=tmp_path / "out", plugins=[tmp_path / "plugins"])
    return list(found["todo"])


@pytest.mark.promise
def test_an_edited_metric_makes_its_runs_to_do_again(tmp_path: Path, monkeypatch: Any) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    monkeypatch.syspath_prepend(plugins)
    monkeypatch.setenv("PYTHONPATH", str(plugins))
    (plugins / "mine.py").write_text(METRIC)
    (plugins / "helping.py").write_text("def constant():\n    return 0.25\n")
    first = _run(tmp_path, _suite())
    assert first.scores["mine"] == 0.25
    assert "knn_recall" in first.scores
    assert _run(tmp_path, _suite()) == first, "nothing is to do"
    assert _todo(tmp_path) == [0]
    plain = _run(tmp_path, _suite(metrics=["knn_recall"]))
    assert plain.spec.metric_versions == {}
    assert "metric_versions" not in plain.spec.model_dump(mode="json")

    (plugins / "helping.py").write_text("def constant():\n    return 0.75\n")
    assert _todo(tmp_path) == [1], "and the plan says so"
    edited = _run(tmp_path, _suite())
    assert edited.key != first.key
    assert edited.scores["mine"] == 0.75, "the file beside it counts too"
    assert _run(tmp_path, _suite(metrics=["knn_recall"])) == plain, "others stay as they are"


def test_gene_space_neighbours_are_a_gap_where_there_are_several_modalities(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(
        "from omicsbench.plugin import metric\n"
        "@metric(title='M', range=(0, 1), direction='max', source='tests', group='labels',\n"
        "        tasks=('embed', 'integrate'))\n"
        "def mine(gene_neighbors):\n    return 0.5\n"
    )
    changes: dict[str, Any] = {"task": "integrate", "pipelines": ["concatenated_pca"]}
    data = {"name": "simulated_multimodal(n=300)", "sizes": [60]}
    record = _run(tmp_path, _suite(datasets=[data], metrics=["mine", "modality_recall"], **changes))
    assert record.skipped_metrics == {"mine": "too few scored rows, or several modalities"}
    assert "modality_recall" in record.scores
