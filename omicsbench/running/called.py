"""The call of the Python interface that ran a suite, as text for the report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def as_python(suite: str, data: object, given: Mapping[str, object], out: Path) -> str:
    """The call ``omicsbench.run(...)``; an AnnData is shown by its shape, None is left out."""
    shown = {key: value for key, value in given.items() if value is not None}
    parts = [repr(suite)] + ([f"data={_shown(data)!r}"] if data is not None else [])
    parts += [f"{key}={value!r}" for key, value in shown.items()]
    return f"omicsbench.run({', '.join(parts)}, out={str(out)!r})"


def _shown(data: Any) -> str:
    if isinstance(data, str | os.PathLike):
        return os.fspath(data)
    kind = type(data).__name__
    if hasattr(data, "shape"):
        return f"<{kind} of {' x '.join(map(str, data.shape))}>"
    return f"<{kind}>"
