"""What ``make bench`` tells of a baseline."""

from __future__ import annotations

from typing import Any

from since_baseline import changes


def _run(cpu: str, **medians: float) -> dict[str, Any]:
    benchmarks = [{"name": name, "stats": {"median": m}} for name, m in medians.items()]
    return {"machine_info": {"cpu": cpu}, "benchmarks": benchmarks}


def test_changes_are_told_largest_first() -> None:
    lines = changes(_run("a", slow=0.1, fast=0.4, old=1), _run("a", slow=0.15, fast=0.1, young=1))
    assert [line.split() for line in lines] == [
        ["+50.0", "%", "100.0000", "->", "150.0000", "ms", "slow"],
        ["-75.0", "%", "400.0000", "->", "100.0000", "ms", "fast"],
        ["new", "young"],
        ["not", "run", "old"],
    ]


def test_times_of_another_machine_are_not_compared_in_silence() -> None:
    lines = changes(_run("a", one=0.1), _run("b", one=0.1))
    assert lines[-1].endswith("its times are not comparable.")
    assert len(changes(_run("a", one=0.1), _run("a", one=0.1))) == 1
