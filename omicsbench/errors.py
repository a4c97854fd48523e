"""Errors that are the user's to mend: one sentence, what is wrong and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class OmicsbenchError(Exception):
    """Bad input. The CLI prints the sentence and exits with code 2, without a traceback."""


class DataError(OmicsbenchError):
    """A data file or data set that cannot be used as it is."""


class RegistryError(OmicsbenchError):
    """An unknown, duplicate or broken method, data set, metric or suite."""


class StoreError(OmicsbenchError):
    """A results folder that cannot be read or written."""


def unknown(what: str, name: str, known: Sequence[str]) -> str:
    """One sentence for a name that is not known, with the closest that is."""
    close = difflib.get_close_matches(name, known, n=1)
    some = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    hint = f"did you mean {close[0]}?" if close else f"known: {some}."
    return f"Unknown {what} {name!r}; {hint}"
