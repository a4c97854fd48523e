"""What the harness itself costs: runs that do nothing, isolated and stored one by one.

``make bench`` measures; without it this is a plain test that the 200 runs succeed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omicsbench.plan import Planned
from omicsbench.runner import run_suite
from omicsbench.spec import RunRecord
from omicsbench.suite import make_suite

RUNS = 200


class _Watch:
    """Notes when each record arrived: from the first on, the worker is up and warm."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def dataset(self, name: str, share: float) -> None:
        pass

    def start(self, todo: Sequence[Planned], done: int) -> None:
        pass

    def record(self, record: RunRecord) -> None:
        self.times.append(time.perf_counter())


def test_harness_time_per_run(benchmark: Any, tmp_path: Path) -> None:
    suite = make_suite({
        "name": "overhead", "pipelines": ["random_embedding"], "metrics": [], "repeats": RUNS,
        "datasets": [{"name": "linear_control(n=1000)", "sizes": [50]}], "n_components": 2,
    })  # fmt: skip
    rounds: list[float] = []

    def once() -> None:
        watch = _Watch()
        records = run_suite(suite, tmp_path / str(len(rounds)), observer=watch)
        assert [r.status for r in records] == ["ok"] * RUNS
        rounds.append((watch.times[-1] - watch.times[0]) / (RUNS - 1))

    benchmark.pedantic(once, rounds=3 if benchmark.enabled else 1)
    benchmark.extra_info["harness_s_per_run"] = sorted(rounds)[len(rounds) // 2]
    if benchmark.enabled:
        print(f"\nharness time per run, without worker start: {sorted(rounds)} s")
