"""What changed is grouped by its cause, the gravest first, and said in words."""

from __future__ import annotations

from dataclasses import replace

from omicsbench.reporting.causes import by_cause, quantity_title
from omicsbench.reporting.comparison_page import by_pipeline, page
from omicsbench.tracking.compare import Change, Comparison

CHANGE = Change(
    "digits", "pca(10)", 50, "wall_s", "regression", 1.0, 1.5, 1.5, 1.4, 1.6, 0.01, 0.1, 6, True
)
MEMORY = replace(CHANGE, quantity="peak_rss_bytes", effect=1.2, size=100)
SCORE = replace(
    CHANGE, quantity="knn_recall", effect=-0.2, tolerance=0.01, pipeline="umap", dataset="khan"
)


def test_groups_are_by_pipeline_the_gravest_first() -> None:
    groups = by_pipeline([MEMORY, CHANGE, SCORE, replace(MEMORY, dataset="khan")])
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
