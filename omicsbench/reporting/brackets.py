"""n* above learning curves: a bracket from end to end of its interval, an arrow where it is open.

`report.js` does the same for what the reader has chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

ROOM = 0.06  # of the spread of what is drawn, left free below and above it
ROW = 0.075  # of the plot's height, for one bracket
MOST = 4  # brackets of one chart


def ends(curves: pd.DataFrame, brackets: int) -> tuple[float, float]:
    """Where the y axis of learning curves begins and ends, with room above for brackets."""
    known = curves[["mean", "low", "high"]].astype(float)
    low, high = float(known.min().min()), float(known.max().max())
    room = (high - low or abs(high) or 1.0) * ROOM
    low, high = low - room, high + room
    taken = ROW * min(brackets, MOST)
    return low, high + (high - low) * taken / (1 - taken)


def brackets(
    stars: Sequence[Mapping[str, Any]], sizes: Sequence[int], axis: tuple[float, float]
) -> list[dict[str, Any]]:
    """The rows to draw, of crossovers whose open ends are None, at the ``sizes`` of a chart."""
    low, high = axis
    made = []
    for i, row in enumerate(stars[:MOST]):
        left_out = max(0, len(stars) - MOST) if i == MOST - 1 else 0
        more = f" and {left_out} more" if left_out else ""
        made.append(
            {
                **row,
                "from": min(sizes) if row["low"] is None else row["low"],
                "to": max(sizes) if row["high"] is None else row["high"],
                "left": "◂" if row["low"] is None else "|",
                "right": "▸" if row["high"] is None else "|",
                "star": "◆",
                "at": high - (high - low) * ROW * (i + 0.75),
                "label": f"n* {short(row['size'])}{more}",
            }
        )
    return made


def short(size: int) -> str:
    """For instance ``300``, ``2.5k``, ``130k``, ``1.3M``."""
    for unit, letter in ((1_000_000, "M"), (1_000, "k")):
        if size >= unit:
            of = size / unit
            return f"{of:.1f}".removesuffix(".0") + letter if of < 10 else f"{of:.0f}{letter}"
    return str(size)
