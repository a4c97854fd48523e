"""What changed is grouped by its cause, the gravest first, and said in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from histories import at, digits_runs, worsen
from omicsbench.cli.history import _table
from omicsbench.metrics import METRICS
from omicsbench.records.spec import OwnMetric, RunRecord
from omicsbench.reporting.causes import by_cause, quantity_title
from omicsbench.reporting.comparison_page import by_pipeline, markdown, page, to_json
from omicsbench.reporting.history_page import write_history
from omicsbench.tracking.compare import Change, Comparison, compare_records
from omicsbench.tracking.history import entries, joined
from omicsbench.tracking.lost_runs import LostRun
from omicsbench.tracking.trends import trends

CHANGE = Change(
    "digits", "pca(10)", 50, "wall_s", "regression", 1.0, 1.5, 1.5, 1.4, 1.6, 0.01, 0.1, 6, True
)
MEMORY = replace(CHANGE, quantity="peak_rss_bytes", effect=1.2, size=100)
SCORE = replace(
    CHANGE, quantity="knn_recall", effect=-0.2, tolerance=0.01, pipeline="umap", dataset="khan"
)


def test_groups_are_by_pipeline_the_gravest_first() -> None:
    groups = by_pipeline([MEMORY, CHANGE, SCORE, replace(MEMORY, dataset="khan")], METRICS)
    assert [g["pipeline"] for g in groups] == ["umap", "pca(10)"]
    assert groups[0]["told"] == "kNN recall, on khan (1 row)"
    assert groups[1]["told"] == "wall time, peak memory, on 2 data sets (3 rows)"
    assert [len(g["rows"]) for g in groups] == [1, 3]
    assert groups[1]["rows"][0][:3] == ("digits", "50", "wall time"), "without the pipeline"


def test_many_kinds_are_counted() -> None:
    told = by_cause("abcde", lambda c: 1, ord, str, lambda c: "d")[0].told
    assert told == "e, d, c and 2 more, on d (5 rows)"


def test_quantities_have_names() -> None:
    assert quantity_title("cpu_s") == "processor time"
    assert quantity_title("my_own_metric") == "my_own_metric"


def test_the_page_folds_rows_under_pipeline_and_range() -> None:
    found = Comparison(
        base="v1.0",
        head="feature",
        changes=(CHANGE, MEMORY, SCORE),
        lost=(),
        pairs=6,
    )
    text = page(found)
    assert "from <code>v1.0</code> to <code>feature</code>" in text
    assert text.count('<details class="cause">') == 2
    assert text.index("<strong>umap</strong>") < text.index("<strong>pca(10)</strong>")
    assert "peak_rss_bytes" not in text, "names in words"


def test_lost_runs_fold_under_pipelines_those_who_lost_most_first() -> None:
    lost = [
        LostRun("k", dataset, pipeline, 50, repeat, status, "of its own")
        for dataset, pipeline, repeats, status in (
            ("digits", "umap", 1, "timeout"),
            ("digits", "pca(10)", 2, "crashed"),
            ("khan", "pca(10)", 2, "missing"),
        )
        for repeat in range(repeats)
    ]
    found = Comparison("a", "b", (), tuple(lost), 0)
    text = page(found)
    assert text.count('<details class="cause">') == 2
    assert "<strong>pca(10)</strong>: crashed, missing, on 2 data sets (4 runs)" in text
    assert text.index("<strong>pca(10)</strong>") < text.index("<strong>umap</strong>")
    assert text.count("<td>of its own</td>") == 3


def with_own_metric(records: list[RunRecord]) -> list[RunRecord]:
    """The same scores, by a metric that is not of the package."""
    described = OwnMetric(
        title="Spread of my cells",
        range=(0.0, 1.0),
        direction="max",
        source="",
        group="labels",
        needs=(),
        margin=0.01,
        secondary=False,
        tasks=("predict",),
        version="1",
    )
    return [
        r.model_copy(
            update={
                "scores": {"my_spread": r.scores["balanced_accuracy"]} if r.scores else {},
                "spec": r.spec.model_copy(update={"metrics": ("my_spread",)}),
                "own_metrics": {"my_spread": described},
            }
        )
        for r in records
    ]


def test_own_metrics_bear_their_titles(tmp_path: Path) -> None:
    real = digits_runs()
    base = with_own_metric(at(real, 1))
    head = with_own_metric(worsen(at(real, 2), "mlp", score=0.2))
    gone = head[0].model_copy(update={"scores": {}})
    found = compare_records(base, [gone, *head[1:]])
    assert found.regressions
    assert found.lost[0].reason.startswith("Spread of my cells: ")
    for text in (page(found), markdown(found)):
        assert "Spread of my cells" in text
        assert "my_spread" not in text
    assert json.loads(to_json(found))["changes"][0]["quantity"] == "my_spread", "for machines"


def test_own_metrics_bear_their_titles_in_a_history(tmp_path: Path) -> None:
    real = digits_runs()
    kept = []
    for place in range(8):
        runs = at(real, place)
        kept += entries(with_own_metric(worsen(runs, "mlp", score=0.2) if place > 4 else runs))[0]
    found = trends(joined(kept))
    assert found.findings
    seen = write_history(found, tmp_path / "h.html").read_text(encoding="utf-8")
    changed = seen.partition('id="changes"')[2].partition("</section>")[0]
    assert "<strong>mlp</strong>" in changed
    assert "Spread of my cells" in changed
    assert ">my_spread" not in changed
    assert "Spread of my cells" in next(iter(_table(found).columns[4].cells)).plain
