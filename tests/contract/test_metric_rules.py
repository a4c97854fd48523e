"""Rules of metrics: the project's own keep them, and each wrong metric is told what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.cli.templates import write_template
from omicsbench.contract.checks import check_metric, check_path
from omicsbench.metrics import METRICS, Metric

HEAD = """
import numpy as np
from omicsbench.plugin import Estimate, MetricUndefined, metric

@metric(title="Mine", range=(0, 1), direction="max", source="tests", group="labels")
"""
GOOD = (
    HEAD
    + '''
def mine(embedding, expression):
    """Says what it is."""
    return float(np.allclose(embedding, expression))
'''
)
NAME = "says what it is"
SCORES = "scores a random and a perfect output, within the declared range"
PREFERS = "a perfect output scores no worse than a random one"
SAME = "the same input has the same score"
UNTOUCHED = "the input is left unchanged"
REASONS = "what it cannot score raises MetricUndefined"
CELLS = "numbers of single cells, where given, have the score as their mean"


@pytest.mark.parametrize("metric", list(METRICS.values()), ids=list(METRICS))
def test_the_projects_own_metrics_keep_the_rules(metric: Metric) -> None:
    checks = list(check_metric(metric))
    assert len(checks) == 7
    assert [c for c in checks if c.problem] == []


def test_the_template_passes_the_checks(tmp_path: Path) -> None:
    checks = check_path(write_template("metric", "my_own", tmp_path))
    assert len(checks) == 7
    assert [c for c in checks if c.problem] == []


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        (NAME, "(embedding, expression):\n    return float(np.allclose(embedding, expression))"),
        (SCORES, "(embedding, expression):\n    'Doc.'\n    return 1.01"),
        (SCORES, "(embedding):\n    'Doc.'\n    raise MetricUndefined('not today')"),
        (SCORES, "(embedding):\n    'Doc.'\n    return np.nan"),
        (
            PREFERS,
            "(embedding, expression):\n    'Doc.'\n    return embedding[0, 0] != expression[0, 0]",
        ),
        (SAME, "(embedding):\n    'Doc.'\n    return np.random.rand()"),
        (UNTOUCHED, "(embedding):\n    'Doc.'\n    embedding += 1\n    return 0.5"),
        (
            UNTOUCHED,
            "(gene_neighbors):\n    'Doc.'\n    gene_neighbors.ranks[0] = 0\n    return 0.5",
        ),
        (REASONS, "(embedding):\n    'Doc.'\n    return len(embedding[5]) > 0"),
        (REASONS, "(labels):\n    'Doc.'\n    return 0.5 if labels.max() >= 0 else labels.max()"),
        (CELLS, "(embedding):\n    'Doc.'\n    return Estimate(0.5, np.zeros(len(embedding)))"),
        (CELLS, "(embedding):\n    'Doc.'\n    return Estimate(0.5, np.full(3, 0.5))"),
    ],
)
def test_a_broken_rule_is_told(tmp_path: Path, rule: str, body: str) -> None:
    (tmp_path / "good.py").write_text(GOOD.replace("mine", "fine"))
    (tmp_path / "bad.py").write_text(f"{HEAD}def mine{body}\n")
    problems = {c.rule: c.problem for c in check_path(tmp_path) if c.problem}
    assert rule in problems
    assert {c.subject for c in check_path(tmp_path) if c.problem} == {"mine"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (HEAD.replace('"max"', '"up"') + "def mine(embedding): ...", "direction is 'up'"),
        (HEAD.replace("(0, 1)", "(1, 0)") + "def mine(embedding): ...", "range"),
        (
            HEAD.replace('"labels")', '"labels", tasks=("embedd",))') + "def mine(embedding): ...",
            "tasks",
        ),
        (HEAD + "def mine(embedding, moon): ...", "needs ['moon']"),
    ],
)
def test_a_wrong_declaration_is_a_file_that_cannot_be_used(
    tmp_path: Path, wrong: str, told: str
) -> None:
    (tmp_path / "bad.py").write_text(wrong)
    (check,) = check_path(tmp_path)
    assert check.rule == "the file can be imported"
    assert told in str(check.problem)


def test_the_name_of_another_metric_is_taken(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(GOOD.replace("mine", "knn_recall"))
    (problem,) = [c.problem for c in check_path(tmp_path) if c.problem]
    assert "structure.py declares 'knn_recall' already" in str(problem)
