"""The margin of a verdict: as the suite states it, relative to the room, or the metric's own.

The *room* of a metric on a data set lies between its floor, what knowing nothing scores there, and
its ceiling, what knowing the answer does; records hold it where it was measured (``rooms``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from omicsbench.metrics import Metric
from omicsbench.records.spec import RunRecord

ROOM_SHARE = 0.05  # of the room; docs/verdict.md says why


@dataclass(frozen=True)
class Margin:
    """The difference below which two scores count as equal.

    Attributes
    ----------
    value : in the metric's unit.
    share : of the room; None where no room was measured, as are ``floor`` and ``ceiling``.
    stated : by the suite.
    """

    value: float
    share: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    stated: bool = False

    def __str__(self) -> str:
        said = f"{self.value:.2g}"
        if self.share is None:
            return said
        room = f"the room from {self.floor:.2g} to {self.ceiling:.2g}"
        return f"{said}, {100 * self.share:.2g} % of {room}"


def margin_of(metric: Metric, records: Iterable[RunRecord], stated: Mapping[str, float]) -> Margin:
    """The margin of ``metric`` where these records, of one data set, are compared.

    ``stated`` are the suite's own margins by metric, which go first. The room is that of the
    largest size of which one is known; repeats with test rows of their own are averaged.
    """
    room = _room(metric, records)
    own = stated.get(metric.name)
    if room is None:
        return Margin(metric.margin if own is None else own, stated=own is not None)
    floor, ceiling = room
    size = abs(ceiling - floor)
    value = ROOM_SHARE * size if own is None else own
    return Margin(value, value / size, floor, ceiling, own is not None)


def _room(metric: Metric, records: Iterable[RunRecord]) -> tuple[float, float] | None:
    """Floor and ceiling; None where they are not known, or the ceiling is not the better end."""
    known = [(r.spec.size, r.rooms[metric.name]) for r in records if metric.name in r.rooms]
    if not known:
        return None
    largest = max(size for size, _ in known)
    floor, ceiling = np.mean([room for size, room in known if size == largest], axis=0)
    better = ceiling < floor if metric.direction == "min" else floor < ceiling
    return (float(floor), float(ceiling)) if better else None
