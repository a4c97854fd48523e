"""The numbers that the page hands to its script: columns, with names as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from omicsbench.metrics import Metric
from omicsbench.records.spec import label
from omicsbench.reporting import charts
from omicsbench.reporting.places import PLACE, NamedPlace, Place
from omicsbench.reporting.style import Style
from omicsbench.stats.budgets import BudgetChoice
from omicsbench.verdict.equal_cost import EqualCost
from omicsbench.verdict.verdict import Verdict

GIB = 2**30
POINT = ["place", "dim", "pipeline", "size"]  # what begins every row of a curve


@dataclass(frozen=True)
class ChartTable:
    """What charts of one kind draw: a table, and those of its columns that the page gets.

    The table has the columns of a place, ``output_dim`` and ``pipeline``, whether or not
    ``columns`` names what they become: ``place``, ``dim`` and ``pipeline``, as numbers.
    """

    name: str
    table: pd.DataFrame
    columns: Sequence[str]


@dataclass(frozen=True)
class ChartNumbers:
    """Numbers for the names that a chart's data would repeat thousands of times."""

    places: Sequence[NamedPlace]
    styles: Mapping[str, Style]  # by pipeline
    metrics: Mapping[str, Metric]

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with its place, pipeline and (where it has one) metric as numbers."""
        rows = table[PLACE].itertuples(index=False, name=None)
        made = table.assign(
            place=[self._of_place[at] for at in rows],
            dim=table["output_dim"],
            pipeline=table["pipeline"].map(self._of_pipeline),
        )
        if "metric" in made:
            made = made.assign(metric=self.of_metrics(made["metric"]))
        return made

    def of_metrics(self, names: pd.Series[Any]) -> pd.Series[Any]:
        return names.map({name: i for i, name in enumerate(self.metrics)})

    @property
    def controls(self) -> set[str]:
        """Pipelines that bound a metric and are no contestants."""
        return {name for name, style in self.styles.items() if style.family == "control"}

    def runs_at(self, place: tuple[str, ...], size: int, *pipelines: str) -> str:
        """The runs behind a point, as ``runs.js`` reads them: ``place:size:pipeline;...``."""
        at = f"{self._of_place[place]}:{size}"
        return ";".join(f"{at}:{self._of_pipeline[name]}" for name in pipelines if name)

    def bought(self, b: EqualCost, choices: Iterable[BudgetChoice | None]) -> str:
        """The same of what was chosen for a budget."""
        device = b.device if " + " not in b.device else ""
        found = []
        for one in filter(None, choices):
            place, name = self._of_label[b.dataset, b.task, device, one.pipeline]
            found.append(self.runs_at(place, one.size, name))
        return ";".join(found)

    @cached_property
    def _of_label(self) -> dict[tuple[str, ...], tuple[Place, str]]:
        """Place and pipeline by data set, task, device and label; any device may be in a label."""
        made: dict[tuple[str, ...], tuple[Place, str]] = {}
        for place in (p.place for p in self.places):
            for name in self.styles:
                text = label(name, place.tuning)
                made[*place[:3], text] = place, name
                made[*place[:2], "", f"{text} on {place.device}"] = place, name
        return made

    @cached_property
    def _of_place(self) -> dict[tuple[str, ...], int]:
        return {p.place: p.number for p in self.places}

    @cached_property
    def _of_pipeline(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.styles)}

    def grounds(self) -> pd.DataFrame:
        """The number of each (data set, task, device), for what pools tunings."""
        rows = {(*p.place[:3], p.ground) for p in self.places}
        found = pd.DataFrame(rows, columns=["dataset", "task", "own", "ground"])
        return found.sort_values("ground")


def chart_data(
    shown: Iterable[ChartTable],
    bought: Sequence[EqualCost],
    codes: ChartNumbers,
    specifications: Mapping[str, Any],
) -> dict[str, Any]:
    """All that the charts are drawn from; ``specifications`` are the charts, by kind."""
    made: dict[str, Any] = {
        "metrics": [_described(metric) for metric in codes.metrics.values()],
        "styles": [vars(style) for style in codes.styles.values()],
        "specs": dict(specifications),
        "places": [{"name": p.name, "ground": p.ground, **p.place._asdict()} for p in codes.places],
    }
    made |= _equal_cost_data(bought, codes)
    return made | {
        one.name: charts.columns(codes.of(one.table)[list(one.columns)]) for one in shown
    }


def _described(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "title": metric.title,
        "lower": metric.direction == "min",
        "secondary": metric.secondary,
    }


def within_range(scores: pd.DataFrame, metrics: Mapping[str, Metric]) -> pd.DataFrame:
    """Scores whose intervals end where their metric does: no band shows what no score can be.

    For the eye alone; tables keep the intervals as they were computed.
    """
    ends = {name: metric.range for name, metric in metrics.items()}
    clipped = {}
    for side in ("low", "high"):
        bounds = [scores["metric"].map({m: of[i] for m, of in ends.items()}) for i in (0, 1)]
        clipped[side] = scores[side].clip(*(bound.astype(float) for bound in bounds))
    return scores.assign(**clipped)


def chart_tables(
    quality: pd.DataFrame,
    costs: pd.DataFrame,
    predicted: pd.DataFrame,
    stars: pd.DataFrame,
    failed: pd.DataFrame,
) -> list[ChartTable]:
    """What the charts of scores and costs draw; memory in GiB."""
    quality = quality.astype({"front": int, "by_cpu": int})
    costs = _with_memory(costs[costs["fit_s"] > 0], ("", "_min", "_max"))
    predicted = _with_memory(predicted, ("", "_low", "_high"))
    curve = [*POINT, "metric", "mean", "low", "high", "repeats", "se"]
    curve += ["total_s", "time_s", "by_cpu", "front", "rank"]
    cost = [*POINT, "fit_s", "fit_s_min", "fit_s_max", "memory", "memory_min", "memory_max"]
    hollow = [*POINT, "fit_s", "fit_s_low", "fit_s_high", "memory", "memory_low", "memory_high"]
    return [
        ChartTable("curve", quality, curve),
        ChartTable("cost", costs, cost),
        ChartTable("predicted", predicted, hollow),
        ChartTable("star", stars, [*POINT, "metric", "against", "low", "high", "interval"]),
        ChartTable("failed", failed, [*POINT, "said"]),
    ]


def marked(found: Iterable[Verdict], styles: Mapping[str, Style]) -> list[Verdict]:
    """Verdicts whose n* a chart marks: against all simple pipelines where there are some.

    Those of "the best deep pipeline" are not: it is now this pipeline, now that. Nor are those of
    controls of the deep side, which no verdict counts.
    """
    single = [
        v
        for v in found
        if v.deep in styles and not v.is_control and not (v.best and v.contenders > 1)
    ]
    best = {_where(v) for v in single if v.against == "best_simple"}
    return [v for v in single if v.against == "best_simple" or _where(v) not in best]


def _where(v: Verdict) -> tuple[str, str, str, str, str]:
    return v.dataset, v.device, v.tuning, v.metric, v.deep


def _with_memory(table: pd.DataFrame, ends: Iterable[str]) -> pd.DataFrame:
    return table.assign(**{f"memory{end}": table[f"peak_rss_bytes{end}"] / GIB for end in ends})


def _equal_cost_data(bought: Sequence[EqualCost], codes: ChartNumbers) -> dict[str, Any]:
    """Columns of the charts at equal cost. What money buys on any device stands at each of them."""
    made = {}
    grounds = codes.grounds()
    # In the order of the rows of at_budgets.
    runs = (
        [codes.bought(b, [one]) for b in bought for one in (b.at.simple, b.at.deep) if one],
        [codes.bought(b, [b.at.deep, b.at.simple]) for b in bought if b.at.mean is not None],
    )
    tables = zip(("budget", "gain"), charts.at_budgets(bought), runs, strict=True)
    for name, frame, behind in tables:
        frame = frame.assign(runs=behind)
        frame = frame.assign(own=frame["device"].str.split(" + ", regex=False)).explode("own")
        frame = frame.merge(grounds, on=["dataset", "task", "own"])
        frame = frame.assign(dim=frame["output_dim"], metric=codes.of_metrics(frame["metric"]))
        dropped = ["dataset", "task", "device", "own", "output_dim"]
        made[name] = charts.columns(frame.drop(columns=dropped))
    return made
