"""The picture of a data set: differences in margins at the largest n, and against n.

Only places are worked out here, in units of the drawing; the template draws them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from omicsbench.reporting.matrix import ordered
from omicsbench.verdict.pairs import SizeDifference
from omicsbench.verdict.verdict import Verdict

WIDTH, HEIGHT = 220.0, 18.0
SMALL = 96.0, 30.0  # of a sparkline
EDGE = 8.0  # for arrows and dots at an end
LEAST, MOST = 3.0, 10.0  # margins that the axis shows to either side
CROWDED = 6.0  # from which on the ends of the margin have no label of their own


@dataclass(frozen=True)
class Spark:
    """The difference against n: paths of its line, points and intervals, the margin, n*.

    ``bracket`` are the ends of the interval of n*, and ``open_left`` and ``open_right`` say that
    it goes on beyond them; None where deep is not ahead.
    """

    line: str
    points: str
    bars: str
    band: tuple[float, float]  # y and height
    zero: float
    star: float | None
    bracket: tuple[float, float] | None
    open_left: bool
    words: str


@dataclass(frozen=True)
class MeasureLine:
    """One measure: dot and interval by place; ``cut`` tells at which end it goes on."""

    verdict: Verdict
    dot: float | None
    bar: tuple[float, float] | None
    cut_left: bool
    cut_right: bool
    spark: Spark | None


@dataclass(frozen=True)
class Forest:
    """The measures of a data set on one axis, from -``limit`` to ``limit`` margins."""

    limit: float
    ticks: tuple[tuple[float, str], ...]
    band: tuple[float, float]  # x and width of the margin
    zero: float
    lines: tuple[MeasureLine, ...]


def forest(verdicts: Sequence[Verdict]) -> Forest | None:
    """The picture of verdicts of one column; None where there is none."""
    if not verdicts:
        return None
    place = {m.name: i for i, m in enumerate(ordered(v.scored_by for v in verdicts))}
    own = sorted(verdicts, key=lambda v: place[v.metric])
    ends = [abs(x) / v.margin for v in own if v.margin > 0 for x in _ends(v.last) if x is not None]
    limit = min(MOST, max(LEAST, math.ceil(max(ends, default=0.0))))
    low, high = _x(-1, limit), _x(1, limit)
    ticks = (-limit, -1.0, 0.0, 1.0, limit) if limit <= CROWDED else (-limit, 0.0, limit)
    return Forest(
        limit,
        tuple((_x(t, limit), f"{t:+.0f}".replace("-", "\u2212") if t else "0") for t in ticks),
        (low, round(high - low, 1)),
        _x(0, limit),
        tuple(_line(v, limit) for v in own),
    )


def _ends(d: SizeDifference) -> tuple[float | None, ...]:
    return d.low, d.mean, d.high


def _x(value: float, limit: float) -> float:
    """From margins to a place."""
    inside = WIDTH - 2 * EDGE
    return round(EDGE + inside * (min(max(value, -limit), limit) + limit) / (2 * limit), 1)


def _line(v: Verdict, limit: float) -> MeasureLine:
    low, mean, high = _ends(v.last)
    if v.margin <= 0 or mean is None:
        return MeasureLine(v, None, None, False, False, _spark(v))
    bar = None
    if low is not None and high is not None:
        bar = _x(low / v.margin, limit), _x(high / v.margin, limit)
    return MeasureLine(
        v,
        _x(mean / v.margin, limit) if abs(mean / v.margin) <= limit else None,
        bar,
        low is not None and low / v.margin < -limit,
        high is not None and high / v.margin > limit,
        _spark(v),
    )


def _spark(v: Verdict) -> Spark | None:
    """None with a single size."""
    known = [d for d in v.differences if d.mean is not None]
    if len(known) < 2:
        return None
    sizes = [d.size for d in known]
    values = [x for d in known for x in _ends(d) if x is not None]
    # The margin is seen whole; single wide intervals do not press the line flat.
    means = [abs(d.mean or 0.0) for d in known]
    limit = max(1.5 * v.margin, 1.2 * max(means), min(max(map(abs, values)), 3 * max(means))) or 1.0
    width, height = SMALL

    def x(size: float) -> float:
        span = math.log(sizes[-1] / sizes[0])
        return round(EDGE + (width - 2 * EDGE) * math.log(size / sizes[0]) / span, 1)

    def y(value: float) -> float:
        inside = min(max(value, -limit), limit)
        return round(2 + (height - 8) * (1 - (inside + limit) / (2 * limit)), 1)

    dots = [f"{x(d.size):g} {y(d.mean or 0.0):g}" for d in known]
    bars = [
        f"M{x(d.size):g} {y(d.low):g}V{y(d.high):g}"
        for d in known
        if d.low is not None and d.high is not None
    ]
    star, bracket = None, None
    if v.n_star is not None:
        low, high = (sizes[-1] if end is None else end for end in v.interval)
        star, bracket = x(v.n_star), (x(low), x(high))
    words = "; ".join(f"{d.mean:+.2g} at n = {d.size:,}" for d in known)
    return Spark(
        "M" + "L".join(dots),
        "".join(f"M{dot}h0" for dot in dots),
        "".join(bars),
        (y(v.margin), round(y(-v.margin) - y(v.margin), 1)),
        y(0),
        star,
        bracket,
        v.interval[0] == v.smallest,
        words,
    )
