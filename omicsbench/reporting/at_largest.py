"""The runs whose details are drawn: those of one task at the largest size of each place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.places import OF_RUN, Place
from omicsbench.reporting.style import FAMILIES


def at_largest(records: Iterable[RunRecord], task: str) -> list[RunRecord]:
    """Finished runs of a task at the largest size of their place at which any run finished."""
    done = [r for r in records if r.spec.task == task and r.status is Status.OK]
    top: dict[Place, int] = {}
    for r in done:
        top[Place.of(r)] = max(r.spec.size, top.get(Place.of(r), 0))
    chosen = [r for r in done if r.spec.size == top[Place.of(r)]]
    return sorted(chosen, key=lambda r: (Place.of(r), r.spec.pipeline, r.spec.repeat))


def absent(records: Iterable[RunRecord], shown: Sequence[RunRecord]) -> dict[Place, str]:
    """Of each place that is shown, the pipelines without a result at its size, and how they ended.

    For instance ``net(2): 4 timeout, 1 crashed; net(3): not run``; places that miss none are left
    out.
    """
    size = {Place.of(r): r.spec.size for r in shown}
    known = {(Place.of(r), r.spec.pipeline) for r in shown}
    ends: dict[Place, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for r in records:
        at = Place.of(r)
        if at in size and (at, r.spec.pipeline) not in known:
            here = r.spec.size == size[at] and r.status is not Status.OK
            ends[at][r.spec.pipeline] += Counter([r.status.value] if here else [])
    return {
        at: "; ".join(
            f"{name}: {', '.join(f'{n} {end}' for end, n in sorted(of.items())) or 'not run'}"
            for name, of in sorted(missing.items())
        )
        for at, missing in ends.items()
    }


def pipelines_of(table: pd.DataFrame) -> list[str]:
    """The pipelines in a table, in the order of the legend."""
    names = set(table[["family", "pipeline"]].itertuples(index=False, name=None))
    return [name for _, name in sorted(names, key=lambda n: (FAMILIES.index(n[0]), n[1]))]


def frame(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Rows as a table that has its columns even where it is empty."""
    found = pd.DataFrame(list(rows), columns=[*OF_RUN, *columns])
    return found.astype({"output_dim": "Int64"})
