"""A suite that grows for as long as its budget allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import builders
from omicsbench.planning.suite import Suite, adapted, load_suite
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.running import growing
from omicsbench.running.growing import planned_s, predicted_s, run_within
from suites import tiny_suite


def runs(sizes: Sequence[int], fit_s: float) -> list[RunRecord]:
    """Two repeats a size, whose cost grows in proportion to n."""
    return [
        builders.record(
            builders.spec(size=n, repeat=repeat),
            phases={"fit_s": fit_s * n / 10, "warm_up_s": 1.0},
            environment={"cpu": "a"},
        )
        for n in sizes
        for repeat in range(2)
    ]


def test_what_a_larger_size_takes_is_predicted_from_smaller_ones() -> None:
    total = predicted_s(runs([10, 20, 40, 80], 1.0), 160)
    assert total == pytest.approx(1 + 2 * 16, rel=0.3)


@pytest.mark.parametrize(("budget_s", "expected"), [(1e6, [10, 20, 40]), (15.0, [10, 20])])
def test_it_stops_before_a_size_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget_s: float, expected: list[int]
) -> None:
    tried: list[tuple[Any, ...]] = []

    def run_suite(suite: Suite, out: Path, **more: Any) -> list[RunRecord]:
        tried.append(suite.sizes or ())
        return runs([size for size in suite.sizes or () if isinstance(size, int)], 2.0)

    monkeypatch.setattr(growing, "run_suite", run_suite)
    said: list[str] = []
    registry: Registry = discover()
    done = run_within(
        tiny_suite("pca"),
        [10, 20, 40],
        tmp_path,
        budget_s,
        own_data=[OwnData(Path("x.csv"))],
        registry=registry,
        tell=said.append,
    )
    assert done == expected
    assert tried == [tuple(expected[: i + 1]) for i in range(len(expected))]
    assert bool(said) == (expected != [10, 20, 40])


def test_it_stops_where_nothing_finishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_suite(suite: Suite, out: Path, **more: Any) -> list[RunRecord]:
        sizes = [size for size in suite.sizes or () if isinstance(size, int)]
        return [r.model_copy(update={"status": Status.TIMEOUT}) for r in runs(sizes, 2.0)]

    monkeypatch.setattr(growing, "run_suite", run_suite)
    said: list[str] = []
    own = [OwnData(Path("x.csv"))]
    suite, registry = tiny_suite("pca"), discover()
    done = run_within(
        suite, [10, 20], tmp_path, 1e6, own_data=own, registry=registry, tell=said.append
    )
    assert (done, said) == ([10], ["No run finished at n = 10, so larger ones are left out."])


def test_more_sizes_are_planned_to_take_longer(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("id,a,b\n1,2,3\n2,3,4\n")
    registry, own = discover(), [OwnData(tmp_path / "x.csv")]
    suite = adapted(load_suite("quick"), own, (), {})
    starts, each = planned_s(suite, [50, 500, 50_000], own, registry)
    assert starts > 0
    assert 0 < each[50] < each[500] < each[50_000]
