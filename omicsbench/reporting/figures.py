"""The charts of a report one by one: their names, the rows each draws, its whole specification."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from omicsbench.reporting.charts import at_budgets
from omicsbench.reporting.difference_figure import differences
from omicsbench.reporting.figure_spec import Look, complete
from omicsbench.reporting.material import Material
from omicsbench.reporting.more_figures import OtherFigure, forests, named
from omicsbench.reporting.picture_figures import pictures
from omicsbench.reporting.places import PLACE, NamedPlace, of_place
from omicsbench.reporting.predictions import axis_ends
from omicsbench.reporting.rank_figure import ranks
from omicsbench.reporting.sources import Sources, sources
from omicsbench.reporting.table_figures import table_figures

GROUND = PLACE[:3]  # of charts that pool tunings
CURVE = ["dim", "metric"]
BESIDE = {"stars": "star", "predicted": "predicted", "marks": "marks"}  # of a specification
OF_SCORES = ("curve", "pareto", "budget")  # whose y axis is a metric's


@dataclass(frozen=True)
class ChartKind:
    """Charts of one kind: the table they draw from, what tells them apart, what they are called."""

    table: str
    keys: list[str]
    title: str
    legend: str = "pipeline"  # the column that a legend names; empty where there is none


KINDS = {
    "curve": ChartKind("curve", [*PLACE, *CURVE], "{metric} against n ({better})"),
    "pareto": ChartKind(
        "curve", [*GROUND, *CURVE, "size"], "{metric} against time of a run at n = {size:,}"
    ),
    "budget": ChartKind(
        "budget",
        [*GROUND, *CURVE, "currency"],
        "{metric} at equal budget ({better})",
        "side",
    ),
    "gain": ChartKind(
        "gain",
        [*GROUND, *CURVE, "currency"],
        "{metric} at equal budget: deep minus simple, better above 0",
        "",
    ),
    "fit": ChartKind("cost", PLACE, "Time of one fit, s"),
    "memory": ChartKind("cost", PLACE, "Peak memory, GiB"),
    "profile": ChartKind("profile", [*PLACE, *CURVE], "Performance profile by {metric}"),
    "reliability": ChartKind(
        "reliability", [*PLACE, "pipeline"], "Reliability of {pipeline}: accuracy and confidence"
    ),
    "coverage": ChartKind("coverage", PLACE, "Accuracy against coverage"),
    "posterior": ChartKind(
        "posterior", [*PLACE, "pipeline"], "Balanced accuracy of posterior samples of {pipeline}"
    ),
    "uncertainty": ChartKind(
        "uncertainty",
        [*PLACE, "pipeline"],
        "Entropy of {pipeline}: known classes grey, held-out class in colour",
    ),
}


@dataclass(frozen=True)
class Figure:
    """One chart, taken out: ``table`` holds the rows that it draws, ``terms`` what tells it apart.

    ``spec`` is a whole Vega-Lite specification, with its data, title and legend.
    """

    name: str
    kind: str
    title: str
    terms: Mapping[str, Any]
    table: pd.DataFrame
    spec: dict[str, Any]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as .svg, .png, .pdf, .csv (the numbers) or .json (``spec``)."""
        from omicsbench.reporting.figure_files import write_figure

        return write_figure(self, Path(path))

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        from omicsbench.reporting.figure_files import svg

        return svg(self.spec)


@dataclass(frozen=True)
class Shown:
    """A chart that can be drawn; ``rows`` are its places in the table of its kind."""

    kind: str
    at: NamedPlace
    terms: dict[str, Any]
    title: str
    rows: Any

    @property
    def told(self) -> dict[str, Any]:
        """The terms under the names that tables have for them."""
        dim = {"output_dim": self.terms["dim"] or None} if "dim" in self.terms else {}
        return {key: value for key, value in self.terms.items() if key != "dim"} | dim

    @property
    def under(self) -> str:
        """What stands under the title."""
        dim = self.terms.get("dim")
        return self.at.name + (f" · {dim}-D" if dim else "")

    @property
    def name(self) -> str:
        """Words of letters and digits, to be typed; ``take.js`` makes the same."""
        told = {key: value for key, value in self.terms.items() if key not in PLACE}
        dim, size = told.pop("dim", 0), told.pop("size", 0)
        extra = [f"{dim}-D" if dim else "", *told.values(), f"n{size}" if size else ""]
        words = [self.kind, self.at.name, *map(str, extra)]
        return named(" ".join(words))


Named = TypeVar("Named", Shown, OtherFigure)


