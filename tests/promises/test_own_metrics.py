"""docs/metrics.md: what was scored by a metric of one's own is judged, shown and compared later.

Records alone are read: the metric's file is not at hand any more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import omicsbench
from command import inside
from omicsbench.metrics import METRICS
from omicsbench.metrics.known import known
from omicsbench.records.spec import RunRecord
from omicsbench.records.store import read_records
from omicsbench.tracking.compare import compare_records
from omicsbench.tracking.history import entries, read_entries, write_entries
from omicsbench.tracking.trends import trends

PLUGIN = '''
import numpy as np
from omicsbench.plugin import method, metric

@metric(title="Spread of mine", range=(0, None), direction="min", source="https://example.org",
        group="distances", margin=0.05)
def my_spread(embedding):
    """Smaller is better."""
    return float(np.abs(embedding).mean())

@method(name="narrow", family="deep", summary="All in one place.", source="tests")
class Narrow:
    """Gives hardly any spread."""
    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components
    def fit(self, X):
        return self
    def transform(self, X):
        return np.asarray(X[:, : self.n_components] / 1000, dtype=np.float32)
'''
SUITE = """
n_components = 2
pipelines = ["pca", "narrow"]
metrics = ["my_spread", "knn_recall"]
scored = 60
threads = 1
[[datasets]]
name = "linear_control(n=300)"
sizes = [60, 120]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("own")
    (place / "plugins").mkdir()
    (place / "plugins" / "mine.py").write_text(PLUGIN)
    (place / "mine.toml").write_text(SUITE)
    omicsbench.run(str(place / "mine.toml"), out=place / "out", plugins=[place / "plugins"])
    return place / "out"


def test_it_is_judged_by_its_own_direction_and_margin(folder: Path) -> None:
    found = [v for v in omicsbench.verdicts(folder) if v.metric == "my_spread"]
    assert {v.outcome.value for v in found} == {"ahead_from_smallest"}
    assert {v.margin for v in found} == {0.05}
    assert all(v.sentence.startswith("Spread of mine on linear_control") for v in found)


def test_it_stands_in_the_report(folder: Path, tmp_path: Path) -> None:
    page = omicsbench.report(folder, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Spread of mine (lower is better)" in page
    assert "my_spread" in (tmp_path / "verdicts.csv").read_text(encoding="utf-8")


def _with_score(record: RunRecord, name: str, change: float) -> RunRecord:
    scores = record.scores | {name: record.scores[name] + change}
    return record.model_copy(update={"scores": scores, "started_at": "2999"})


def test_a_rise_of_what_is_better_when_smaller_is_a_regression(folder: Path) -> None:
    base = read_records(folder)
    head = [_with_score(r, "my_spread", 0.2) for r in base]
    found = compare_records(base, head)
    assert {c.quantity for c in found.regressions} == {"my_spread"}
    assert {c.tolerance for c in found.regressions} == {0.05}
    edited = [
        r.model_copy(
            update={"spec": r.spec.model_copy(update={"metric_versions": {"my_spread": "other"}})}
        )
        for r in head
    ]
    assert "my_spread was edited: its scores may differ for that reason alone." in (
        compare_records(base, edited).notes
    )


def test_a_history_knows_its_direction(folder: Path, tmp_path: Path) -> None:
    base, file = read_records(folder), tmp_path / "history.jsonl"
    for place in range(12):
        rise = 0.5 if place >= 6 else 0.0
        runs = [
            _with_score(r, "my_spread", rise).model_copy(
                update={"started_at": f"2026-01-{place + 1:02d}T00:00:00+00:00", "suite": "ci"}
            )
            for r in base
        ]
        ((entry,), _) = entries(runs, revision=f"revision{place}", repository=tmp_path)
        write_entries(file, [*(read_entries(file) if file.exists() else []), entry])
    found = trends(read_entries(file))
    risen = [f for f in found.findings if f.quantity == "my_spread"]
    assert risen
    assert all(f.worse for f in risen)
    assert found.metrics["my_spread"].title == "Spread of mine"


def test_the_newest_description_counts_and_the_packages_own_stay(folder: Path) -> None:
    one, other = read_records(folder)[:2]
    described = other.own_metrics["my_spread"].model_copy(update={"title": "Other"})
    newer = other.model_copy(
        update={
            "own_metrics": {"my_spread": described, "knn_recall": described},
            "started_at": "2999",
        }
    )
    found = known([newer, one])
    assert found["my_spread"].title == "Other"
    assert found["knn_recall"] is METRICS["knn_recall"]
    assert list(found) == [*METRICS, "my_spread"]


def test_the_command_line_takes_it_by_name(tmp_path: Path) -> None:
    written = inside("new", "metric", "mine", "--folder", tmp_path / "plugins")
    assert "--metrics mine" in written.stdout
    options = ("--only", "-m", "pca", "--sizes", "60", "--repeats", 1, "--metrics", "mine")
    run = inside(
        "run",
        "quick",
        "-d",
        "linear_control(n=300)",
        *options,
        "--no-report",
        "--plugins",
        tmp_path / "plugins",
        "--out",
        tmp_path / "out",
    )
    assert run.returncode == 0, run.stderr
    (record,) = read_records(tmp_path / "out")
    assert set(record.scores) == {"mine"}
    assert record.scores_se["mine"] > 0
