"""The page: gathers what the report shows and fills the template."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from omicsbench.budget import with_predictions
from omicsbench.errors import DataError
from omicsbench.judge import verdicts
from omicsbench.metrics.base import METRICS, Metric
from omicsbench.reporting import charts, tables
from omicsbench.reporting.answer import answer, kind, outcome_counts, seconds
from omicsbench.reporting.gallery import galleries
from omicsbench.reporting.payload import PLACE, chart_data, menus, safe_json
from omicsbench.spec import RunRecord
from omicsbench.tidy import current, tidy
from omicsbench.verdict import Outcome, Verdict

GROUPS = ("reconstruction", "neighbours", "distances", "labels", "clusters")


def write_report(
    records: Sequence[RunRecord],
    folder: Path,
    out: Path,
    *,
    reference: str = "pca",
    command: str,
    missing: int = 0,
    others: int = 0,
) -> Path:
    """Write the page and, beside it, its tables; returns the path of the page.

    Parameters
    ----------
    folder : where the records were read from; holds the stored embeddings.
    out : the HTML file, or a folder that gets ``index.html``.
    reference : the pipeline every deep one is compared with, besides the best simple one.
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
    found = verdicts(newest, reference=reference)
    words = answer(found, newest)
    written = tables.write_tables(page.parent, records, found, words)
    page.write_text(
        _html(newest, found, words, folder, command)(
            reference=reference,
            missing=missing,
            others=others,
            superseded=len(records) - len(newest),
            files=[path.name for path in written],
        ),
        encoding="utf-8",
    )
    return page


