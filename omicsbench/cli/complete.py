"""Names that a shell completes; nothing is completed where something cannot be read."""

from __future__ import annotations

from collections.abc import Iterable

from omicsbench.errors import OmicsbenchError


def suites(incomplete: str) -> list[str]:
    """Suites that begin so."""
    from omicsbench.planning.suite import suites as known

    return _beginning(incomplete, known())


def methods(incomplete: str) -> list[str]:
    """Methods that begin as the last stage does: ``pca > um`` is completed too."""
    before, sign, stage = incomplete.rpartition("> ")
    return [f"{before}{sign}{name}" for name in _beginning(stage, _registered("methods"))]


def datasets(incomplete: str) -> list[str]:
    """Data sets that begin so."""
    return _beginning(incomplete, _registered("datasets"))


def metrics(incomplete: str) -> list[str]:
    """Lists of metrics, parted by commas, whose last begins so."""
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _beginning(last, _registered("metrics"))]


def names(incomplete: str) -> list[str]:
    """Whatever `show` shows."""
    return [*methods(incomplete), *datasets(incomplete), *metrics(incomplete), *suites(incomplete)]


def _registered(kind: str) -> list[str]:
    from omicsbench.registry.discover import discover

    try:
        return list(getattr(discover(), kind))
    except OmicsbenchError:
        return []


def _beginning(text: str, known: Iterable[str]) -> list[str]:
    return sorted(name for name in known if name.startswith(text))
