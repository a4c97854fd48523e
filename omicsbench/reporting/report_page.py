"""The page: gathers what the report shows and fills the template."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from omicsbench.errors import DataError
from omicsbench.metrics.known import known
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.costs import with_predictions
from omicsbench.records.spec import RunRecord
from omicsbench.records.table import current, tidy
from omicsbench.reporting import across_datasets, charts, prediction_charts, style, tables
from omicsbench.reporting import datasets as sections
from omicsbench.reporting.answer import answer, answers, seconds
from omicsbench.reporting.details import task_tables, task_views
from omicsbench.reporting.exports import SIGNS, of, write_tables
from omicsbench.reporting.gallery import galleries
from omicsbench.reporting.matrix import TASKS, by_task, kinds
from omicsbench.reporting.page_data import chart_data, menus
from omicsbench.reporting.paragraph import RIVAL
from omicsbench.reporting.provenance import environments, protocol
from omicsbench.verdict.equal_cost import CURRENCIES, EqualCost, at_equal_cost
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Verdict


def write_report(
    records: Sequence[RunRecord],
    folder: Path,
    out: Path,
    *,
    analysis: Analysis = UNSTATED,
    command: str,
    missing: int = 0,
    others: int = 0,
) -> Path:
    """Write the page and, beside it, its tables; returns the path of the page.

    Parameters
    ----------
    folder : where the records were read from; holds the stored embeddings.
    out : the HTML file, or a folder that gets ``index.html``.
    analysis : the reference, margins and prices by which the runs are judged.
    command : what the reader types to get these results again.
    missing : planned runs that have no record yet.
    others : stored runs that do not belong to the suite as it was last run.
    """
    if not records:
        raise DataError("There are no run records to report on; run a suite first.")
    page = out if out.suffix == ".html" else out / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    records = with_predictions(records)
    newest = current(records)
    found = verdicts(newest, analysis)
    bought = at_equal_cost(newest, analysis)
    words = answer(found, newest)
    runs = tidy(records)
    details = task_tables(newest)
    written = write_tables(page.parent, runs, newest, found, words, bought, details)
    page.write_text(
        _html(newest, of(runs, newest), found, bought, details, folder)(
            command=command,
            reference=analysis.reference,
            missing=missing,
            others=others,
            superseded=len(records) - len(newest),
            prices=analysis.price_per_hour,
            margins=analysis.margins,
            files=[path.name for path in written],
        ),
        encoding="utf-8",
    )
    return page


def _html(
    records: list[RunRecord],
    runs: pd.DataFrame,
    found: list[Verdict],
    bought: list[EqualCost],
    details: dict[str, pd.DataFrame],
    folder: Path,
) -> Any:
    """The template's ``render``, holding everything that follows from the records."""
    from markupsafe import Markup

    from omicsbench.reporting.template import chart_library, environment, inlined, safe_json

    scores, costs = tables.score_table(runs), tables.cost_table(runs)
    metrics = known(records)
    scores = scores[scores["metric"].isin(list(metrics))]
    quality = charts.quality_time(scores, costs, metrics)
    styles = style.styles_by_task(records)
    places = sections.places(records)
    panels = sections.panels(quality, places, metrics)
    predicted = tables.prediction_table(records)
    failed = tables.failure_table(records)
    kind_of = kinds(records)
    matrices = by_task(found, kind_of)
    together = across_datasets.summaries(found, kind_of)
    pictures = prediction_charts.chart_frames(details)
    specs = charts.specifications() | prediction_charts.specifications()
    data = chart_data(
        quality, costs, predicted, found, bought, styles, places, pictures, specs, metrics
    )
    views = task_views(records, details, places)
    templates = environment()
    templates.filters |= {
        "seconds": seconds,
        "number": "{:,}".format,
        "signed": _signed,
        "percent": "{:.0%}".format,
        "gib": _gib,
        "p": "{:.2g}".format,
    }
    started = sorted(r.started_at[:10] for r in records if r.started_at)
    return partial(
        templates.get_template("page.html").render,
        suites=sorted({r.suite for r in records if r.suite}),
        dates=list(dict.fromkeys(started[:1] + started[-1:])),
        runs=len(records),
        answers=answers(found, records),
        referred=any(v.against == "reference" for v in found),
        datasets=sections.datasets(records, found),
        matrices=matrices,
        rival=" or ".join(dict.fromkeys(RIVAL[m.against] for m in matrices.values())),
        tasks=TASKS,
        predictions=views["predict"],
        modalities=views["integrate"],
        kind_of=kind_of,
        signs=SIGNS,
        rivals=RIVAL,
        together=together,
        together_limits=across_datasets.limits(together),
        styles=styles,
        families=style.FAMILIES,
        places=places,
        panels=panels,
        metrics=metrics,
        alt=partial(sections.alt, *sections.by_place(quality, found, places)),
        galleries=galleries(records, folder),
        failures=tables.grouped_failures(failed).to_dict("records"),
        failed=len(failed),
        predicted=len(predicted),
        fits=tables.fit_table(records).to_dict("records"),
        costs=_at_largest(costs).to_dict("records"),
        energy=bool(costs["energy_j"].notna().any()),
        currencies=[name for name in CURRENCIES if any(b.currency == name for b in bought)],
        skipped=tables.skipped_table(records).to_dict("records"),
        environments=environments(records),
        protocol=protocol(records),
        jobs=max((r.environment.jobs for r in records), default=1),
        panels_json=Markup(safe_json(menus(panels))),
        data=Markup(safe_json(data)),
        style=inlined("style.css"),
        script=inlined("report.js"),
        sorting=inlined("sorting.js"),
        library=chart_library(),
    )


def _at_largest(costs: pd.DataFrame) -> pd.DataFrame:
    """What runs took at the largest size of each data set, as written and tuned next to another."""
    top = costs.groupby(["dataset", "task", "device"])["size"].transform("max")
    by = ["dataset", "task", "device", "family", "pipeline", "tuning"]
    return costs[costs["size"] == top].sort_values(by)


def _gib(value: float) -> str:
    return "" if pd.isna(value) else f"{value / 2**30:.2f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}".replace("-", "\u2212")
