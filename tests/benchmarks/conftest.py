"""What ``make bench`` stores of a run, and how it tells what changed since the baseline."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

# Input shared with asv's benchmarks, which asv imports by themselves.
sys.path.append(str(Path(__file__).parents[1] / "asv"))

FACTS = ("system", "machine", "python_version", "cpu")  # of a machine; its name is nobody's matter
LINES = pytest.StashKey[list[str]]()


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    cpu = machine_info.get("cpu", {})
    kept = {name: machine_info.get(name) for name in FACTS}
    kept["cpu"] = {name: cpu.get(name) for name in ("brand_raw", "count")}
    machine_info.clear()
    machine_info.update(kept)


def pytest_benchmark_update_commit_info(commit_info: dict[str, Any]) -> None:
    for name in ("project", "branch"):  # the folder's and the branch's name
        commit_info.pop(name, None)


def pytest_benchmark_update_json(config: pytest.Config, output_json: dict[str, Any]) -> None:
    """Leave out single timings, so that a baseline can be committed; compare with it."""
    for one in output_json["benchmarks"]:
        one["stats"].pop("data", None)
        one.pop("options", None)
    baseline = config.getoption("benchmark_compare")
    if isinstance(baseline, str) and Path(baseline).is_file():
        stored = json.loads(Path(baseline).read_text(encoding="utf-8"))
        config.stash[LINES] = changes(stored, output_json)
    elif not config.getoption("benchmark_json"):
        config.stash[LINES] = ["No baseline to compare with: `make bench-save` writes one."]


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Change of each median in per cent, largest first; what is new or gone is said as well."""
    old, new = (
        {one["name"]: one["stats"]["median"] for one in run["benchmarks"]} for run in (before, now)
    )
    shift = {name: 100 * (new[name] / old[name] - 1) for name in old.keys() & new.keys()}
    lines = [
        f"{shift[name]:+8.1f} %  {1e3 * old[name]:12.4f} -> {1e3 * new[name]:12.4f} ms  {name}"
        for name in sorted(shift, key=lambda name: -shift[name])
    ]
    lines += [f"       new  {name}" for name in sorted(new.keys() - old.keys())]
    lines += [f"      gone  {name}" for name in sorted(old.keys() - new.keys())]
    if before["machine_info"] != now["machine_info"]:
        lines.append("The baseline is of another machine or Python: its times are not comparable.")
    return lines


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("change of medians since the baseline")
        for line in lines:
            terminalreporter.write_line(line)
