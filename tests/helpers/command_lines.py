"""Commands in workflows and documents: found, and parsed as the command line does."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from omicsbench.cli.main import app
from omicsbench.planning.suite import suites

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
USAGE_ERROR = typer.BadParameter.__bases__  # of the click that typer brings along
OPERATORS = {"&&", "||", ";", "|", "(", ")"}
OPENING = {"if", "then", "else", "elif", "while", "do", "exec", "time", "!", "{"}
SHELLS = ("console", "sh", "bash")


def blocks(path: Path, *languages: str) -> list[str]:
    """Fenced blocks of a Markdown file in any of the languages."""
    fence = rf"```(?:{'|'.join(languages)})\n(.*?)```"
    return re.findall(fence, path.read_text(encoding="utf-8"), re.DOTALL)


def scripts(tree: Any) -> Iterator[str]:
    """Shell texts of a workflow, an action (`run`) or a GitLab file (`script`), at any depth."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "run" and isinstance(value, str):
                yield value
            elif key == "script":
                yield "\n".join([value] if isinstance(value, str) else value)
            else:
                yield from scripts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from scripts(value)


def commands(script: str) -> Iterator[list[str]]:
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


def problem(command: list[str]) -> str:
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
