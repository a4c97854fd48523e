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
import typer
import yaml

from omicsbench.cli.main import app
from omicsbench.planning.suite import suites
from omicsbench.records import store

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / ".github" / "actions" / "compare" / "action.yml"
GUIDE = ROOT / "docs" / "ci.md"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
USAGE_ERROR = typer.BadParameter.__bases__  # of the click that typer brings along
OPERATORS = {"&&", "||", ";", "|", "(", ")"}
OPENING = {"if", "then", "else", "elif", "while", "do", "exec", "time", "!", "{"}
SHELLS = ("console", "sh", "bash")


def _blocks(path: Path, *languages: str) -> list[str]:
    """Fenced blocks of a Markdown file in any of the languages."""
    fence = rf"```(?:{'|'.join(languages)})\n(.*?)```"
    return re.findall(fence, path.read_text(encoding="utf-8"), re.DOTALL)


def _scripts(tree: Any) -> Iterator[str]:
    """Shell texts of a workflow, an action (`run`) or a GitLab file (`script`), at any depth."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "run" and isinstance(value, str):
                yield value
            elif key == "script":
                yield "\n".join([value] if isinstance(value, str) else value)
            else:
                yield from _scripts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _scripts(value)


def _commands(script: str) -> Iterator[list[str]]:
    """Words of each `omicsbench` or `make` command of a shell text, however it is reached."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>")
        lexer.whitespace_split = True
        part: list[str] = []
        for word in [*lexer, ";"]:
            if word not in OPERATORS:
                part.append(word)
                continue
            while part and (part[0] in OPENING or re.match(r"\w+=", part[0])):
                part.pop(0)
            if part and Path(part[0]).name in ("omicsbench", "make"):
                ends = [at for at, w in enumerate(part) if set(w) <= set("<>&|")]
                yield [Path(part[0]).name, *part[1 : ends[0] if ends else None]]
            part = []


def _problem(command: list[str]) -> str:
    """What is wrong with a command; empty if nothing."""
    name, *words = command
    if name == "make":
        variables = [word.partition("=")[0] for word in words if "=" in word]
        targets = [word for word in words if "=" not in word]
        missing = [
            t for t in targets if not re.search(rf"^{re.escape(t)}:", MAKEFILE, re.MULTILINE)
        ]
        missing += [v for v in variables if f"$({v})" not in MAKEFILE]
        return f"the Makefile has no {', '.join(missing)}" if missing else ""
    group = typer.main.get_command(app)
    if not words or words[0] not in group.commands:  # type: ignore[attr-defined]
        return f"omicsbench has no command {' '.join(words[:1])}"
    try:
        parsed = group.commands[words[0]].make_context(words[0], words[1:])  # type: ignore[attr-defined]
    except USAGE_ERROR as error:
        return error.format_message()
    suite = parsed.params.get("suite", "quick")
    if suite not in suites() and not suite.startswith("$") and not suite.endswith(".toml"):
        return f"there is no suite {suite}"
    return ""


def _all_commands() -> list[tuple[str, list[str]]]:
    found = []
    for path in [*WORKFLOWS, ACTION]:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [(path.name, c) for text in _scripts(tree) for c in _commands(text)]
    for block in _blocks(GUIDE, "yaml"):
        found += [(GUIDE.name, c) for t in _scripts(yaml.safe_load(block)) for c in _commands(t)]
    for block in _blocks(GUIDE, *SHELLS):
        found += [(GUIDE.name, c) for c in _commands(block.replace("$ ", ""))]
    return found


COMMANDS = _all_commands()
NAMES = [" ".join([where, *command]) for where, command in COMMANDS]


@pytest.mark.parametrize(("where", "command"), COMMANDS, ids=NAMES)
def test_every_command_exists_with_its_options(where: str, command: list[str]) -> None:
    problem = _problem(command)
    assert not problem, f"{where}: {shlex.join(command)}: {problem}"


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
    (command,) = _commands(script)
    assert _problem(command)


@pytest.mark.parametrize(
    "script",
    [
        'omicsbench run "$SUITE" --out "$OUT/head" > log 2>&1',
        "exec omicsbench list methods || exit 3",
        "make test PYTHON=python",
    ],
)
def test_a_right_command_is_accepted(script: str) -> None:
    (command,) = _commands(script)
    assert _problem(command) == ""


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
    shown = [c for b in _blocks(GUIDE, "yaml") if "uses:" in b for c in _ours(GUIDE, b)]
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
