"""Scores as a table for a paper: LaTeX (booktabs), Markdown, CSV; the best and its ties marked.

A table holds the contestants of one place and output dimension at its largest n, by the metrics
that count. Means and intervals are those of summary.csv, margins those of the verdicts.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from omicsbench.errors import DataError, OmicsbenchError
from omicsbench.metrics import Metric
from omicsbench.records.analysis import Analysis
from omicsbench.records.store import write_text
from omicsbench.reporting.exports import plain
from omicsbench.reporting.material import Material
from omicsbench.reporting.matrix import ordered
from omicsbench.reporting.places import NamedPlace, Place, named_places, of_place
from omicsbench.verdict.curves import Field, fields

Mark = Literal["best", "tie", ""]
FAMILIES = ("simple", "deep")
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "·": r"\textperiodcentered{}",
} | {sign: "\\" + sign for sign in "&%$#_{}"}
TELLS = (
    "Means over repeats on held-out test rows, with 95 % intervals. {best}: the best mean; "
    "{tie}: within the margin of it."
)


@dataclass(frozen=True)
class PaperCell:
    """One score: its mean, the ends of its interval (None with one repeat), and its mark."""

    mean: float
    low: float | None
    high: float | None
    mark: Mark


@dataclass(frozen=True)
class PaperTable:
    """Contestants, simple ones first, by metrics; ``cells`` by (pipeline, metric)."""

    at: NamedPlace
    output_dim: int | None
    size: int
    metrics: list[Metric]
    pipelines: dict[str, list[str]]  # by family
    cells: dict[tuple[str, str], PaperCell]

    @property
    def title(self) -> str:
        """What the scores are of."""
        dim = f", {self.output_dim} dimensions" if self.output_dim else ""
        return f"{self.at.name}, n = {self.size:,}{dim}"


@dataclass(frozen=True)
class PaperTables:
    """The tables of a result set, in the order of the page."""

    tables: list[PaperTable]

    def latex(self) -> str:
        """For a document that loads the package booktabs."""
        return "% needs \\usepackage{booktabs}\n" + "\n".join(map(_latex, self.tables))

    def markdown(self) -> str:
        """For a README or an issue."""
        tells = TELLS.format(best="**Bold**", tie="*italic*")
        return "\n".join([*map(_markdown, self.tables), tells, ""])

    def csv(self) -> str:
        """One row per score, with the mark of each."""
        rows = [
            {
                **table.at.place._asdict(),
                "output_dim": table.output_dim,
                "size": table.size,
                "metric": metric,
                "pipeline": pipeline,
                **vars(cell),
            }
            for table in self.tables
            for (pipeline, metric), cell in table.cells.items()
        ]
        return pd.DataFrame(rows).to_csv(index=False)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write them as .tex, .md or .csv; returns the path.

        Raises OmicsbenchError for another name.
        """
        forms = {".tex": self.latex, ".md": self.markdown, ".csv": self.csv}
        file = Path(path)
        if file.suffix not in forms:
            raise OmicsbenchError(f"Cannot write {file}: its name must end in {', '.join(forms)}.")
        write_text(file, forms[file.suffix]())
        return file

    def _repr_markdown_(self) -> str:
        """What a notebook shows."""
        return self.markdown()


def paper_tables(material: Material, analysis: Analysis) -> PaperTables:
    """A table for each place and output dimension, the larger dimension first.

    Raises DataError where no metric counts.
    """
    groups: dict[tuple[Place, int], list[Field]] = defaultdict(list)
    for field in fields(material.records, analysis):
        s = field.spec
        at = Place(s.dataset, s.task, s.device, s.tuned_as)
        groups[at, field.output_dim or 0].append(field)
    if not groups:
        raise DataError("There is no table: no run was scored by a metric that counts in verdicts.")
    return PaperTables(
        [
            _table(named, found, material.scores)
            for named in named_places(material.records)
            for (at, _), found in sorted(groups.items(), key=lambda of: -of[0][1])
            if at == named.place
        ]
    )


