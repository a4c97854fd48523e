"""For mkdocs: links that leave docs/ lead to where it is hosted; the help of every command, and
notebooks, stand in their pages."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

import typer

from omicsbench.cli.main import app

LINK = re.compile(r"(\]\()([^)\s#]+)([^)]*\))")
NOTEBOOK = re.compile(r"<!-- notebook: (\S+) -->")
HELP = "<!-- help of every command -->"


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Called by mkdocs with each page, before it is rendered."""
    here = PurePosixPath("docs", page.file.src_uri).parent

    def outside(found: re.Match[str]) -> str:
        target = normpath(here / found[2])
        if "://" in found[2] or target.startswith("docs/"):
            return found[0]
        return f"{found[1]}{config.repo_url}/blob/main/{target}{found[3]}"

    linked = LINK.sub(outside, markdown).replace(HELP, _help())
    return NOTEBOOK.sub(lambda m: _cells(Path(config.docs_dir, m[1])), linked)


def _cells(path: Path) -> str:
    """A notebook as a part of a page, its headings one level deeper."""
    texts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        code = cell["cell_type"] == "code"
        texts.append(f"```python\n{text}\n```" if code else re.sub(r"^#", "##", text, flags=re.M))
    return "\n\n".join(texts)


def _help() -> str:
    group: Any = typer.main.get_command(app)
    top = group.make_context("omicsbench", ["list", "methods"])
    texts = []
    for name, command in group.commands.items():
        context = type(top)(command, info_name=name, parent=top)
        texts.append(f"## {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(texts)
