"""What --help shows: options by what they are for, whole sentences, examples that can be typed."""

from __future__ import annotations

import re

import pytest
import typer

from command import inside
from command_lines import commands, problem
from omicsbench.cli.examples import EXAMPLES, FIRST
from omicsbench.cli.main import app
from omicsbench.cli.options import ByPurpose, Grouped

COMMANDS: dict[str, Grouped] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_commands_are_listed_by_what_they_are_for_and_never_cut() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, ByPurpose)
    text = inside("--help").stdout
    panels = [c.rich_help_panel for c in COMMANDS.values()]
    assert all(panels), "every command belongs to a panel"
    places = [text.index(f"\n{panel}:\n") for panel in dict.fromkeys(map(str, panels))]
    assert places == sorted(places)
    assert "..." not in text.partition("Measure:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_examples_that_can_be_typed(name: str) -> None:
    assert isinstance(COMMANDS[name], Grouped), "or its examples are not shown"
    text = inside(name, "--help").stdout
    assert EXAMPLES[name]
    for line, what in EXAMPLES[name]:
        assert f"  $ {line}\n      {what}\n" in text, "whole, in one line"
        (words,) = commands(line.replace("git bisect run ", ""))
        assert not problem(words), line
        assert words[1] == name
        assert len(line) < 96


def test_examples_are_of_commands_that_there_are() -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()


def test_the_help_of_all_begins_with_examples_too() -> None:
    text = inside("--help").stdout
    assert len(FIRST) >= 2
    for line, what in FIRST:
        assert f"  $ {line}\n      {what}\n" in text, "whole, in one line"
        (words,) = commands(line)
        assert not problem(words), line
        assert len(line) < 96


@pytest.mark.parametrize("name", COMMANDS)
def test_many_options_are_told_apart_by_panels(name: str) -> None:
    options = [p for p in COMMANDS[name].params if p.param_type_name == "option"]
    panels = {getattr(p, "rich_help_panel", None) for p in options}
    if len(options) > 2:
        assert None not in panels, [p.name for p in options if not p.rich_help_panel]
    if len(options) > 5:
        assert len(panels) >= 2, panels


def test_shells_complete_what_can_be_named() -> None:
    def completed(*words: str) -> list[str]:
        variables = {
            "_OMICSBENCH_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("omicsbench", *words)),
            "COMP_CWORD": str(len(words)),
        }
        return inside(env=variables).stdout.split("\n")

    assert "quick" in completed("run", "qu")
    assert "pca" in completed("run", "-m", "pc")
    assert "scmark_immune" in completed("run", "--dataset", "scm")
    assert "knn_recall" in completed("run", "--metrics", "knn_rec")
    assert "knn_recall,trustworthiness" in completed("run", "--metrics", "knn_recall,trustw")
    assert "pca" in completed("show", "pc")
    assert re.search("--install-completion", inside("--help").stdout)
