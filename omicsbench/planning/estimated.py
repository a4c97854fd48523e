"""What an estimate says: a row for all repeats of a run, and the total of the rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.planning.known_costs import QUANTITIES
from omicsbench.planning.known_data import KnownData
from omicsbench.planning.showable import Showable
from omicsbench.records.costs import Forecast, Quantity

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Row:
    """All repeats of one (data set, pipeline, size); ``cost`` is that of one run.

    ``mark`` says what will or may not fit, or why nothing is known; ``left_out`` that a run of the
    suite will not try it.
    """

    dataset: str
    pipeline: str
    size: int
    repeats: int
    done: int
    limit_s: float
    cost: dict[Quantity, Forecast] = field(default_factory=dict)
    mark: str = ""
    left_out: bool = False

    @property
    def todo(self) -> int:
        return 0 if self.left_out else self.repeats - self.done


@dataclass(frozen=True)
class Total:
    """Of what is to do: runs, seconds with their interval (divided by ``jobs``), disk in bytes."""

    todo: int
    predicted: int
    rows_unknown: int
    rows_left_out: int
    wall_s: float
    wall_s_low: float
    wall_s_high: float
    disk_bytes: float
    disk_free_bytes: int
    jobs: int


@dataclass(frozen=True)
class SuiteEstimate:
    """A suite's runs with their predicted costs; ``stored`` and ``unreadable`` count records.

    ``reference`` is the machine of the costs by which is predicted what is not stored.
    """

    suite: str
    results: str
    stored: int
    unreadable: int
    datasets: tuple[KnownData, ...]
    rows: tuple[Row, ...]
    showable: tuple[Showable, ...]
    total: Total
    reference: str = ""


def disk_free(results: Path) -> int:
    """Free bytes where results are, or will be, written."""
    folder = next(p for p in (results.resolve(), *results.resolve().parents) if p.exists())
    return shutil.disk_usage(folder).free


def with_full_disk(rows: Sequence[Row], free: int) -> list[Row]:
    """The rows, marked from where on the disk is full."""
    made, disk = [], 0.0
    for row in rows:
        disk += _disk(row)
        full = _disk(row) and disk > free
        words = [row.mark, "will not fit: disk"]
        made.append(replace(row, mark="; ".join(filter(None, words))) if full else row)
    return made


def total(rows: Sequence[Row], jobs: int, free: int, start_s: Callable[[str], float]) -> Total:
    """Adds up the rows; ``start_s`` tells the seconds that a pipeline takes to start."""
    value, low, high = _seconds(rows, start_s)
    return Total(
        todo=sum(row.todo for row in rows),
        predicted=sum(row.todo for row in rows if row.cost),
        rows_unknown=sum(bool(row.todo) and not row.cost for row in rows),
        rows_left_out=sum(row.left_out for row in rows),
        wall_s=value / jobs,
        wall_s_low=low / jobs,
        wall_s_high=high / jobs,
        disk_bytes=sum(map(_disk, rows)),
        disk_free_bytes=free,
        jobs=jobs,
    )


def _seconds(rows: Sequence[Row], start_s: Callable[[str], float]) -> tuple[float, float, float]:
    """Value, low and high of all that is to do."""
    ends: dict[str, list[float]] = {}
    for row in rows:
        cost = row.cost.get("wall_s")
        if not row.todo or not cost:
            continue
        sums = ends.setdefault(row.pipeline, [start_s(row.pipeline)] * 3)
        for at, seconds in enumerate((cost.value, cost.low, cost.high)):
            sums[at] += row.todo * min(seconds, row.limit_s)
    value = sum(v for v, *_ in ends.values())
    below = sum((v - low) ** 2 for v, low, _ in ends.values()) ** 0.5
    above = sum((high - v) ** 2 for v, _, high in ends.values()) ** 0.5
    return value, max(value - below, 0.0), value + above


def _disk(row: Row) -> float:
    """Bytes that the row will add, as far as it can be predicted."""
    cost = row.cost.get("disk_bytes")
    return row.todo * cost.value if cost and "wall_s" in row.cost else 0.0


def as_table(found: SuiteEstimate) -> pd.DataFrame:
    """Every row as a line of a table; the totals are ``attrs["total"]``."""
    import pandas as pd

    table = pd.DataFrame([flat(row) for row in found.rows])
    table.attrs["total"] = vars(found.total)
    return table


def flat(row: Row) -> dict[str, Any]:
    """A row as one line of a table: ``wall_s``, ``wall_s_low`` and so on; None where unknown."""
    made: dict[str, Any] = {
        "dataset": row.dataset,
        "pipeline": row.pipeline,
        "size": row.size,
        "repeats": row.repeats,
        "done": row.done,
        "todo": row.todo,
    }
    for quantity in QUANTITIES:
        cost = row.cost.get(quantity)
        for end, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            made[quantity + suffix] = getattr(cost, end) if cost else None
    cost = row.cost.get("wall_s")
    return made | {"basis": cost.basis if cost else "", "mark": row.mark}
