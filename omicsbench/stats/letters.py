"""A compact letter display: who is told apart from whom, as letters (Piepho 2004).

Two contestants share a letter if and only if they are not told apart (10.1198/1061860043515).
Piepho inserts and absorbs, which finds every largest group, and of these there may be 2^(P/2).
Here groups are grown until each pair that is not told apart is in one: at most as many as pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

Groups = tuple[tuple[int, ...], ...]


def groups(order: Sequence[int], level: NDArray[np.bool_]) -> Groups:
    """Groups none of whose pairs is told apart, and which hold every such pair, best first.

    ``order`` are the P contestants, the best first; ``level`` (P, P) tells who is not told apart
    from whom. No group is part of another, and none can be spared.
    """
    found: list[tuple[int, ...]] = []
    together = np.zeros_like(level)
    for pair in [(p, p) for p in order] + [*combinations(order, 2)]:
        if level[pair] and not together[pair]:
            grown = set(pair)
            for p in order:
                if level[p, list(grown)].all():
                    grown.add(p)
            found.append(tuple(p for p in order if p in grown))
            together[np.ix_(found[-1], found[-1])] = True
    place = {p: i for i, p in enumerate(order)}
    return tuple(sorted(_needed(found, len(order)), key=lambda of: [place[p] for p in of]))


def _needed(found: Sequence[tuple[int, ...]], contestants: int) -> list[tuple[int, ...]]:
    """Without groups all of whose pairs are in others."""
    times = np.zeros((contestants, contestants), dtype=int)
    for group in found:
        times[np.ix_(group, group)] += 1
    left = []
    for group in found:
        own = np.ix_(group, group)
        if (times[own] > 1).all():
            times[own] -= 1
        else:
            left.append(group)
    return left


def letters(found: Groups, contestants: int) -> list[str]:
    """The letters of each contestant's groups, such as ``ab``; of more than 26 ``z aa``."""
    between = "" if len(found) <= len(ascii_lowercase) else " "
    return [
        between.join(_letter(i) for i, group in enumerate(found) if p in group)
        for p in range(contestants)
    ]


def _letter(i: int) -> str:
    """a to z, then aa, ab and on."""
    rest, last = divmod(i, len(ascii_lowercase))
    return (_letter(rest - 1) if rest else "") + ascii_lowercase[last]
