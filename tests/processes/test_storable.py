"""What a method says is stored as JSON, whatever it is, or left out with the reason."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from omicsbench.processes.storable import facts, text


class Unspeakable:
    def __repr__(self) -> str:
        raise SystemExit(3)


def _itself() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["itself"] = [found]
    return found


def _deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(40):
        found = [found, found]
    return found


def test_facts_become_plain_values() -> None:
    told = {
        "loss": np.float32(0.5),
        "losses": np.array([[1.0, np.nan]]),
        "steps": np.int64(3),
        "worst": float("inf"),
        "large": 10**400,
        "name": "\udcff\0ä",
        "odd": Unspeakable(),
        3: (True, None),
        ("a", 1): b"\xff",
    }
    assert facts(told) == {
        "loss": 0.5,
        "losses": [[1.0, None]],
        "steps": 3,
        "worst": None,
        "large": str(10**400),
        "name": "\\udcff\\x00ä",
        "odd": "<a Unspeakable that cannot be shown>",
        "3": [True, None],
        "('a', 1)": "b'\\xff'",
    }
    json.dumps(facts(told), allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (_itself(), "nested more than"),
        ({"x": _deep()}, "nested more than"),
        ({"x": np.zeros(10**6)}, "more than 20000 values"),
        ({"x": ["y" * 10**6] * 10**5}, "more than 20000 values"),
        ({"x": range(10)}, None),
        (5, "not iterable"),
        (Unspeakable(), "not iterable"),
    ],
)
def test_what_is_too_much_is_left_out_with_the_reason(told: Any, why: str | None) -> None:
    found = facts(told)
    assert (why is None) or why in found["left_out"]
    assert len(json.dumps(found)) < 1000


def test_a_text_is_cut_and_never_raises() -> None:
    assert text("a" * 10**8) == "a" * 2000
    assert text(ValueError("\ud800")) == "\\ud800"
    assert "cannot be shown" in text(Unspeakable())
