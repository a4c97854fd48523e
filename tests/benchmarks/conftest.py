"""What ``make bench`` stores of a run, and how it tells what changed since the baseline."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

# Helpers of the experiments, and the input shared with asv's benchmarks, which stand by themselves.
sys.path += [str(Path(__file__).parents[1] / folder) for folder in ("experiments", "asv")]

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
        from since_baseline import changes

        config.stash[LINES] = changes(stored, output_json)
    elif not config.getoption("benchmark_json"):
        config.stash[LINES] = ["No baseline to compare with: `make bench-save` writes one."]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("change of medians since the baseline")
        for line in lines:
            terminalreporter.write_line(line)
