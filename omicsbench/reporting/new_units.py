"""What new donors, families or studies cost: data sets split both by cells and by such units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.places import OF_RUN

KEYS = [name for name in OF_RUN if name != "dataset"] + ["metric"]
SIDES = ("cells", "units")


@dataclass(frozen=True)
class NewUnits:
    """One data set, one task: each pipeline on new cells and on new units, at one size.

    Attributes
    ----------
    name : of the data set split by cells; ``unit`` is the column it is split by besides.
    size : the largest at which both splits have results.
    sentence : how far the best simple and the best deep pipeline fall, by the first metric.
    rows : by pipeline, for each metric a cell of the table or None.
    dims : by pipeline, its output dimension, 0 where there is no space.
    """

    name: str
    unit: str
    task: str
    device: str
    size: int
    sentence: str
    metrics: list[str]
    rows: dict[str, dict[str, Any]]
    dims: dict[str, int]

    @property
    def of_units(self) -> str:
        """The name of the data set split by units."""
        return f"{self.name} (new {self.unit})"

    def runs(self, runs_at: Callable[..., str], pipeline: str) -> str:
        """Those of both splits, as the page names them."""
        sides = [(name, self.task, self.device, "") for name in (self.name, self.of_units)]
        return ";".join(runs_at(place, self.size, pipeline) for place in sides)


def new_units_table(records: Sequence[RunRecord], scores: pd.DataFrame) -> pd.DataFrame:
    """One row per pipeline, size and metric that has a score on new cells and on new units.

    ``cells`` and ``units`` are means over repeats on test cells of known and of new units, each
    with ``_low`` and ``_high``, the ends of its 95 % t-interval; ``drop`` is ``cells`` minus
    ``units``, in the unit of the metric.
    """
    units = {r.spec.dataset: r.dataset_info.unit for r in records if r.dataset_info.new_units}
    whole = scores.assign(unit=scores["dataset"].map(units))
    whole["dataset"] = [
        name.removesuffix(f" (new {unit})") if isinstance(unit, str) else name
        for name, unit in zip(whole["dataset"], whole["unit"], strict=True)
    ]
    of_units = whole["unit"].notna()
    on = ["dataset", *KEYS]
    names = {"mean": "", "low": "_low", "high": "_high"}
    sides = [
        whole[mask].rename(columns={name: f"{side}{end}" for name, end in names.items()})
        for side, mask in zip(SIDES, (~of_units, of_units), strict=True)
    ]
    columns = [[f"{side}{end}" for end in names.values()] for side in SIDES]
    cells, new = sides[0][[*on, *columns[0]]], sides[1][[*on, "unit", *columns[1]]]
    both = cells.merge(new, on=on, how="inner") if len(new) else cells.merge(new, on=on)
    return both.assign(drop=both["cells"] - both["units"])


def new_units_views(table: pd.DataFrame, metrics: Mapping[str, Metric]) -> list[NewUnits]:
    """What the page shows: of the metrics that count, at the largest size, as written."""
    counted = [name for name, metric in metrics.items() if not metric.secondary]
    shown = table[table["metric"].isin(counted) & (table["tuning"] == "")]
    made = []
    for (name, unit, task, device), every in shown.groupby(["dataset", "unit", "task", "device"]):
        here = every[every["size"] == every["size"].max()]
        held = [metric for metric in counted if metric in set(here["metric"])]
        cells = {
            (row["pipeline"], row["metric"]): _cell(row, here) for row in here.to_dict("records")
        }
        pipelines = here.sort_values(["family", "pipeline"])["pipeline"].unique()
        made.append(
            NewUnits(
                str(name),
                str(unit),
                str(task),
                str(device),
                int(here["size"].max()),
                _sentence(here[here["metric"] == held[0]], metrics[held[0]], str(unit)),
                held,
                {p: {m: cells.get((p, m)) for m in held} for p in pipelines},
                dict(zip(here["pipeline"], here["output_dim"].fillna(0).astype(int), strict=True)),
            )
        )
    return made


def _cell(row: Mapping[Any, Any], here: pd.DataFrame) -> dict[str, Any]:
    """Both means, and where they lie between the ends of what the metric shows here, 0 to 100."""
    own = here.loc[here["metric"] == row["metric"], list(SIDES)]
    low, high = float(own.min().min()), float(own.max().max())
    wide = (high - low) or 1.0
    at = {f"{side}_at": 100 * (row[side] - low) / wide for side in SIDES}
    return {**dict(row), **at}


def _sentence(here: pd.DataFrame, metric: Metric, unit: str) -> str:
    """The best of each family on new cells, and what is left of its score on new units."""
    parts = []
    for family in ("simple", "deep"):
        own = here[here["family"] == family]
        if own.empty:
            continue
        best = own.sort_values("cells", ascending=metric.direction == "min").iloc[0]
        parts.append(
            f"{best['pipeline']}, the best {family} pipeline on new cells, goes from "
            f"{best['cells']:.2f} to {best['units']:.2f}"
        )
    size = int(here["size"].max())
    return f"{metric.title} at n = {size:,}, from new cells to a new {unit}: {'; '.join(parts)}."
