"""The page of a history: what changed, worst first, and the trend of everything followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omicsbench.metrics import Metric
from omicsbench.records.store import write_text
from omicsbench.reporting.causes import by_cause, quantity_title
from omicsbench.reporting.style import GRID, INK
from omicsbench.reporting.template import chart_library, environment, inlined, script_json
from omicsbench.reporting.vega import plate, tip
from omicsbench.tracking.quantities import TOLERANCE, lower_is_better, quantity_kind, tolerance
from omicsbench.tracking.trends import (
    FALSE_DISCOVERIES,
    Finding,
    Revision,
    Series,
    Trends,
    Where,
    counted,
)

UNITS = {"time": (1.0, "s"), "memory": (2.0**30, "GiB"), "score": (1.0, "")}
WORSE, BETTER, LINE, FAILED = "#b8420a", "#08519c", "#4b5563", "#a50f3c"


def write_history(found: Trends, out: Path) -> Path:
    """Write the page, one file that opens offline. Raises StoreError if it cannot be written."""
    page = (
        environment()
        .get_template("history.html")
        .render(
            trends=found,
            groups=_groups(found),
            changes=len(found.findings),
            worse=sum(f.worse for f in found.findings),
            failing=_failing(found),
            libraries=[
                (found.revisions[at], names, machine)
                for machine, moved in found.libraries.items()
                for at, names in sorted(moved.items())
            ],
            share=FALSE_DISCOVERIES,
            tolerance=TOLERANCE,
            data=script_json(_data(found)),
            style=inlined("style.css"),
            script=inlined("history.js"),
            take=inlined("csv.js", "take.js", "drawn.js"),
            sorting=inlined("sorting.js"),
            library=chart_library(),
        )
    )
    write_text(out, page)
    return out


def what(f: Finding, metrics: Mapping[str, Metric]) -> str:
    """What changed; ``metrics`` are those of the scores."""
    if not f.quantity:
        return "runs"
    return f"{quantity_title(f.quantity, metrics)}{' (drift)' if f.kind == 'drift' else ''}"


def size(f: Finding) -> str:
    """By how much, with its interval."""
    if not f.quantity:
        return f.detail
    form = "{:+.3f}" if quantity_kind(f.quantity) == "score" else "{:+.0%}"
    mean, low, high = (form.format(x).replace("-", "\u2212") for x in (f.size, f.low, f.high))
    return mean if low == high else f"{mean} ({low} to {high})"


def between(f: Finding, revisions: tuple[Revision, ...]) -> str:
    """The range of revisions, as git writes one."""
    return f"{revisions[f.before].name}..{revisions[f.after].name}"


def commits(f: Finding) -> str:
    """How many commits the range holds, where that is known."""
    return "" if f.commits is None else f"{f.commits} commit{'s' if f.commits > 1 else ''}"


def _groups(found: Trends) -> list[dict[str, Any]]:
    """Changes of one pipeline in one range of commits, the gravest first, for the page."""
    groups = by_cause(
        found.findings,
        cause=lambda f: (f.where[2], f.before, f.after, f.worse, f.machine),
        weight=lambda f: f.weight,
        named=lambda f: what(f, found.metrics),
        dataset=lambda f: f.where[1],
    )
    return [
        _row(group.first, found)
        | {"told": group.told, "rows": [_row(f, found) for f in group.rows]}
        for group in groups
    ]


def _row(f: Finding, found: Trends) -> dict[str, Any]:
    task, dataset, pipeline, n, device = f.where
    first, last = found.revisions[f.before], found.revisions[f.after]
    return {
        "worse": f.worse,
        "dataset": dataset,
        "pipeline": pipeline,
        "n": n,
        "what": what(f, found.metrics),
        "size": size(f),
        "weight": round(f.weight, 3),
        "range": between(f, found.revisions),
        "dates": f"{first.date[:10]} to {last.date[:10]}",
        "commits": commits(f),
        "libraries": ", ".join(f.libraries),
        "machine": f.machine if len(found.machines) > 1 else "",
        "device": device,
        "task": task,
        "quantity": f.quantity,
        "failed": not f.quantity,
    }


def _failing(found: Trends) -> list[dict[str, Any]]:
    """Cells some of whose runs failed when they were last measured, and since which revision."""
    rows = []
    for ((_, dataset, pipeline, n, device), machine), seen in sorted(found.failures.items()):
        places = sorted(seen)
        if not seen[places[-1]]:
            continue
        fine = [at for at in places if not seen[at]]
        since = next(at for at in places if not fine or at > fine[-1])
        rows.append(
            {
                "dataset": dataset,
                "pipeline": pipeline,
                "n": n,
                "device": device,
                "machine": machine if len(found.machines) > 1 else "",
                "what": counted(seen[places[-1]]),
                "since": found.revisions[since],
                "ever": not fine,
            }
        )
    return rows


def _data(found: Trends) -> dict[str, Any]:
    """What the script needs: charts by cell and machine, each with its points."""
    findings: dict[tuple[Where, str, str], list[Finding]] = defaultdict(list)
    for f in found.findings:
        findings[f.where, f.quantity, f.machine].append(f)
    return {
        "spec": specification(),
        "revisions": [[r.name, r.date[:10]] for r in found.revisions],
        "machines": {m.id: f"{m.cpu}, {m.cores} cores" for m in found.machines},
        "quantities": {
            name: {
                "title": quantity_title(name, found.metrics),
                "unit": UNITS[quantity_kind(name)][1],
                "better": "lower" if lower_is_better(name, found.metrics) else "higher",
                "tolerance": tolerance(name, found.metrics),
                "kind": quantity_kind(name),
            }
            for name in dict.fromkeys(s.quantity for s in found.series)
        },
        "series": [
            _series(s, found, findings[s.where, s.quantity, s.machine]) for s in found.series
        ],
    }


def _series(s: Series, found: Trends, own: list[Finding]) -> dict[str, Any]:
    task, dataset, pipeline, n, device = s.where
    unit, _ = UNITS[quantity_kind(s.quantity)]
    machines = [s.machine] if s.machine else [m.id for m in found.machines]
    failed: dict[int, list[str]] = defaultdict(list)
    for machine in machines:
        for at, counts in found.failures.get((s.where, machine), {}).items():
            failed[at] += [counted(counts)] if counts else []
    moved: dict[int, list[str]] = defaultdict(list)
    for machine in machines:
        for at, names in found.libraries[machine].items():
            moved[at] += names
    return {
        "task": task,
        "dataset": dataset,
        "pipeline": pipeline,
        "size": n,
        "device": device,
        "quantity": s.quantity,
        "machine": s.machine,
        "points": [
            [p.revision, _short(p.mean / unit), _short(p.sd / unit), p.n, p.group] for p in s.points
        ],
        "segments": [[g.start, g.end, _short(g.mean / unit)] for g in s.segments],
        "changes": [
            [f.before, f.after, f.worse, size(f), f.kind, between(f, found.revisions)] for f in own
        ],
        "failed": [[at, ", ".join(words)] for at, words in sorted(failed.items()) if words],
        "libraries": [[at, ", ".join(dict.fromkeys(n))] for at, n in sorted(moved.items())],
    }


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def specification() -> dict[str, Any]:
    """A trend as Vega-Lite; the rows come as the data sets that its layers name."""
    x = {
        "field": "at",
        "type": "quantitative",
        "axis": {
            "title": None,
            "grid": False,
            "tickMinStep": 1,
            "tickCount": 6,
            "labelOverlap": "greedy",
            "labelExpr": "labels[datum.value] || ''",
        },
        "scale": {"nice": False, "zero": False, "padding": 14},
    }
    y = {
        "field": "mean",
        "type": "quantitative",
        "axis": {"title": None, "tickCount": 4, "format": ".4~g"},
        "scale": {"zero": False, "nice": False, "padding": 12},
    }
    tips = [
        tip("revision", "revision"),
        tip("date", "date"),
        tip("mean", "mean", ".4~g"),
        tip("sd", "sd over repeats", ".2~g"),
        tip("n", "repeats"),
    ]
    changed = [tip("range", "between"), tip("words", "change"), tip("kind", "kind")]
    colour = {"field": "color", "type": "nominal", "scale": None}
    layers = [
        {
            "data": {"name": "libraries"},
            "mark": {"type": "rule", "color": "#c4c9d1", "strokeDash": [2, 3]},
            "encoding": {"x": x, "tooltip": [tip("words", "libraries"), tip("date", "since")]},
        },
        {
            "data": {"name": "changes"},
            "mark": {"type": "rect", "opacity": {"expr": "datum.kind === 'drift' ? 0.08 : 0.2"}},
            "encoding": {"x": x, "x2": {"field": "end"}, "color": colour, "tooltip": changed},
        },
        {
            "data": {"name": "points"},
            "mark": {"type": "line", "strokeWidth": 1, "color": "#9aa3b0"},
            "encoding": {"x": x, "y": y, "detail": {"field": "group"}},
        },
        {
            "data": {"name": "segments"},
            "mark": {"type": "rule", "strokeWidth": 2, "color": INK},
            "encoding": {"x": x, "x2": {"field": "end"}, "y": y},
        },
        {
            "data": {"name": "points"},
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 26},
            "encoding": {"x": x, "y": y, "color": {"value": LINE}, "tooltip": tips},
        },
        {
            "data": {"name": "changes"},
            "mark": {
                "type": "text",
                "fontSize": 11,
                "fontWeight": 600,
                "baseline": "top",
                "dy": {"expr": "datum.kind === 'drift' ? height - 14 : -2"},
                "align": {"expr": "datum.late ? 'right' : 'left'"},
                "dx": {"expr": "datum.late ? -3 : 3"},
            },
            "encoding": {
                "x": x | {"field": "end"},
                "y": {"value": 0},
                "color": colour,
                "text": {"field": "sign"},
                "tooltip": changed,
            },
        },
        {
            "data": {"name": "failed"},
            "mark": {
                "type": "point",
                "shape": "cross",
                "angle": 45,
                "filled": True,
                "size": 70,
                "opacity": 1,
                "color": FAILED,
            },
            "encoding": {
                "x": x,
                "y": {"value": {"expr": "height"}},
                "tooltip": [tip("revision", "revision"), tip("words", "without a result")],
            },
        },
    ]
    return plate(170) | {
        "params": [{"name": "labels", "value": []}],
        "layer": layers,
        "resolve": {"axis": {"x": "shared", "y": "shared"}},
        "usermeta": {"colors": {"worse": WORSE, "better": BETTER, "grid": GRID}},
    }
