"""What a joint embedding keeps of each modality, of finished runs at the largest size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pandas as pd

from omicsbench.metrics.known import known
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.at_largest import frame, pipelines_of
from omicsbench.reporting.places import OF_RUN, NamedPlace, Place, of_place, of_run
from omicsbench.reporting.tables import means

SHARES = "modality_balance"  # its parts are shares of one whole
AGAIN = "weakest_modality_recall"  # its parts are those of the mean over modalities
# Apart from the hues that tell pipelines from each other; dark text can be read on all.
GREYS = ("#94a3b8", "#dbe2ea", "#b8c4d3", "#eef1f5")


def modality_table(shown: Sequence[RunRecord]) -> pd.DataFrame:
    """One row per pipeline, metric and modality: mean over repeats, its 95 % t-interval.

    ``modality`` may be a pair, such as ``rna > protein``. Metrics this version does not know are
    left out, since nothing could be said of them.
    """
    metrics = known(shown)
    rows = (
        of_run(r) | {"metric": metric, "modality": modality, "value": value}
        for r in shown
        for metric, parts in r.parts.items()
        if metric in metrics and not metrics[metric].uses_labels  # whose parts are classes
        for modality, value in parts.items()
    )
    names = ["metric", "modality"]
    return means(frame(rows, [*names, "value"]), [*OF_RUN, *names], "value").reset_index()


def modality_view(
    table: pd.DataFrame,
    records: Sequence[RunRecord],
    places: Sequence[NamedPlace],
    missing: Mapping[Place, str],
) -> list[dict[str, Any]]:
    """Per place that has such numbers: columns by metric and modality, and rows by pipeline.

    Modalities stand in the data set's order, a pair after its first; colours belong to shares.
    """
    order = {
        r.spec.dataset: {name: i for i, name in enumerate(r.dataset_info.modalities)}
        for r in records
        if r.dataset_info.modalities
    }
    made = []
    for at in places:
        here = of_place(table, at.place)
        if here.empty:
            continue
        rank = order.get(at.place.dataset, {})

        def key(modality: str, rank: dict[str, int] = rank) -> list[tuple[int, str]]:
            return [(rank.get(part, len(rank)), part) for part in modality.split(" > ")]

        columns = {
            metric: sorted(set(here.loc[here["metric"] == metric, "modality"]), key=key)
            for metric in [n for n in known(records) if n in set(here["metric"]) and n != AGAIN]
        }
        pipelines = pipelines_of(here)
        shares = columns.pop(SHARES, [])
        cells: dict[tuple[str, str, str], Any] = {
            (row["pipeline"], row["metric"], row["modality"]): row
            for row in here.to_dict("records")
        }
        made.append(
            {
                "place": at,
                "size": int(here["size"].max()),
                "columns": columns,
                "shares": list(zip(shares, cycle(GREYS), strict=False)),
                "pipelines": pipelines,
                "dims": dict(
                    zip(here["pipeline"], here["output_dim"].fillna(0).astype(int), strict=True)
                ),
                "cells": cells,
                "shares_of": {p: _stack(cells, p, shares) for p in pipelines},
                "missing": missing.get(at.place, ""),
            }
        )
    return made


def _stack(
    cells: Mapping[tuple[str, str, str], Any], pipeline: str, names: Sequence[str]
) -> list[tuple[str, str, float]]:
    """Modality, colour and share of the whole of a pipeline; empty where it has none."""
    found = [cells.get((pipeline, SHARES, name)) for name in names]
    values = [float(row["mean"]) if row else 0.0 for row in found]
    total = sum(values)
    if not total > 0:
        return []
    return [(n, c, v / total) for n, c, v in zip(names, cycle(GREYS), values, strict=False)]
