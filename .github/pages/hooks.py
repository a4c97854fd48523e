"""For mkdocs: links that leave docs/ lead to where it is hosted; the help of every command."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any

import typer

from omicsbench.cli.main import app

LINK = re.compile(r"(\]\()([^)\s#]+)([^)]*\))")
HELP = "<!-- help of every command -->"


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Called by mkdocs with each page, before it is rendered."""
    here = PurePosixPath("docs", page.file.src_uri).parent

    def outside(found: re.Match[str]) -> str:
        target = normpath(here / found[2])
        if "://" in found[2] or target.startswith("docs/"):
            return found[0]
        return f"{found[1]}{config.repo_url}/blob/main/{target}{found[3]}"

    return LINK.sub(outside, markdown).replace(HELP, _help())


def _help() -> str:
    group: Any = typer.main.get_command(app)
    top = group.make_context("omicsbench", ["list", "methods"])
    texts = []
    for name, command in group.commands.items():
        context = type(top)(command, info_name=name, parent=top)
        texts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(texts)
