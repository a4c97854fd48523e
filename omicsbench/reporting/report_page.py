"""The page: what each of its sections shows, and the template that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment

from omicsbench.errors import DataError
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.machines import on_other_machines
from omicsbench.records.spec import RunRecord
from omicsbench.records.store import write_text
from omicsbench.reporting import (
    across_datasets,
    prediction_charts,
    style,
    tables,
)
from omicsbench.reporting.again import base_of
from omicsbench.reporting.answer import in_one, seconds
from omicsbench.reporting.at_largest import absent, at_largest
from omicsbench.reporting.cite import Cited, bibtex
from omicsbench.reporting.datasets import datasets
from omicsbench.reporting.decision import told
from omicsbench.reporting.devices import device_views
from omicsbench.reporting.difference_figure import differences
from omicsbench.reporting.elsewhere import footnotes
from omicsbench.reporting.exports import SIGNS, write_tables
from omicsbench.reporting.figure_files import handed_out, pictures_taken_out
from omicsbench.reporting.frozen_note import frozen_note
from omicsbench.reporting.gallery import galleries
from omicsbench.reporting.glossary import GLOSSARY
from omicsbench.reporting.how_many import how_many_views
from omicsbench.reporting.material import Material, gather
from omicsbench.reporting.matrix import TASKS, WORDS, VerdictMatrix, by_task, data_kinds
from omicsbench.reporting.modalities import modality_view
from omicsbench.reporting.more_figures import forests, named
from omicsbench.reporting.new_units import new_units_views
from omicsbench.reporting.page_data import chart_data
from omicsbench.reporting.panels import Panel, choices, menus
from omicsbench.reporting.paragraph import RIVAL
from omicsbench.reporting.places import NamedPlace
from omicsbench.reporting.provenance import environments, protocol
from omicsbench.reporting.run_values import run_columns, run_table
from omicsbench.reporting.sources import sources
from omicsbench.reporting.standings import standings_views
from omicsbench.reporting.table_figures import table_figures
from omicsbench.reporting.template import chart_library, data_script, environment, inlined

SCRIPTS = (
    *("choice.js", "report.js", "heat.js", "paper.js", "runs.js", "sorting.js"),
    *("csv.js", "take.js", "export.js"),
)


@dataclass(frozen=True)
class Asked:
    """What the caller knows and records do not tell."""

    command: str  # what the reader types to get these results again
    analysis: Analysis  # how the runs are judged
    missing: int  # planned runs that were not run yet
    others: int  # stored runs that do not belong to the suite as it was last run
    references: str = ""  # what methods and data declare as their sources, as BibTeX


@dataclass(frozen=True)
class Heading:
    suites: list[str]
    dates: list[str]  # the first and, where it is another, the last
    runs: int


@dataclass(frozen=True)
class Overview:
    """The matrix of each task, and what the real omics data sets say together."""

    matrices: dict[str, VerdictMatrix]
    rival: str
    kind_of: dict[str, str]
    together: list[across_datasets.Summary]
    limitation: str


@dataclass(frozen=True)
class CurvesSection:
    panels: list[Panel]
    at_equal_cost: bool  # whether anything could be compared so


@dataclass(frozen=True)
class Costs:
    places: list[NamedPlace]
    at_largest: list[dict[str, Any]]
    fits: list[dict[str, Any]]
    energy: bool  # whether it could be read anywhere
    vram: bool  # whether a GPU had memory to tell of
    jobs: int
    apart: int  # runs on other machines, whose times are left out


@dataclass(frozen=True)
class Failures:
    grouped: list[dict[str, Any]]
    runs: int
    predicted: int  # of them with a predicted cost
    skipped: list[dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """A report that was written: its page, what to use, and the answer in a few sentences."""

    page: Path
    use: list[str]
    answer: list[str]


def write_report(
    records: Sequence[RunRecord],
    folder: Path,
    out: Path,
    *,
    analysis: Analysis = UNSTATED,
    command: str,
    missing: int = 0,
    others: int = 0,
    methods: Mapping[str, tuple[str, str]] | None = None,
) -> Report:
    """Write the page and, beside it, its tables.

    Parameters
    ----------
    folder : where the records were read from; holds the stored embeddings.
    out : the HTML file, or a folder that gets ``index.html``.
    analysis : the reference, margins and prices by which the runs are judged.
    command : what the reader types to get these results again.
    missing : planned runs that were not run yet.
    others : stored runs that do not belong to the suite as it was last run.
    methods : one line and the declared source of each method, by name.
    """
    if not records:
        raise DataError("There are no run records to report on; run a suite first.")
    page = out if out.suffix == ".html" else out / "index.html"
    material = gather(records, analysis)
    written = write_tables(page.parent, material)
    references = bibtex(_cited(material.records, methods or {}))
    if references:
        written.append(page.parent / "references.bib")
        write_text(written[-1], references)
    asked = Asked(command, analysis, missing, others, references)
    write_text(page, _html(material, asked, folder, [path.name for path in written]))
    return Report(page, told(material.decisions), in_one(material.answers))


def _cited(records: Sequence[RunRecord], methods: Mapping[str, tuple[str, str]]) -> list[Cited]:
    """Methods, and data sets; those that differ in their parameters alone are one."""
    facts = {r.spec.dataset: r.dataset_info for r in records}
    found = {
        (info.name or name.partition("(")[0]): (info.summary, info.source)
        for name, info in sorted(facts.items())
        if info.source
    }
    return [Cited(name, "method", *of) for name, of in methods.items()] + [
        Cited(name, "data set", *of) for name, of in found.items()
    ]


def _html(material: Material, asked: Asked, folder: Path, files: list[str]) -> str:
    records, found, costs = material.records, material.verdicts, material.costs
    predicted = tables.prediction_table(records)
    drawn = sources(material)
    codes, shown = drawn.codes, drawn.panels
    data = chart_data(drawn.tables, material.at_equal_cost, codes, drawn.specs)
    drawings = [*forests(found), *differences(found), *table_figures(material, codes.places)]
    handed, coordinates = handed_out(drawings), pictures_taken_out(records, folder)
    runs, offered = run_table(records), choices(shown, codes)
    missing = {
        task: absent(records, at_largest(records, task)) for task in ("predict", "integrate")
    }
    return (
        _templates()
        .get_template("page.html")
        .render(
            asked=asked,
            base=base_of(asked.command),
            heading=_heading(records),
            metrics=material.metrics,
            decisions=material.decisions,
            answers=material.answers,
            referred=any(v.against == "reference" for v in found),
            overview=_overview(material),
            datasets=datasets(records, found),
            styles=codes.styles,
            footnotes=footnotes(records),
            curves=CurvesSection(shown, bool(material.at_equal_cost)),
            costs=_costs(records, costs, list(codes.places)),
            predictions=prediction_charts.prediction_view(
                material.details, codes.places, _held_out(records), missing["predict"]
            ),
            modalities=modality_view(
                material.details["modalities"], records, codes.places, missing["integrate"]
            ),
            devices=device_views(material.devices),
            new_units=new_units_views(material.details["new_units"], material.metrics),
            runs_at=codes.runs_at,
            how_many=how_many_views(material.how_many, codes.places),
            standings=standings_views(material.how_many.standings, material.metrics),
            number_of={tuple(named.place): named.number for named in codes.places},
            galleries=galleries(records, folder),
            failures=_failures(records, predicted),
            superseded=material.superseded,
            environments=environments(records),
            protocol=protocol(records),
            frozen=frozen_note(folder, records),
            files=files,
            figure_at=handed.place,
            coordinates=coordinates,
            pictures_data=data_script("pictures-data", coordinates),
            figures_data=data_script("figures-data", handed.data),
            panels_json=data_script("panels", menus(shown)),
            data=data_script("data", data),
            choices=offered,
            offered={one.name for one in offered},
            runs=data_script("runs-data", run_columns(runs, codes.of(runs), material.metrics)),
            style=inlined("style.css", "decision.css"),
            script=inlined(*SCRIPTS),
            glossary=GLOSSARY,
            bibtex=asked.references,
            cited=asked.references.count("@misc{"),
            library=chart_library(),
        )
    )


def _templates() -> Environment:
    """The templates, with the names and the forms of numbers that all sections use."""
    templates = environment()
    templates.globals |= {
        "tasks": TASKS,
        "signs": SIGNS,
        "words": WORDS,
        "rivals": RIVAL,
        "families": style.FAMILIES,
        "named": named,
    }
    templates.filters |= {
        "seconds": seconds,
        "number": "{:,}".format,
        "signed": _signed,
        "percent": "{:.0%}".format,
        "gib": _gib,
        "p": "{:.2g}".format,
    }
    return templates


def _heading(records: Sequence[RunRecord]) -> Heading:
    started = sorted(r.started_at[:10] for r in records if r.started_at)
    return Heading(
        suites=sorted({r.suite for r in records if r.suite}),
        dates=list(dict.fromkeys(started[:1] + started[-1:])),
        runs=len(records),
    )


def _overview(material: Material) -> Overview:
    kind_of = data_kinds(material.records)
    matrices = by_task(material.verdicts, kind_of)
    together = across_datasets.summaries(material.verdicts, kind_of)
    return Overview(
        matrices,
        rival=" or ".join(dict.fromkeys(RIVAL[m.against] for m in matrices.values())),
        kind_of=kind_of,
        together=together,
        limitation=across_datasets.limitation(together),
    )


def _costs(records: Sequence[RunRecord], costs: pd.DataFrame, places: list[NamedPlace]) -> Costs:
    """At the largest size of each data set, as written and tuned next to another."""
    top = costs.groupby(["dataset", "task", "device"])["size"].transform("max")
    by = ["dataset", "task", "device", "family", "pipeline", "tuning"]
    return Costs(
        places,
        at_largest=tables.rows_of(costs[costs["size"] == top].sort_values(by)),
        fits=tables.rows_of(tables.fit_table(records)),
        energy=bool(costs["energy_j"].notna().any()),
        vram=bool(costs["peak_vram_bytes"].notna().any()),
        jobs=max((r.environment.jobs for r in records), default=1),
        apart=len(on_other_machines(records)),
    )


def _failures(records: Sequence[RunRecord], predicted: pd.DataFrame) -> Failures:
    failed = tables.failure_table(records)
    return Failures(
        grouped=tables.rows_of(tables.grouped_failures(failed)),
        runs=len(failed),
        predicted=len(predicted),
        skipped=tables.rows_of(tables.skipped_table(records)),
    )


def _held_out(records: Sequence[RunRecord]) -> dict[str, str]:
    """The class of each data set that no pipeline was trained on; empty where there is none."""
    return {r.spec.dataset: r.dataset_info.held_out or "" for r in records}


def _gib(value: float) -> str:
    return "" if pd.isna(value) else f"{value / 2**30:.2f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}".replace("-", "\u2212")
