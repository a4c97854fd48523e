"""The command of a calibration: its tables printed, and put between two marks of a page."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def calibrate(
    about: str | None, tables: Callable[[int], str], page: Path, marks: tuple[str, str]
) -> None:
    """``--curves N`` of each kind; ``--write`` puts the tables into the page between its marks."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--curves", type=int, default=4_000, help="of each kind")
    parser.add_argument("--write", action="store_true", help=f"into docs/{page.name}")
    options = parser.parse_args()
    text = tables(options.curves)
    print(text)
    if not options.write:
        return
    begin, end = marks
    head, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found, tail = rest.partition(end)
    if not found:
        raise SystemExit(f"{page} has no place for the tables: {begin} ... {end}")
    page.write_text(f"{head}{begin}\n\n{text}\n{end}{tail}", encoding="utf-8")
