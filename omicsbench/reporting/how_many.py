"""How many samples, and how sure: what each contestant needs, and where scores scatter from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import RunRecord
from omicsbench.reporting.matrix import data_kinds, ordered
from omicsbench.reporting.places import NamedPlace, Place
from omicsbench.reporting.standings import standings_tables
from omicsbench.verdict.curves import Field, fields
from omicsbench.verdict.how_many import AgainstEach, OwnCurve, against_each, own_curves
from omicsbench.verdict.scatter import Scatter, scatter
from omicsbench.verdict.standings import Standings, standings

# From the lightest to the darkest, so that they can be told apart without colour.
PART_COLOURS = {
    "test cells": "#c6dbef",
    "partition": "#c6dbef",
    "draw x test cells": "#7fb3d5",
    "tuning": "#f0871f",
}
DRAWS = "#08519c"  # whatever holds the draw of training rows
OfCurves = OwnCurve | AgainstEach | Scatter


@dataclass(frozen=True)
class HowMany:
    """Everything that the stored curves say beside the verdicts."""

    own: list[OwnCurve]
    each: list[AgainstEach]
    scatter: list[Scatter]
    standings: list[Standings]


@dataclass(frozen=True)
class HowManyView:
    """One place and output dimension: cells by (pipeline, metric), and stacked bars by metric."""

    at: NamedPlace
    dim: int  # 0 where there is no space
    metrics: list[str]
    pipelines: list[str]
    needs: dict[tuple[str, str], dict[str, Any]]
    deep: list[str]
    against: dict[tuple[str, str], AgainstEach]
    bars: list[tuple[str, Scatter, list[tuple[str, str, float]]]]  # metric, parts with colours
    key: list[tuple[str, str]]  # parts and their colours

    @property
    def name(self) -> str:
        return self.at.name + (f" · {self.dim}-D" if self.dim else "")


def how_many(records: Sequence[RunRecord], analysis: Analysis) -> HowMany:
    """Work it out; ``records`` are the newest of each run."""
    found = list(fields(records, analysis))
    return HowMany(
        own_curves(found),
        against_each(found),
        scatter(found),
        standings(found, grounds(records)),
    )


def grounds(records: Sequence[RunRecord]) -> dict[str, str]:
    """The kind of every data set; the same data split or labelled otherwise are another."""
    kinds = data_kinds(records)
    for r in records:
        kind, told = kinds[r.spec.dataset].partition(";")[0], r.dataset_info
        extra = "; new units" * told.new_units + "; a class held out" * bool(told.held_out)
        kinds[r.spec.dataset] = kind + extra
    return kinds


def how_many_tables(found: HowMany) -> dict[str, pd.DataFrame]:
    """Tables by the name of their file; empty ones are not written."""
    return {
        "saturation": pd.DataFrame(_saturation_row(one) for one in found.own),
        "against_each": pd.DataFrame(_against_row(one) for one in found.each),
        "scatter": pd.DataFrame(
            _terms(one.field)
            | {"size": one.size, "contestants": one.contestants, "sd": one.sd}
            | {"part": part, "variance": value}
            for one in found.scatter
            for part, value in one.parts
        ),
    } | standings_tables(found.standings)


def _terms(field: Field) -> dict[str, Any]:
    s = field.spec
    return {
        "dataset": s.dataset,
        "task": s.task,
        "device": s.device,
        "tuning": s.tuned_as,
        "output_dim": field.output_dim,
        "metric": field.metric.name,
    }


def _saturation_row(one: OwnCurve) -> dict[str, Any]:
    at, sizes = one.saturation, [*one.sizes, None]
    return _terms(one.field) | {
        "pipeline": one.pipeline,
        "family": one.family,
        "margin": one.field.margin,
        "largest": one.sizes[-1],
        "needs": sizes[at.place],
        "needs_low": sizes[at.low],
        "needs_high": sizes[at.high],
        "still_rising": at.still_rising,
        "open_above": at.open_above,
        "sentence": f"{one.needs} ({one.interval})",
        "shape": one.shape.kind if one.falls else "",
        "falls_p": one.shape.p,
        "falls_q": one.q,
    }


def _against_row(one: AgainstEach) -> dict[str, Any]:
    saved, better = one.efficiency, one.improvement
    return _terms(one.field) | {
        "deep": one.pipeline,
        "against": "; ".join(one.rivals),
        "size": one.size,
        "repeats": one.repeats,
        "times_as_many": saved and saved.ratio,
        "times_as_many_low": saved and saved.low,
        "times_as_many_high": saved and saved.high,
        "times_as_many_most": saved and saved.most,
        "p_better": better.share,
        "p_better_low": better.low,
        "p_better_high": better.high,
    }


def how_many_views(found: HowMany, places: Sequence[NamedPlace]) -> list[HowManyView]:
    """What the page shows, place by place."""
    groups: dict[tuple[Place, int], list[OfCurves]] = defaultdict(list)
    every: list[OfCurves] = [*found.own, *found.each, *found.scatter]
    for one in every:
        s = one.field.spec
        at = Place(s.dataset, s.task, s.device, s.tuned_as), one.field.output_dim or 0
        groups[at].append(one)
    number = {named.place: named for named in places}
    order = sorted(groups, key=lambda at: (number[at[0]].number, -at[1]))
    return [_view(number[at[0]], at[1] or 0, groups[at]) for at in order]


def _view(at: NamedPlace, dim: int, here: Sequence[OfCurves]) -> HowManyView:
    own = [one for one in here if isinstance(one, OwnCurve)]
    each = [one for one in here if isinstance(one, AgainstEach)]
    parts = {one.field.metric.name: one for one in here if isinstance(one, Scatter)}
    metrics = [m.name for m in ordered(one.field.metric for one in here)]
    pipelines = sorted({(one.family != "simple", one.pipeline) for one in own})
    bars = [
        (m, parts[m], [(part, part_colour(part), share) for part, share in parts[m].shares])
        for m in metrics
        if m in parts and parts[m].shares
    ]
    key = {part: colour for *_, shares in bars for part, colour, _ in shares}
    return HowManyView(
        at,
        dim,
        metrics,
        [pipeline for _, pipeline in pipelines],
        {(one.pipeline, one.field.metric.name): _needs_cell(one) for one in own},
        sorted({one.pipeline for one in each}),
        {(one.pipeline, one.field.metric.name): one for one in each},
        bars,
        list(key.items()),
    )


def part_colour(part: str) -> str:
    """The colour of a part of the scatter."""
    return PART_COLOURS.get(part, DRAWS)


def _needs_cell(one: OwnCurve) -> dict[str, Any]:
    """The saturation n in words, and where it and its interval lie on log n, 0 to 100."""
    last = len(one.sizes) - 1
    wide = math.log(one.sizes[-1] / one.sizes[0])
    at = [100 * math.log(n / one.sizes[0]) / wide for n in one.sizes]
    low, place, high = (
        at[min(p, last)] for p in (one.saturation.low, one.saturation.place, one.saturation.high)
    )
    return {
        "needs": one.needs,
        "interval": one.interval,
        "fall": one.fall,
        "low": low,
        "at": place,
        "high": high,
        "open": one.saturation.open_above,
        "size": one.sizes[min(one.saturation.place, last)],
    }
