"""Tables made by a command, put into a page of the docs between two marks with their name."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def put(page: Path, name: str, text: str) -> None:
    """Put a table between ``<!-- name -->`` and ``<!-- end of name -->``."""
    page.write_text(with_table(page.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def with_table(page: str, name: str, text: str) -> str:
    """The text of a page with this table in its place. Exits where there is none."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    head, _, rest = page.partition(begin)
    _, found, tail = rest.partition(end)
    if not found:
        raise SystemExit(f"The page has no place for the table: {begin} ... {end}")
    return f"{head}{begin}\n\n{text}\n{end}{tail}"


def calibrate(about: str | None, tables: Callable[[int], str], page: Path, name: str) -> None:
    """``--curves N`` of each kind; ``--write`` puts the tables into the page under this name."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--curves", type=int, default=4_000, help="of each kind")
    parser.add_argument("--write", action="store_true", help=f"into docs/{page.name}")
    options = parser.parse_args()
    text = tables(options.curves)
    print(text)
    if options.write:
        put(page, name, text)
