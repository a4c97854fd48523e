"""What a contestant counts with at a size that is too dear for it: what fewer samples gave it.

Whoever has n samples can train on some of them. So one of several contestants that took more than
its limits at a size, or was left out for that, counts there with its scores at its largest smaller
size. Else a side would be ahead because its best rival cannot be paid any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from omicsbench.verdict.pairs import RunScores


def lasting(side: Mapping[str, RunScores], sizes: Sequence[int]) -> dict[str, RunScores]:
    """The contestants of a side; none changes at a size that nobody of the side could pay."""
    there = [
        any(np.isfinite(one.scores[:, place]).any() for one in side.values())
        for place in range(len(sizes))
    ]
    return {name: _lasting(one, sizes, there) for name, one in side.items()}


def _lasting(one: RunScores, sizes: Sequence[int], there: Sequence[bool]) -> RunScores:
    if not any(one.too_dear):
        return one
    source = list(range(len(sizes)))  # the place that each size's scores are of
    failed = list(one.failed)
    last = None
    for place in source.copy():
        if np.isfinite(one.scores[:, place]).any():
            last = place
        elif one.too_dear[place] and there[place] and last is not None:
            source[place] = last
            failed[place] += f", and counts with what it reached at n = {sizes[last]:,}"
    return replace(one.at(source), failed=tuple(failed))
