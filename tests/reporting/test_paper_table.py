"""The table for a paper: its numbers, what it marks, and that names cannot break it."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pandas as pd
import pytest

import builders
from omicsbench.errors import OmicsbenchError
from omicsbench.metrics import METRICS
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.material import gather
from omicsbench.reporting.paper_table import PaperTables, paper_tables

ANALYSIS = Analysis(reference="", margins={"knn_recall": 0.02, "held_out_features": 0.5})
SCORES = {"best_one": 0.80, "within": 0.785, "beyond": 0.77}


def _records(names: dict[str, float]) -> list[RunRecord]:
    """Three repeats at two sizes; at the larger n the scores are those of ``names`` on average."""
    made = []
    for i, (name, score) in enumerate(names.items()):
        for size in (50, 100):
            for repeat, shift in enumerate((-0.001, 0.0, 0.001)):
                of = builders.spec(
                    dataset="my_data", pipeline=name, size=size, repeat=repeat, pipeline_id=name
                )
                value = score + shift - (size == 50) * 0.3
                made.append(
                    builders.record(
                        of,
                        family="deep" if i else "simple",
                        output_dim=10,
                        scores={"knn_recall": value},
                    )
                )
    return made


@pytest.fixture(scope="module")
def tables() -> PaperTables:
    return paper_tables(gather(_records(SCORES), ANALYSIS), ANALYSIS)


def test_best_and_ties_within_the_margin_are_marked_at_the_largest_n(tables: PaperTables) -> None:
    (table,) = tables.tables
    assert table.title == "my_data, n = 100, 10 dimensions"
    marks = {name: cell.mark for (name, _), cell in table.cells.items()}
    assert marks == {"best_one": "best", "within": "tie", "beyond": ""}
    assert table.pipelines == {"simple": ["best_one"], "deep": ["beyond", "within"]}


def test_means_and_intervals_are_those_of_the_summary(tables: PaperTables) -> None:
    scores = gather(_records(SCORES), ANALYSIS).scores
    rows = scores[scores["size"] == 100].set_index("pipeline")
    for (name, _), cell in tables.tables[0].cells.items():
        assert (cell.mean, cell.low, cell.high) == tuple(rows.loc[name, ["mean", "low", "high"]])
    read = pd.read_csv(io.StringIO(tables.csv()), float_precision="round_trip")
    assert dict(zip(read["pipeline"], read["mean"], strict=True)) == rows["mean"].to_dict()


def test_latex_is_a_booktabs_table(tables: PaperTables) -> None:
    text = tables.latex()
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\usepackage{booktabs}"):
        assert rule in text
    assert r"best\_one & \textbf{0.800} {\small [0.798, 0.802]} \\" in text
    assert r"within & \underline{0.785} {\small" in text
    assert r"beyond & 0.770 {\small" in text
    assert r"kNN recall" in text
    assert r"with 95 \% intervals" in text
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")]
    assert {line.count("&") for line in body.splitlines() if "&" in line} == {1}


def test_markdown_has_the_same_marks(tables: PaperTables) -> None:
    text = tables.markdown()
    assert "| best\\_one | **0.800** (0.798 to 0.802) |" in text
    assert "| within | *0.785* (" in text
    assert "| beyond | 0.770 (" in text
    assert tables._repr_markdown_() == text


def test_names_cannot_break_the_table() -> None:
    evil = r"a_b & 50% $x$ {y} #1 ~ ^ \input{/etc/passwd} | <b> > c"
    found = paper_tables(gather(_records({evil: 0.5, "other": 0.4}), ANALYSIS), ANALYSIS)
    row = next(line for line in found.latex().splitlines() if "passwd" in line)
    assert r"\textbackslash{}input\{/etc/passwd\}" in row
    assert not re.search(r"(?<!\\)[%#]", row)
    assert len(re.findall(r"(?<!\\)&", row)) == 1
    line = next(line for line in found.markdown().splitlines() if "passwd" in line)
    assert len(re.findall(r"(?<!\\)\|", line)) == 3
    assert "<b>" not in line


def test_where_smaller_is_better_the_smallest_is_best() -> None:
    name = next(m.name for m in METRICS.values() if m.direction == "min" and not m.secondary)
    records = [
        r.model_copy(update={"scores": {name: r.scores["knn_recall"]}}) for r in _records(SCORES)
    ]
    stated = Analysis(reference="", margins={name: 0.02})
    (table,) = paper_tables(gather(records, stated), stated).tables
    marks = {pipeline: cell.mark for (pipeline, _), cell in table.cells.items()}
    assert marks == {"beyond": "best", "within": "tie", "best_one": ""}
    assert "↓" in PaperTables([table]).markdown()


def test_without_a_metric_that_counts_there_is_no_table() -> None:
    records = [r.model_copy(update={"scores": {"silhouette": 0.5}}) for r in _records(SCORES)]
    with pytest.raises(OmicsbenchError, match="no run was scored by a metric that counts"):
        paper_tables(gather(records, ANALYSIS), ANALYSIS)


def test_files_by_the_end_of_their_name(tables: PaperTables, tmp_path: Path) -> None:
    assert tables.save(tmp_path / "t.tex").read_text(encoding="utf-8") == tables.latex()
    assert tables.save(tmp_path / "t.md").read_text(encoding="utf-8") == tables.markdown()
    with pytest.raises(OmicsbenchError, match=r"end in \.tex, \.md, \.csv"):
        tables.save(tmp_path / "t.docx")
