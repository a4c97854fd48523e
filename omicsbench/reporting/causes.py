"""What changed, by its likely cause: what one pipeline did in one range of commits."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from omicsbench.metrics import METRICS, Metric

COSTS = {"wall_s": "wall time", "cpu_s": "processor time", "peak_rss_bytes": "peak memory"}
NAMED = 3  # quantities in a headline
Noted = TypeVar("Noted")


@dataclass(frozen=True)
class CauseGroup(Generic[Noted]):
    """Rows that share a cause, the gravest first; ``told`` says in words what they are."""

    rows: tuple[Noted, ...]
    told: str

    @property
    def first(self) -> Noted:
        return self.rows[0]


def quantity_title(quantity: str, metrics: Mapping[str, Metric] = METRICS) -> str:
    """A quantity as a reader calls it; a metric that is not known by its name."""
    if quantity in COSTS:
        return COSTS[quantity]
    return metrics[quantity].title if quantity in metrics else quantity


def by_cause(
    rows: Iterable[Noted],
    cause: Callable[[Noted], Hashable],
    weight: Callable[[Noted], float],
    named: Callable[[Noted], str],
    dataset: Callable[[Noted], str],
    counted: str = "row",
) -> list[CauseGroup[Noted]]:
    """The rows by ``cause``, groups and rows in them by falling ``weight``.

    ``named`` says in words what changed in a row, and ``dataset`` on what; ``counted`` is what a
    row is called.
    """
    groups: dict[Hashable, list[Noted]] = {}
    for one in sorted(rows, key=weight, reverse=True):
        groups.setdefault(cause(one), []).append(one)
    return [
        CauseGroup(
            tuple(found),
            _in_words([named(r) for r in found], {dataset(r) for r in found}, counted),
        )
        for found in groups.values()
    ]


def _in_words(names: list[str], datasets: set[str], counted: str) -> str:
    """For instance ``peak memory, wall time and 2 more, on 3 data sets (14 rows)``."""
    kinds = list(dict.fromkeys(names))
    more = len(kinds) - NAMED
    said = ", ".join(kinds[:NAMED]) + (f" and {more} more" if more > 0 else "")
    where = f"{len(datasets)} data sets" if len(datasets) > 1 else next(iter(datasets))
    return f"{said}, on {where} ({len(names):,} {counted}{'s'[: len(names) != 1]})"
