"""The section that compares a GPU with the processor, and its table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import pandas as pd

from omicsbench.verdict.devices import SpeedUp

COLUMNS = (
    *("dataset", "task", "output_dim", "pipeline", "device", "threads", "currency", "size"),
    *("pairs", "ratio", "ratio_low", "ratio_high", "pays_from"),
)
BY = {"seconds": "wall time", "price": "money", "joules": "energy"}


@dataclass(frozen=True)
class DeviceView:
    """One data set's rows: a pipeline on a device, by one currency."""

    dataset: str
    task: str
    sizes: tuple[int, ...]
    rows: tuple[tuple[SpeedUp, str, str, tuple[str, ...]], ...]  # by what, in words, a cell a size


def device_table(found: Sequence[SpeedUp]) -> pd.DataFrame:
    """One row per contestant, device, currency and size.

    ``ratio`` is the processor's cost over the device's, with its 95 % interval: above 1 the device
    is the cheaper one. ``pays_from`` is the n from which on that is shown.
    """
    rows = [
        (
            *(one.dataset, one.task, one.output_dim, one.pipeline, one.device, one.threads),
            *(one.currency, size, one.pairs[i], one.ratio[i], one.low[i], one.high[i]),
            one.pays_from,
        )
        for one in found
        for i, size in enumerate(one.sizes)
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"output_dim": "Int64", "pays_from": "Int64"})


def device_views(found: Sequence[SpeedUp]) -> list[DeviceView]:
    """What the page shows, by task and data set."""
    views = []
    for task, dataset in dict.fromkeys((one.task, one.dataset) for one in found):
        own = [one for one in found if (one.task, one.dataset) == (task, dataset)]
        sizes = tuple(sorted({size for one in own for size in one.sizes}))
        rows = tuple((one, BY[one.currency], _sentence(one), _cells(one, sizes)) for one in own)
        views.append(DeviceView(dataset, task, sizes, rows))
    return views


def _sentence(one: SpeedUp) -> str:
    """From which n the device pays, if it does."""
    by, last = BY[one.currency], one.sizes[-1]
    if one.pays_from is None:
        return f"not shown to pay by {by} up to n = {last:,}"
    where = f"from n = {one.pays_from:,}" if one.pays_from > one.sizes[0] else "at every n tried"
    return f"pays by {by} {where}"


def _cells(one: SpeedUp, sizes: Sequence[int]) -> tuple[str, ...]:
    cells = []
    for size in sizes:
        if size not in one.sizes:
            cells.append("")
            continue
        i = one.sizes.index(size)
        ends = f" ({one.low[i]:.2g} to {one.high[i]:.2g})" if isfinite(one.low[i]) else ""
        cells.append(f"{one.ratio[i]:.2g}{ends}")
    return tuple(cells)