def _html(
    records: list[RunRecord], found: list[Verdict], words: list[str], folder: Path, command: str
) -> Any:
    """The template's ``render``, holding everything that follows from the records."""
    from functools import partial

    import vl_convert
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    runs = tidy(records)
    scores, costs = tables.score_table(runs), tables.cost_table(runs)
    scores = scores[scores["metric"].isin(list(METRICS))]
    quality = charts.quality_time(scores, costs)
    styles = charts.styles({r.spec.pipeline: r.family for r in records})
    places = _places(records)
    panels = _panels(quality, places)
    predicted = tables.prediction_table(records)
    failed = tables.failure_table(records)
    own = files("omicsbench.reporting")
    environment = Environment(
        loader=PackageLoader("omicsbench.reporting", "."), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"seconds": seconds, "number": "{:,}".format, "signed": _signed}
    started = sorted(r.started_at[:10] for r in records if r.started_at)
    return partial(
        environment.get_template("page.html").render,
        suites=sorted({r.suite for r in records if r.suite}),
        dates=list(dict.fromkeys(started[:1] + started[-1:])),
        runs=len(records),
        words=words,
        datasets=_datasets(records, found),
        styles=styles,
        families=charts.FAMILIES,
        places=places,
        panels=panels,
        metrics=METRICS,
        alt=partial(_alt, quality, found),
        galleries=galleries(records, folder),
        failures=tables.grouped_failures(failed).to_dict("records"),
        failed=len(failed),
        predicted=len(predicted),
        fits=tables.fit_table(records).to_dict("records"),
        skipped=tables.skipped_table(records).to_dict("records"),
        environments=_environments(records),
        protocol=_protocol(records),
        jobs=max((r.environment.get("jobs", 1) for r in records), default=1),
        command=command,
        panels_json=Markup(safe_json(menus(panels))),
        data=Markup(safe_json(chart_data(quality, costs, predicted, found, styles, places))),
        style=Markup((own / "style.css").read_text(encoding="utf-8")),
        script=Markup((own / "report.js").read_text(encoding="utf-8")),
        library=Markup(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")),
    )


def _places(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Each (data set, task, device) with a name that tells it from the others."""
    every = sorted({(r.spec.dataset, r.spec.task, r.spec.device) for r in records})
    several = len({task for _, task, _ in every}) > 1, len({device for *_, device in every}) > 1
    rank = {r.spec.dataset: _rank(r) for r in records}
    places = []
    for dataset, task, device in sorted(every, key=lambda place: (rank[place[0]], place)):
        extra = [text for text, show in zip((task, device), several, strict=True) if show]
        name = " · ".join([dataset, *extra])
        places.append({"dataset": dataset, "task": task, "device": device, "name": name})
    return places


def _panels(quality: pd.DataFrame, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each (place, output dimension) with its metrics and sizes: one set of equal terms."""
    panels = []
    for index, place in enumerate(places):
        here = quality[(quality[PLACE] == pd.Series({k: place[k] for k in PLACE})).all(axis=1)]
        for dim in sorted(set(here["output_dim"].fillna(0)), reverse=True):
            group = here[here["output_dim"].fillna(0) == dim]
            known = set(group["metric"])
            panels.append(
                {
                    "place": index,
                    "dataset": place["dataset"],
                    "dim": int(dim) or "",
                    "name": place["name"] + (f" · {dim}-D" if dim else ""),
                    "space": {0: "outputs", 2: "2-D pictures"}.get(dim, f"{dim}-D spaces"),
                    "metrics": [m.name for m in _ordered(known)],
                    "sizes": sorted(int(n) for n in set(group["size"])),
                }
            )
    return panels


def _ordered(names: set[str]) -> list[Metric]:
    """Headline metrics first, in the order of their groups."""
    order = {group: i for i, group in enumerate(GROUPS)}
    chosen = [m for m in METRICS.values() if m.name in names]
    return sorted(chosen, key=lambda m: (m.secondary, order.get(m.group, len(order))))


def _datasets(records: Sequence[RunRecord], found: Sequence[Verdict]) -> list[dict[str, Any]]:
    """What the page says of each data set, its verdicts as rows and as a matrix."""
    latest = {r.spec.dataset: r for r in records}
    made = []
    for name, record in sorted(latest.items(), key=lambda item: (_rank(item[1]), item[0])):
        own = [v for v in found if v.dataset == name]
        headline = [v for v in own if not METRICS[v.metric].secondary]
        metrics = _ordered({v.metric for v in headline})
        columns = sorted({_column(v) for v in headline})
        matrix = [
            (m, [_cell(v for v in headline if (v.metric, *_column(v)) == (m.name, *column))
                 for column in columns])
            for m in metrics
        ]  # fmt: skip
        order = [m.name for m in _ordered({v.metric for v in own})]
        rows = sorted(own, key=lambda v: (order.index(v.metric), v.deep, v.against))
        made.append(
            {
                "name": name,
                "info": record.dataset_info,
                "kind": kind(record),
                "sizes": sorted({r.spec.size for r in records if r.spec.dataset == name}),
                "verdicts": rows,
                "columns": [(device, -dim, deep) for device, dim, deep in columns],
                "matrix": matrix,
                "counts": outcome_counts(headline),
            }
        )
    return made


def _column(v: Verdict) -> tuple[str, int, str]:
    return v.device, -(v.output_dim or 0), v.deep


def _cell(group: Iterable[Verdict]) -> list[tuple[str, Verdict]]:
    """Verdicts of one cell of the matrix, each with its rival; equal ones in one."""
    found = {v.against: v for v in group}
    if len({(v.outcome, v.n_star, v.largest) for v in found.values()}) == 1 < len(found):
        return [("both", found["reference"])]
    return [(against.replace("_", " "), v) for against, v in found.items()]


def _rank(record: RunRecord) -> int:
    return ("real omics", "real, not omics", "simulated").index(kind(record))


def _alt(
    quality: pd.DataFrame,
    found: Sequence[Verdict],
    place: dict[str, Any],
    dim: int | str,
    metric: str,
) -> str:
    """What a learning curve shows, in words, for those who cannot see it."""
    here = quality[
        (quality[PLACE] == pd.Series({k: place[k] for k in PLACE})).all(axis=1)
        & (quality["metric"] == metric)
        & (quality["output_dim"].fillna(-1) == (-1 if dim == "" else dim))
    ]
    last = here[here["size"] == here["size"].max()].sort_values("mean", ascending=False)
    ends = ", ".join(f"{p} {m:.3g}" for p, m in zip(last["pipeline"], last["mean"], strict=True))
    own = [v for v in found if (v.dataset, v.device, v.metric) == (
        place["dataset"], place["device"], metric) and v.output_dim == (dim or None)]  # fmt: skip
    stars = [f"{v.deep} is ahead from n = {v.n_star:,}" for v in own if v.outcome.ahead]
    text = f"{METRICS[metric].title} against n. At n = {int(here['size'].max()):,}: {ends}."
    return text + "".join(f" {star}." for star in dict.fromkeys(stars))


def _environments(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Distinct environments, the most used first, each with its number of runs."""
    counts: dict[str, int] = {}
    blas: dict[str, set[str]] = {}
    gpu: dict[str, str | None] = {}
    for r in (r for r in records if r.environment):
        # What a worker has loaded, and so can see, depends on its pipeline, not on the machine.
        same = {k: v for k, v in r.environment.items() if k not in ("threads", "blas", "gpu")}
        text = json.dumps(same, sort_keys=True, default=str)
        counts[text] = counts.get(text, 0) + 1
        blas.setdefault(text, set()).update(r.environment.get("blas", ()))
        gpu[text] = r.environment.get("gpu") or gpu.get(text)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"runs": number, "facts": json.loads(text) | {"blas": sorted(blas[text]), "gpu": gpu[text]}}
        for text, number in ordered
    ]


def _protocol(records: Sequence[RunRecord]) -> dict[str, Any]:
    return {
        "splits": sorted({r.spec.split for r in records}),
        "repeats": sorted({r.spec.repeat for r in records}),
        "scored": sorted({r.spec.scored for r in records}),
        "threads": sorted({r.spec.threads for r in records}),
        "devices": sorted({r.spec.device for r in records}),
        "features": sorted({r.spec.features for r in records}),
        "per_size": any(r.spec.features_per_size for r in records),
        "undecided": Outcome.UNDECIDED,
    }


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.3f}".replace("-", "\u2212")
