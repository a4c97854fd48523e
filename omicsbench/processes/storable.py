"""What a method says, made storable: text that is Unicode, values that are JSON, both bounded.

A message may hold undecodable file names (lone surrogates) or NUL, and what a method tells of
itself may be of any type, size or depth, refer to itself, or raise when it is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

LONGEST = 2_000  # characters of one text
DEEPEST = 12  # levels of what a method tells
MOST = 20_000  # values of it; 50 characters of text count as one more
WIDEST = 2**63  # of whole numbers, as tables hold them


class TooMuch(ValueError):
    """More than is kept of what a method tells."""


def text(value: object, longest: int = LONGEST) -> str:
    """Any object as text that can be stored and shown, never raising; the end is cut off."""
    try:
        found = value if type(value) is str else str(value)
        found = found[:longest]
    except BaseException:  # its __str__ is a method's code too
        found = f"<a {_name(type(value))} that cannot be shown>"
    kept = found.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in kept)


def _name(kind: type) -> str:
    return text(kind.__name__, 100)


def facts(told: object) -> dict[str, Any]:
    """What a method tells of itself (``fit_info_``) as JSON can hold it.

    Numbers of numpy become numbers, NaN and infinity None, anything unknown text. Where it is
    too much or cannot be read, it is left out, and ``left_out`` says why.
    """
    try:
        found = _plain(dict(told), [MOST], DEEPEST)  # type: ignore[call-overload]
    except BaseException as error:
        return {"left_out": f"fit_info_ cannot be kept: {text(error, 300)}"}
    assert isinstance(found, dict)
    return found


def _plain(value: Any, left: list[int], depth: int) -> Any:
    """One value; ``left`` counts how many more may come, ``depth`` how many levels."""
    _spend(left, 1)
    if depth < 0:
        raise TooMuch(f"it is nested more than {DEEPEST} levels deep")
    if isinstance(value, np.ndarray | np.generic):
        _spend(left, value.size)
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -WIDEST <= value < WIDEST:
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {text(k, 200): _plain(v, left, depth - 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, left, depth - 1) for one in value]
    found = text(value)
    _spend(left, len(found) // 50)
    return found


def _spend(left: list[int], values: int) -> None:
    left[0] -= values
    if left[0] < 0:
        raise TooMuch(f"it holds more than {MOST} values")
