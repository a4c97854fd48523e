"""Which metrics count, as the documents list them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from omicsbench.metrics import METRICS
from omicsbench.plugin import Task

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def test_the_page_lists_all_that_count_and_no_others() -> None:
    text = PAGE.read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| (\w+) \| `(\w+)` \| .*\? \|$", text, re.MULTILINE))
    declared = [getattr(metric.function, "info", metric) for metric in METRICS.values()]
    counted = {(task, m.name) for m in declared if not m.secondary for task in m.tasks}
    assert listed == counted
    for task in get_args(Task):
        assert 1 <= sum(of == task for of, _ in counted) <= 6, "few"


def test_what_counts_is_held_against_a_floor_and_a_ceiling() -> None:
    for metric in METRICS.values():
        counts = not getattr(metric.function, "info", metric).secondary
        if counts and metric.name != "weakest_modality_recall":  # nobody knows what it can reach
            assert metric.room is not None, metric.name
