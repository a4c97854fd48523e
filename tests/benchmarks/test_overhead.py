"""What the harness itself costs: runs that do nothing, isolated and stored one by one.

``make bench`` measures; without it this is a plain test that a few such runs succeed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from made_up import costless

RUNS = 200


def test_harness_time_per_run(benchmark: Any, tmp_path: Path) -> None:
    rounds: list[float] = []
    runs = RUNS if benchmark.enabled else 20

    def once() -> None:
        records, seconds = costless(tmp_path / str(len(rounds)), runs)
        assert [r.status for r in records] == ["ok"] * runs
        rounds.append(seconds)

    benchmark.pedantic(once, rounds=3 if benchmark.enabled else 1)
    benchmark.extra_info["harness_s_per_run"] = sorted(rounds)[len(rounds) // 2]
    if benchmark.enabled:
        print(f"\nharness time per run, without worker start: {sorted(rounds)} s")
