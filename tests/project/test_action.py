"""The steps of the action for other repositories, carried out by bash on a small suite."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ACTION = Path(__file__).parents[2] / ".github" / "actions" / "compare" / "action.yml"
SUITE = """
name = "small"
repeats = 3
n_components = 2
threads = 1
metrics = ["knn_recall"]
pipelines = ["first_axes"]
[[datasets]]
name = "linear_control(n=300)"
sizes = [50]
"""
PLUGIN = """
import numpy as np
from omicsbench.plugin import method

@method(name="first_axes", family="simple", summary="The first features of every cell.",
        source="https://example.org")
class FirstAxes:
    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        return self

    def transform(self, X):
        return np.asarray(X[:, : self.n_components], dtype=np.float32)
"""


@pytest.fixture
def carry_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Carries out the steps that have a script and are not left out; their exit codes by name."""
    (tmp_path / "omicsbench").symlink_to(Path(sys.executable).parent.parent)
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "small.toml").write_text(SUITE)
    (tmp_path / "bench" / "first_axes.py").write_text(PLUGIN)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    defaults = {name: of.get("default", "") for name, of in action["inputs"].items()}

    def carry_out(**given: str) -> dict[str, int]:
        inputs = defaults | {"suite": "bench/small.toml", "plugins": "bench"} | given
        codes: dict[str, int] = {}
        for step in action["runs"]["steps"]:
            if "run" not in step or step["name"] == "Install":
                continue
            if any(codes.values()) and step.get("if") != "always()":
                continue
            environment = {
                name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: inputs[m[1]], value)
                for name, value in step["env"].items()
            }
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", step["run"]],
                cwd=tmp_path,
                env=os.environ | environment,
                capture_output=True,
                text=True,
                check=False,
            )
            codes[step["name"]] = done.returncode
        return codes

    return carry_out


def test_the_action_passes_what_is_unchanged_and_fails_what_crashes(
    carry_out: Any, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    # Without a baseline there is nothing to pass; what was run can become one.
    first = carry_out(baseline="bench/baseline", out="first")
    assert first["Run the suite"] == 0
    assert first["Compare"] != 0
    assert first["Summary"] == 0
    assert "compared nothing" in summary.read_text()
    (tmp_path / "first" / "head").rename(tmp_path / "bench" / "baseline")

    summary.unlink()
    same = carry_out(baseline="bench/baseline", out="same")
    assert same == {"Run the suite": 0, "Compare": 0, "Summary": 0}
    assert summary.read_text() == (tmp_path / "same" / "comparison.md").read_text()
    for name in ("comparison.xml", "comparison.json"):
        assert (tmp_path / "same" / name).stat().st_size > 100

    summary.unlink()
    broken = PLUGIN.replace("return np.asarray", "raise ValueError('broken')\n        return np.a")
    (tmp_path / "bench" / "first_axes.py").write_text(broken)
    crashed = carry_out(baseline="bench/baseline", out="crashed")
    assert crashed == {"Run the suite": 0, "Compare": 4, "Summary": 0}
    assert "broken" in summary.read_text()