def _table(named: NamedPlace, found: Sequence[Field], scores: pd.DataFrame) -> PaperTable:
    size = max(field.sizes[-1] for field in found)
    own = of_place(scores, named.place)
    own = own[own["size"] == size]
    cells: dict[tuple[str, str], PaperCell] = {}
    families: dict[str, list[str]] = {family: [] for family in FAMILIES}
    for field in found:
        kept = {curve.pipeline: curve.family for curve in field.curves}
        rows = own[(own["metric"] == field.metric.name) & own["pipeline"].isin(list(kept))]
        cells |= _cells(field, rows)
        for name in rows["pipeline"]:
            families[kept[name]].append(name)
    shown = {metric for _, metric in cells}
    return PaperTable(
        named,
        found[0].output_dim,
        size,
        ordered(field.metric for field in found if field.metric.name in shown),
        {family: sorted(set(names)) for family, names in families.items() if names},
        cells,
    )


def _cells(field: Field, rows: pd.DataFrame) -> dict[tuple[str, str], PaperCell]:
    """The scores of all contestants by one metric; those within the margin of the best are ties."""
    better = field.turn * rows["mean"].astype(float)
    best = better.max()

    def mark(value: float) -> Mark:
        return "best" if value == best else "tie" if best - value <= field.margin else ""

    found = {}
    for name, value, mean, *ends in zip(
        rows["pipeline"], better, rows["mean"], rows["low"], rows["high"], strict=True
    ):
        low, high = (None if pd.isna(end) else float(end) for end in ends)
        found[name, field.metric.name] = PaperCell(float(mean), low, high, mark(value))
    return found


def _latex(table: PaperTable) -> str:
    heads = [
        _escaped(m.title) + (r" $\downarrow$" if m.direction == "min" else r" $\uparrow$")
        for m in table.metrics
    ]
    width = len(heads) + 1
    bodies = []
    for family, names in table.pipelines.items():
        lines = [rf"\multicolumn{{{width}}}{{l}}{{\emph{{{family.capitalize()}}}}} \\"]
        lines += [" & ".join(_row(table, name, _escaped, _latex_cell)) + r" \\" for name in names]
        bodies.append("\n".join(lines))
    tells = TELLS.replace("%", r"\%").format(best="Bold", tie="underlined")
    label = re.sub(r"[^A-Za-z0-9]+", "-", f"{table.at.name} {table.output_dim or ''}").strip("-")
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_escaped(table.title)}. {tells}}}",
            rf"\label{{tab:{label}}}",
            rf"\begin{{tabular}}{{l{'c' * len(heads)}}}",
            r"\toprule",
            " & ".join(["Pipeline", *heads]) + r" \\",
            r"\midrule",
            "\n\\midrule\n".join(bodies),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _markdown(table: PaperTable) -> str:
    heads = [plain(m.title) + (" ↓" if m.direction == "min" else " ↑") for m in table.metrics]
    names = [name for of in table.pipelines.values() for name in of]
    lines = [["Pipeline", *heads], ["---"] * (len(heads) + 1)]
    lines += [_row(table, name, plain, _markdown_cell) for name in names]
    shown = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"**{plain(table.title)}**\n\n{shown}\n"


def _row(
    table: PaperTable, name: str, escape: Callable[[str], str], show: Callable[[PaperCell], str]
) -> list[str]:
    found: Iterable[PaperCell | None] = (table.cells.get((name, m.name)) for m in table.metrics)
    return [escape(name), *(show(cell) if cell else "" for cell in found)]


def _latex_cell(cell: PaperCell) -> str:
    around = {"best": r"\textbf{%s}", "tie": r"\underline{%s}", "": "%s"}[cell.mark]
    low, high = cell.low, cell.high
    ends = "" if low is None or high is None else f" {{\\small [{_tex(low)}, {_tex(high)}]}}"
    return around % _tex(cell.mean) + ends


def _markdown_cell(cell: PaperCell) -> str:
    around = {"best": "**%s**", "tie": "*%s*", "": "%s"}[cell.mark]
    low, high = cell.low, cell.high
    ends = "" if low is None or high is None else f" ({_number(low)} to {_number(high)})"
    return around % _number(cell.mean) + ends


def _number(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _tex(value: float) -> str:
    """A number with a minus sign, where it has one."""
    return _number(value).replace("-", "$-$", 1)


def _escaped(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return " ".join("".join(LATEX.get(sign, sign) for sign in text).split())
