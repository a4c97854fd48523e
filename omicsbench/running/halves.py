"""The half of the molecules that was held out, embedded by a pipeline that never saw it.

That comes after everything else is fitted and applied, and is not timed: ``transform_s`` is of the
half that methods are given.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from omicsbench.prepare.parts import HALVES, Handed, PartName
from omicsbench.prepare.subsample import Rows
from omicsbench.running.fitting import Fitted, count, output


def embed_halves(fitted: Fitted, rows: Rows, handed: Handed, parts: Collection[PartName]) -> None:
    """Set ``fitted.halves`` of these parts, (rows, d) in the order of the part's own output.

    The rows have the same depth there (``prepare.evened``). They are given to the methods in
    another order than those of the first half, so that what depends on a row's place alone, such
    as noise drawn with a fixed seed, agrees by chance.
    """
    for part in parts:
        half, n = HALVES[part], count(rows.X[part])
        order = np.random.default_rng([rows.spec.seed, n]).permutation(n)
        rows.add_half(part, handed, order)
        Z = rows.X[half]
        for step in fitted.steps:
            Z = output(step, half, Z, rows, rows.spec.device)
        placed = np.empty_like(Z)
        placed[order] = Z
        fitted.halves[part] = placed
