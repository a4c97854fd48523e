"""Workflows and code cannot drift apart: every command in them exists, with those options.

Read are the workflows, the action for other repositories and the YAML examples of the documents.
Each `omicsbench` command is parsed by the command line itself, though not carried out.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from command_lines import SHELLS, blocks, commands, problem, scripts
from omicsbench.planning.suite import suites
from omicsbench.records import store

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / ".github" / "actions" / "compare" / "action.yml"
GUIDE = ROOT / "docs" / "ci.md"


def _all_commands() -> list[tuple[str, list[str]]]:
    found = []
    for path in [*WORKFLOWS, ACTION]:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [(path.name, c) for text in scripts(tree) for c in commands(text)]
    for block in blocks(GUIDE, "yaml"):
        found += [(GUIDE.name, c) for t in scripts(yaml.safe_load(block)) for c in commands(t)]
    for block in blocks(GUIDE, *SHELLS):
        found += [(GUIDE.name, c) for c in commands(block.replace("$ ", ""))]
    return found


COMMANDS = _all_commands()
NAMES = [" ".join([where, *command]) for where, command in COMMANDS]


@pytest.mark.parametrize(("where", "command"), COMMANDS, ids=NAMES)
def test_every_command_exists_with_its_options(where: str, command: list[str]) -> None:
    found = problem(command)
    assert not found, f"{where}: {shlex.join(command)}: {found}"


def test_the_commands_are_found() -> None:
    """Or the test above would pass for having nothing to look at."""
    by_place = {
        place: {(c[0], c[1]) for where, c in COMMANDS if where == place}
        for place in ("ci.yml", "nightly.yml", "ab.yml", ACTION.name, GUIDE.name)
    }
    assert by_place["ci.yml"] >= {("make", "test"), ("omicsbench", "list"), ("omicsbench", "run")}
    assert by_place["nightly.yml"] >= {("make", "asv"), ("omicsbench", "history")}
    assert by_place["ab.yml"] == {("omicsbench", "ab")}
    for place in (ACTION.name, GUIDE.name):
        assert by_place[place] >= {("omicsbench", "run"), ("omicsbench", "compare")}


@pytest.mark.parametrize(
    "script",
    [
        "omicsbench compere base head",
        "omicsbench run nonsense",
        "omicsbench run quick --nonsense",
        "omicsbench run quick \\\n  --repeats two",
        "cd x && BASE=1 .venv/bin/omicsbench list nothing | tee log",
        'if [ -n "$X" ]; then "$HOME/bin/omicsbench" report; fi',
        "make tset",
        "make test PYTHNO=python3.12",
    ],
)
def test_a_wrong_command_is_found(script: str) -> None:
    (command,) = commands(script)
    assert problem(command)


@pytest.mark.parametrize(
    "script",
    [
        'omicsbench run "$SUITE" --out "$OUT/head" > log 2>&1',
        "exec omicsbench list methods || exit 3",
        "make test PYTHON=python",
    ],
)
def test_a_right_command_is_accepted(script: str) -> None:
    (command,) = commands(script)
    assert problem(command) == ""


def _steps(tree: dict[str, Any]) -> list[dict[str, Any]]:
    jobs = tree.get("jobs", {"action": tree.get("runs", {})})
    return [step for job in jobs.values() for step in job.get("steps", [])]


def _ours(path: Path, block: str | None = None) -> Iterator[dict[str, Any]]:
    """The `with` of each step that uses this project's action."""
    tree = yaml.safe_load(block or path.read_text(encoding="utf-8"))
    steps = _steps(tree) if isinstance(tree, dict) else tree
    for step in steps:
        if ".github/actions/compare" in step.get("uses", ""):
            yield step["with"]


def test_the_action_is_called_with_inputs_it_has() -> None:
    inputs = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["inputs"]
    required = {name for name, of in inputs.items() if of.get("required")}
    calls = [call for path in WORKFLOWS for call in _ours(path)]
    shown = [c for b in blocks(GUIDE, "yaml") if "uses:" in b for c in _ours(GUIDE, b)]
    assert calls
    assert shown
    for call in [*calls, *shown]:
        assert required <= call.keys() <= inputs.keys()
    for call in calls:  # what the project compares itself with is there
        assert call["suite"] in suites()
        assert store.holds_records(ROOT / call["baseline"]), call["baseline"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_jobs_end_and_have_no_more_rights_than_they_need(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = yaml.safe_load(text)
    assert tree["permissions"] == {}
    assert tree["concurrency"]["group"]
    assert "pull_request_target" not in text
    assert "secrets." not in text
    for name, job in tree["jobs"].items():
        assert job["timeout-minutes"] <= 360, name
        writes = {right for right, kind in job["permissions"].items() if kind != "read"}
        assert not writes or "environment" in job, f"{name} may write {writes}"


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda p: p.name)
def test_actions_of_others_are_pinned_and_say_their_version(path: Path) -> None:
    lines = re.findall(r"uses: (?!\./)(.*)", path.read_text(encoding="utf-8"))
    assert lines
    for line in lines:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
