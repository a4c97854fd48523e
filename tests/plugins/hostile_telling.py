"""Hostile to omicsbench: methods that tell absurd things of themselves (`fit_info_`)."""

from __future__ import annotations

import datetime
import decimal
import os
from pathlib import Path

import numpy as np

from hostility import on_telling


@on_telling("ok")
def tells_not_a_number():
    """NaN and infinities."""
    return {"nan": float("nan"), "inf": float("inf"), "array": np.array([-np.inf, 1.0])}


@on_telling("ok")
def tells_surrogates():
    """The name of a file that is no UTF-8."""
    return {"file": os.fsdecode(b"b\xff.txt"), "key\ud800": "\udfff"}


@on_telling("ok")
def tells_controls():
    """NUL, escapes of terminals, scripts."""
    return {"\0": "\x1b[2J\0\u2028<script>alert(1)</script>", "__proto__": {"x": 1}}


@on_telling("ok")
def tells_bytes():
    """Bytes."""
    return {"bytes": b"\xff\0", b"key": bytearray(b"x"), "view": memoryview(b"x")}


@on_telling("ok")
def tells_odd_keys():
    """Keys that are no text, of which some become equal as text."""
    return {1: "a", "1": "b", None: "c", (1, 2): "d", 1.5: "e", float("nan"): "f", 0: {True: "g"}}


@on_telling("ok")
def tells_odd_values():
    """Dates, paths, sets, types, functions, decimals, complex numbers."""
    return {
        "date": datetime.datetime(1, 1, 1),
        "path": Path("/"),
        "set": {1, "a", None},
        "type": int,
        "function": print,
        "decimal": decimal.Decimal("sNaN"),
        "complex": 1j,
        "numpy": np.float16(1),
        "structured": np.zeros(1, dtype=[("a", "i4")]),
    }


@on_telling("ok")
def tells_great_numbers():
    """A whole number of a hundred thousand digits."""
    return {"n": 10**100_000, "m": -(2**70)}


@on_telling("ok")
def tells_at_length():
    """A text of 100 MB."""
    return {"text": "x" * 100_000_000}


@on_telling("ok")
def tells_many_things():
    """A million entries."""
    return {str(n): n for n in range(1_000_000)}


@on_telling("ok")
def tells_an_array():
    """Ten million numbers."""
    return {"weights": np.zeros(10_000_000)}


@on_telling("ok")
def tells_in_a_circle():
    """Itself."""
    circle = {"a": []}
    circle["a"].append(circle)
    return circle


@on_telling("ok")
def tells_too_deeply():
    """A hundred thousand levels."""
    deep = {}
    for _ in range(100_000):
        deep = {"deeper": deep}
    return deep


@on_telling("ok|error")
def tells_what_cannot_be_shown():
    """An object that raises when it is shown."""

    class Mute:
        def __repr__(self):
            raise RuntimeError("not a word")

        __str__ = __repr__

    return {"mute": Mute()}


@on_telling("ok|error")
def tells_what_exits():
    """An object that leaves when it is shown."""

    class Exits:
        def __repr__(self):
            raise SystemExit(0)

    return {"exits": Exits()}


@on_telling("error", "ValueError: not now")
def tells_nothing():
    """Raises when it is asked."""
    raise ValueError("not now")


@on_telling("ok|error")
def tells_no_dictionary():
    """A list."""
    return ["loss", 0.1]


@on_telling("ok|error")
def tells_a_number():
    """A number."""
    return 3


@on_telling("ok|timeout|out_of_memory", then="ok|skipped")
def tells_without_end():
    """A dictionary that has always one more key."""

    class Endless(dict):
        def keys(self):
            return iter(lambda: 0, 1)

        __iter__ = keys

        def items(self):
            return iter(lambda: ("k", 1), 0)

        def __getitem__(self, key):
            return key

        def __len__(self):
            return 1

    return Endless(a=1)


@on_telling("ok")
def tells_what_looks_like_a_record():
    """Fields of a record."""
    return {"key": "../../x", "status": "ok", "scores": {"knn_recall": 1.0}, "spec": {}}
