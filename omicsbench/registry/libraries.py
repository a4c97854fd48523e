"""Which libraries a method or metric works with, so that a record can name their versions."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from omicsbench.registry.discover import source_files


def modules_of(make: Any, needs: Iterable[str] = ()) -> set[str]:
    """Top-level names of the modules that a class or function works with in this process.

    Its own; and, as far as they are loaded, those that it declares to need and those that its
    file and the files beside it import, be it inside of a function.
    """
    path = getattr(sys.modules.get(make.__module__), "__file__", None)
    file = Path(path) if path else None
    used = {name.partition(".")[0] for name in needs} | (_imports(file) if file else set())
    own = {make.__module__.partition(".")[0], _package(file) if file else ""}
    return own | (used & sys.modules.keys())


def _package(file: Path) -> str:
    """The package in whose folders a file lies, which may be read by its path; "" if in none."""
    folders = [folder for folder in file.parents if (folder / "__init__.py").is_file()]
    return folders[-1].name if folders else ""


@cache
def _imports(file: Path) -> frozenset[str]:
    names: set[str] = set()
    for code in source_files(file).values():
        with contextlib.suppress(SyntaxError, ValueError):  # a compiled module has no source
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.add(node.module.partition(".")[0])
    return frozenset(names)