class Figures(Mapping[str, Figure]):
    """Every chart of a report by its name, in the order of the page; drawn when asked for."""

    def __init__(self, material: Material, folder: Path | None = None) -> None:
        """``folder`` holds the stored embeddings, of which pictures are made."""
        self._sources = sources(material)
        self._tables = _tables(self._sources, material)
        codes, tables = self._sources.codes, self._tables
        others = [*forests(material.verdicts), *differences(material.verdicts)]
        others += ranks(tables["curve"], tables["failed"], codes.places, codes.metrics)
        others += table_figures(material, codes.places, codes.controls)
        others += pictures(material.records, folder) if folder else []
        self._others = _numbered(others)
        self._samples = material.details["posterior"]
        self._shown = _numbered(self._every())

    def __getitem__(self, name: str) -> Figure:
        if name in self._others:
            other = self._others[name]
            return Figure(name, other.kind, other.title, other.terms, *other.draw())
        one = self._shown[name]
        kind = KINDS[one.kind]
        table = self._table(one.kind).iloc[one.rows]
        spec = complete(
            self._sources.specs[one.kind],
            table,
            {name: self._beside(extra, one) for name, extra in BESIDE.items()},
            Look(
                (one.title, one.under),
                self._sources.codes.styles,
                kind.legend,
                one.terms.get("currency", ""),
                self._domain(one),
                self._metric(one) if one.kind in OF_SCORES else "",
                one.kind == "curve",
            ),
        )
        return Figure(name, one.kind, one.title, one.told, table[self._columns(one.kind)], spec)

    def __iter__(self) -> Iterator[str]:
        return chain(self._others, self._shown)

    def __len__(self) -> int:
        return len(self._others) + len(self._shown)

    def titles(self) -> dict[str, str]:
        """What each shows, and where."""
        others = {name: f"{one.title}; {one.words}" for name, one in self._others.items()}
        return others | {name: f"{one.title}; {one.under}" for name, one in self._shown.items()}

    def terms(self, kind: str) -> dict[str, dict[str, Any]]:
        """What tells the figures of a kind apart, by their names."""
        others = {name: one.terms for name, one in self._others.items() if one.kind == kind}
        drawn = {name: one.told for name, one in self._shown.items() if one.kind == kind}
        return {name: dict(terms) for name, terms in (others | drawn).items()}

    def _every(self) -> Iterator[Shown]:
        """By kind, then as the page has its places, the larger dimension first."""
        places = self._sources.codes.places
        of_ground = {tuple(p.place)[: len(GROUND)]: p for p in reversed(places)}
        exactly = {tuple(p.place): p for p in places}
        for name, kind in KINDS.items():
            found = []
            groups: dict[Any, Any] = self._table(name).groupby(kind.keys, sort=False).indices
            for values, rows in groups.items():
                terms = dict(zip(kind.keys, values, strict=True))
                at = tuple(terms[key] for key in PLACE if key in terms)
                place = exactly[at] if "tuning" in terms else of_ground[at]
                found.append(Shown(name, place, terms, self._title(kind, terms), rows))
            yield from sorted(found, key=lambda one: (one.at.number, -one.terms.get("dim", 0)))

    def _title(self, kind: ChartKind, terms: Mapping[str, Any]) -> str:
        metric = self._sources.codes.metrics.get(terms.get("metric", ""))
        told = dict(terms)
        if metric:
            better = "lower is better" if metric.direction == "min" else "higher is better"
            told |= {"metric": metric.title, "better": better}
        return kind.title.format(**told)

    def _table(self, kind: str) -> pd.DataFrame:
        table = self._tables[KINDS[kind].table]
        return table[table["time_s"] > 0] if kind == "pareto" else table

    def _columns(self, kind: str) -> list[str]:
        """What of a table is taken out, under the names that it has everywhere else."""
        name, table = KINDS[kind].table, self._table(kind)
        drawn = next((t.columns for t in self._sources.tables if t.name == name), list(table))
        first = dict.fromkeys([*PLACE, "output_dim", "pipeline", *drawn])
        return [column for column in first if column in table and column != "dim"]

    def _beside(self, extra: str, one: Shown) -> pd.DataFrame:
        """Rows of another table that belong to the same chart."""
        table = self._tables[extra]
        for key in KINDS[one.kind].keys:
            if key in table:
                table = table[table[key] == one.terms[key]]
        return table

    def _metric(self, one: Shown) -> str:
        return self._sources.codes.metrics[one.terms["metric"]].title

    def _domain(self, one: Shown) -> tuple[float, float] | None:
        """The ends of the axis that all charts of a place share."""
        if one.kind != "posterior":
            return None
        return axis_ends(of_place(self._samples, one.at.place))


def _tables(drawn: Sources, material: Material) -> dict[str, pd.DataFrame]:
    """All tables by name, without controls; ``dim`` is 0 where there is no space."""
    controls = drawn.codes.controls
    found = {table.name: table.table for table in drawn.tables}
    for name, frame in zip(("budget", "gain"), at_budgets(material.at_equal_cost), strict=True):
        # What money buys on any device stands at each of them.
        found[name] = frame.assign(device=frame["device"].str.split(" + ", regex=False)).explode(
            "device", ignore_index=True
        )
    for name, table in found.items():
        if "pipeline" in table:
            table = table[~table["pipeline"].isin(controls)]
        found[name] = table.assign(dim=table["output_dim"].astype("Int64").fillna(0).astype(int))
    return found


def _numbered(every: Iterable[Named]) -> dict[str, Named]:
    """By name; the second of one name has -2 at its end, and so on."""
    found: dict[str, Named] = {}
    for one in every:
        names = chain([one.name], (f"{one.name}-{i}" for i in count(2)))
        found[next(name for name in names if name not in found)] = one
    return found
