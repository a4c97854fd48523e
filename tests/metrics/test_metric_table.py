"""The table of which metrics say the same."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from builders import record, spec
from omicsbench.records.spec import RunRecord

SCRIPT = Path(__file__).parents[1] / "experiments" / "metric_table.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    found = importlib.util.spec_from_file_location("metric_table", SCRIPT)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def ran(method: str, level: float, size: int = 20, **more: object) -> RunRecord:
    scores = {"r2": level, "rmse": 1 - level, "spearman": (7 * level) % 1}
    of = spec(task="regress", pipeline=method, size=size, metrics=tuple(scores))
    return record(of, scores=scores, rooms={"r2": (0.0, 1.0)}, **more)


def runs() -> list[RunRecord]:
    levels = dict(zip("abcde", (0.1, 0.3, 0.4, 0.6, 0.8), strict=True))
    made = [ran(method, level) for method, level in levels.items()]
    made += [ran(method, 1 - level, size=10) for method, level in levels.items()]
    return [*made, ran("known", 0.99, family="control")]


@pytest.mark.parametrize("k", [1, 3])
def test_unrelated_metrics_count_each_and_equal_ones_once(script: ModuleType, k: int) -> None:
    assert script.effective(pd.DataFrame(np.eye(k))) == pytest.approx(k)
    assert script.effective(pd.DataFrame(np.ones((k, k)))) == pytest.approx(1)
    assert script.effective(pd.DataFrame(np.full((k, k), np.nan))) == pytest.approx(k)


def test_losses_are_turned_and_the_largest_size_is_taken(script: ModuleType) -> None:
    found = script.scores([runs()])
    assert set(found["method"]) == set("abcde"), "controls are no methods"
    matrix = script.correlations(found)
    wide = found.pivot(index="method", columns="metric", values="value")
    assert wide["r2"].tolist() == [0.1, 0.3, 0.4, 0.6, 0.8]
    assert matrix.loc["r2", "rmse"] == pytest.approx(1)
    expected = wide["r2"].corr(wide["spearman"], method="spearman")
    assert matrix.loc["r2", "spearman"] == pytest.approx(expected)


def test_too_few_methods_tell_nothing(script: ModuleType) -> None:
    few = [r for r in runs() if r.spec.pipeline in "abc"]
    assert script.correlations(script.scores([few])).empty


def test_the_page_has_rooms_and_the_number_of_metrics(script: ModuleType) -> None:
    text = script.tables(script.scores([runs()]))
    assert "| `d` | `r2` | 0.000 | 0.100 | 0.800 | 1.000 |  |" in text
    assert "Effective number of metrics: **" in text
