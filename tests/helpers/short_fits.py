"""Fits cut short for tests of what every method must do, whatever it has learnt by then.

A budget is known by the name of its parameter, so that a new method costs no more than others.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

BUDGETS = {
    "max_steps": 40,
    "epochs": 5,
    "members": 2,
    "ensemble": 2,
    "samples": 10,
    "n_estimators": 20,
}
OWN: dict[str, dict[str, int]] = {"scvi": {"max_steps": 10}, "ldvae": {"max_steps": 10}}


def short(make: Callable[..., Any]) -> dict[str, int]:
    """The budgets of a method that are larger than a test needs, cut."""
    known = inspect.signature(make).parameters
    name = getattr(make, "info").name  # noqa: B009 - set by a decorator
    wanted = {**BUDGETS, **OWN.get(name, {})}
    return {
        budget: least
        for budget, least in wanted.items()
        if budget in known and isinstance(known[budget].default, int)
        if known[budget].default > least
    }


def shorten(monkeypatch: pytest.MonkeyPatch, make: type) -> None:
    """Make cut budgets the defaults of a method, for as long as a test takes."""
    cut = short(make)
    if not cut:
        return
    init: Any = make.__init__  # type: ignore[misc]
    known = inspect.signature(init).parameters.values()
    stated = [p for p in known if p.default is not p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    assert cut.keys() <= {p.name for p in stated}
    defaults = tuple(cut.get(p.name, p.default) for p in stated)
    monkeypatch.setattr(init, "__defaults__", defaults)
