"""Three short answers: what to use, deep learning from which n, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median

from omicsbench.reporting.cases import (
    DataCase,
    Tally,
    among,
    and_,
    counted,
    measures,
    number_of,
    span,
)
from omicsbench.verdict.verdict import Verdict

NAMED = 3  # pipelines that are to be used equally often
USE, FROM, COST = "Use", "Deep learning from", "Cost of deep"
NO_DEEP = "no deep pipeline has results beside simple ones"
NO_COST = "no deep run beside a simple one has a cost that is known"


@dataclass(frozen=True)
class Tile:
    """A short answer: its question, the answer, and what it rests on."""

    asks: str
    says: tuple[str, ...]
    note: str


def tiles(case: DataCase) -> tuple[Tile, ...]:
    """Of one data set."""
    return _use(case), _from_n(case), _cost(case)


def tiles_over(cases: Sequence[DataCase]) -> tuple[Tile, ...]:
    """Of several data sets."""
    return _use_over(cases), _from_n_over(cases), _cost_over(cases)


def _use(case: DataCase) -> Tile:
    if not case.uses:
        return Tile(USE, ("open",), case.why_none)
    rule = "the cheapest that nothing is shown to beat"
    if not case.settled:
        rule = "the cheapest of those that are beaten by the fewest measures"
    return Tile(USE, tuple(case.told), f"{rule}, at n = {case.found.size:,}")


def _from_n(case: DataCase) -> Tile:
    counts = case.counts
    if not counts.total:
        return Tile(FROM, ("not compared",), NO_DEEP)
    if not case.ahead:
        said = f"{counts.open} of {measures(counts.total)} open: no reason for deep"
        note = said if counts.open else f"settled by {measures(counts.total)}"
        return Tile(FROM, (f"not up to n = {case.largest:,}",), note)
    first = case.ahead[0]
    low, high = first.ends
    by = f"by {first.scored_by.title}; ahead by {counts.ahead} of {measures(counts.total)}"
    below = " or below" if first.n_star == first.smallest else ""
    return Tile(FROM, (f"n = {first.n_star:,}{below}",), f"95 % interval {low} to {high}, {by}")


def _cost(case: DataCase) -> Tile:
    seconds = case.found.seconds.get(case.base)
    if not (case.ratios and seconds):
        return Tile(COST, ("not known",), NO_COST)
    took = f"{number_of(seconds)} s at n = {case.found.size:,}"
    return Tile(COST, (_times(span(*case.ratios)),), f"the {case.clock} of {case.base} ({took})")


def _use_over(cases: Sequence[DataCase]) -> Tile:
    singles, split, none = counted(cases)
    said = [f"on {split} it depends on the purpose"] if split else []
    said += [f"on {none} nothing can be recommended"] if none else []
    if not singles:
        return Tile(USE, ("it depends" if split else "open",), "; ".join(said))
    often = max(singles.values())
    names = tuple(name for name, times in singles.items() if times == often)[:NAMED]
    others = singles.total() - often * len(names)
    said = ([f"another on {others}"] if others else []) + said
    each = " each" if len(names) > 1 else ""
    return Tile(USE, names, "; ".join([f"on {often} of {among(len(cases), cases)}{each}", *said]))


def _from_n_over(cases: Sequence[DataCase]) -> Tile:
    counts = Tally.of(cases)
    if not counts.total:
        return Tile(FROM, ("not compared",), NO_DEEP)
    of = f"of {among(len(cases), cases)}; {counts.open} of {counts.total} comparisons open"
    won = [case for case in cases if case.ahead]
    if not won:
        largest = max(case.largest for case in cases)
        return Tile(FROM, (f"not up to n = {largest:,}",), f"on none {of}")
    ahead = [v for case in won for v in case.ahead]
    stars = [v.n_star or 0 for v in ahead]
    low, high = min(stars), max(stars)
    says = f"n = {low:,}" + (f" to {high:,}" if high > low else "")
    ends = "{} to {}".format(*_outer(ahead))
    outer = f"95 % interval {ends}" if len(ahead) == 1 else f"95 % intervals within {ends}"
    return Tile(FROM, (says,), f"where it is ahead: on {len(won)} {of}; {outer}")


def _outer(ahead: Sequence[Verdict]) -> tuple[str, str]:
    """The lowest and the highest end of the intervals of several n*, in words."""
    low = min(ahead, key=lambda v: v.interval[0] or inf)
    high = max(ahead, key=lambda v: v.interval[1] or inf)
    return low.ends[0], high.ends[1]


def _cost_over(cases: Sequence[DataCase]) -> Tile:
    least = [case.ratios[0] for case in cases if case.ratios]
    if not least:
        return Tile(COST, ("not known",), NO_COST)
    clocks = and_(list(dict.fromkeys(case.clock for case in cases if case.ratios)))
    spread = f"{span(min(least), max(least))} on {among(len(least), cases)}"
    note = f"the {clocks} of the simple one, in the median ({spread}), for the cheapest deep one"
    return Tile(COST, (_times(number_of(median(least))),), note)


def _times(number: str) -> str:
    return f"{number} times"
