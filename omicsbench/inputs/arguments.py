"""Arguments of the Python interface that are of a wrong type: one sentence each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omicsbench.errors import OmicsbenchError

PathLike = str | os.PathLike[str]


def as_path(given: PathLike) -> Path:
    """A folder or file. Raises OmicsbenchError for what names none."""
    if not isinstance(given, str | os.PathLike):
        raise OmicsbenchError(f"A folder or file is named by a path, not a {type(given).__name__}.")
    return Path(given)


def maybe_path(given: PathLike | None) -> Path | None:
    """The same of what may be left out."""
    return None if given is None else as_path(given)


def require_lists(**given: Any) -> None:
    """Raise OmicsbenchError for an option, by name, that is no list."""
    for option, value in given.items():
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise OmicsbenchError(f"{option} takes a list: {option}=[{value!r}].")


def as_text(what: str, given: object) -> str:
    """A name, of ``what``. Raises OmicsbenchError for what is no text."""
    if not isinstance(given, str):
        raise OmicsbenchError(f"A {what} is named by text, not by a {type(given).__name__}.")
    return given
