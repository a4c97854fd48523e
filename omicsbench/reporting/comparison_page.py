"""A comparison for people and for machines: sentences, Markdown, JSON, JUnit XML and a page."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from omicsbench.metrics import Metric
from omicsbench.reporting.causes import by_cause, quantity_title
from omicsbench.reporting.style import GRID, INK
from omicsbench.tracking.compare import Alarm, Change, Comparison
from omicsbench.tracking.lost_runs import LostRun
from omicsbench.tracking.quantities import quantity_kind

SHOWN = 30  # rows of a table for people; JSON has them all
UNITS = {"peak_rss_bytes": (2**20, "MiB"), "wall_s": (1.0, "s"), "cpu_s": (1.0, "s")}
STATE_COLOURS = {"regression": "#b8420a", "improvement": "#08519c", "no change": "#9aa0a8"}
MARK = {
    Alarm.NONE: "OK",
    Alarm.REGRESSION: "REGRESSION",
    Alarm.NOT_COMPARABLE: "NOTHING COMPARABLE",
    Alarm.LOST: "RUNS LOST",
}
HEADS = (
    "Data set",
    "Pipeline",
    "n",
    "Quantity",
    "Base",
    "Head",
    "Change (95 % interval)",
    "Tolerance",
    "p",
)


def outcome_line(found: Comparison) -> str:
    """The outcome in one line."""
    return f"{MARK[found.alarm]}: {found.head} against {found.base}"


def sentences(found: Comparison) -> list[str]:
    """What was compared and what came of it, for every output alike."""
    states = Counter(change.state for change in found.changes)
    told = len(found.changes) - states["not comparable"]
    said = [
        f"{told:,} comparisons of {found.pairs:,} pairs of runs: {len(found.regressions)} "
        f"regressions, {len(found.warnings)} warnings, {states['improvement']} improvements, "
        f"{states['no change']:,} without a change."
    ]
    if found.lost:
        by = Counter(loss.status for loss in found.lost)
        causes = ", ".join(f"{count:,} {status}" for status, count in by.most_common())
        said.append(f"{len(found.lost):,} runs that were done in BASE were lost: {causes}.")
    reasons = Counter(c.reason for c in found.changes if c.state == "not comparable")
    said += [f"{n:,} not comparable: {reason}." for reason, n in reasons.most_common(4)]
    if found.alarm is Alarm.NOT_COMPARABLE:
        said.append("Nothing comparable was measured, so nothing can be said.")
    if found.new:
        said.append(f"{found.new:,} runs are new in HEAD and have nothing to compare with.")
    if found.mended:
        said.append(f"{found.mended:,} runs that failed in BASE are done in HEAD.")
    return said + list(found.notes)


def row(change: Change, metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The cells of `HEADS`; ``metrics`` are those of the scores."""
    factor, unit = UNITS.get(change.quantity, (1.0, ""))
    if change.relative:
        value = [f"{x / factor:,.3g} {unit}" for x in (change.base, change.head)]
        effect, low, high = (f"{x - 1:+.1%}" for x in (change.effect, change.low, change.high))
        limit = f"{change.tolerance:.0%}"
    else:
        value = [f"{x:.3f}" for x in (change.base, change.head)]
        effect, low, high = (f"{x:+.3f}" for x in (change.effect, change.low, change.high))
        limit = f"{change.tolerance:.3f}"
    interval = f" ({low} to {high})" if math.isfinite(change.low) else ""
    return (
        change.dataset,
        change.pipeline,
        f"{change.size:,}",
        quantity_title(change.quantity, metrics),
        *value,
        effect + interval,
        limit,
        f"{change.p:.2g}",
    )


def grouped(losses: Sequence[LostRun]) -> list[tuple[str, ...]]:
    """Lost runs by data set, pipeline, status and reason, with their sizes and number."""
    groups: dict[tuple[str, str, str, str], list[int]] = {}
    for loss in losses:
        groups.setdefault((loss.dataset, loss.pipeline, loss.status, loss.reason), []).append(
            loss.size
        )
    return [
        (*key[:2], ", ".join(f"{n:,}" for n in sorted(set(sizes))), f"{len(sizes):,}", *key[2:])
        for key, sizes in groups.items()
    ]


LOST_HEADS = ("Data set", "Pipeline", "n", "Runs", "Now", "Reason")


def parts(found: Comparison) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]], int]]:
    """Tables for people: title, heads, rows shown, rows left out; empty ones are not there."""
    better = [c for c in found.changes if c.state == "improvement"]
    tables = [
        ("Lost runs", LOST_HEADS, grouped(found.lost)),
        ("Regressions", HEADS, [row(c, found.metrics) for c in found.regressions]),
        ("Warnings (do not fail)", HEADS, [row(c, found.metrics) for c in found.warnings]),
        ("Improvements", HEADS, [row(c, found.metrics) for c in better]),
    ]
    return [
        (title, heads, rows[:SHOWN], len(rows[SHOWN:])) for title, heads, rows in tables if rows
    ]


def markdown(found: Comparison) -> str:
    """For a pull request or the summary of a CI step."""
    lines = [f"### {outcome_line(found)}", "", *(f"- {said}" for said in sentences(found)), ""]
    for title, heads, rows, more in parts(found):
        lines += [f"#### {title}", "", _pipes(heads), "|" + " --- |" * len(heads)]
        lines += [_pipes(cells) for cells in rows]
        lines += [f"\n… and {more:,} more, in the JSON."] if more else []
        lines += [""]
    return "\n".join(lines)


def _pipes(cells: Sequence[str]) -> str:
    safe = (" ".join(cell.split()).replace("|", r"\|").replace("<", "&lt;") for cell in cells)
    return "| " + " | ".join(safe) + " |"


def to_json(found: Comparison, **more: Any) -> str:
    """Everything, after what is given ``more``; numbers that do not exist are null."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: clean(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [clean(one) for one in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    told = asdict(found)
    del told["metrics"]  # functions are no JSON
    content = more | {"outcome": MARK[found.alarm]} | told
    return json.dumps(clean(content), indent=1) + "\n"


def junit(found: Comparison) -> str:
    """One test case per comparison and per lost run; what only warns is no failure."""
    counts = {
        "tests": len(found.changes) + len(found.lost),
        "failures": len(found.regressions),
        "errors": len(found.lost),
        "skipped": sum(c.state == "not comparable" for c in found.changes),
    }
    suite = ElementTree.Element(
        "testsuite", {"name": "omicsbench compare"} | {k: str(v) for k, v in counts.items()}
    )
    for loss in found.lost:
        case = _case(suite, loss.dataset, loss.pipeline, f"n={loss.size} repeat={loss.repeat}")
        ElementTree.SubElement(case, "error", type=loss.status, message=_printable(loss.reason))
    for change in found.changes:
        case = _case(suite, change.dataset, change.pipeline, f"n={change.size} {change.quantity}")
        cells = row(change, found.metrics)
        text = ", ".join(f"{h}: {v}" for h, v in zip(HEADS[4:], cells[4:], strict=True))
        if change.state == "not comparable":
            ElementTree.SubElement(case, "skipped", message=_printable(change.reason))
        elif change.state == "regression" and change.blocks:
            ElementTree.SubElement(case, "failure", type="regression", message=text)
        elif change.warns:
            ElementTree.SubElement(case, "system-out").text = f"warning: {text}"
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(
    suite: ElementTree.Element, dataset: str, pipeline: str, name: str
) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=f"{dataset}: {pipeline}", name=name)


def _printable(text: str) -> str:
    """Without the control characters that XML forbids."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def page(found: Comparison) -> str:
    """A page of its own that opens offline, with every effect drawn beside its tolerance."""
    from omicsbench.reporting.template import environment, inlined

    drawn = {
        "Scores": ("HEAD minus BASE, turned so that left is worse", *_picture(found, "score")),
        "Peak memory": ("HEAD / BASE; right is worse", *_picture(found, "memory")),
        "Time": (
            "HEAD / BASE, with the speed of the machine taken out; right is worse",
            *_picture(found, "time"),
        ),
    }
    better = [c for c in found.changes if c.state == "improvement"]
    return (
        environment()
        .get_template("comparison.html")
        .render(
            outcome=outcome_line(found),
            sentences=sentences(found),
            parts=[
                ("Lost runs", _grouped_heads(LOST_HEADS), lost_by_pipeline(found.lost)),
                *(
                    (title, _grouped_heads(HEADS), by_pipeline(changes, found.metrics))
                    for title, changes in (
                        ("Regressions", found.regressions),
                        ("Warnings (do not fail)", found.warnings),
                        ("Improvements", better),
                    )
                ),
            ],
            base=found.base,
            head=found.head,
            style=inlined("style.css"),
            take=inlined("csv.js", "take.js", "drawn.js"),
            fine=found.alarm is Alarm.NONE,
            pictures={title: told for title, told in drawn.items() if told[2]},
        )
    )


def _grouped_heads(heads: Sequence[str]) -> tuple[str, ...]:
    """Those of a table of one pipeline."""
    return tuple(head for head in heads if head != "Pipeline")


def lost_by_pipeline(losses: Sequence[LostRun]) -> list[dict[str, Any]]:
    """Lost runs of each pipeline, who lost most first: what is said of them, and their rows."""
    lost = Counter(loss.pipeline for loss in losses)
    groups = by_cause(
        losses,
        cause=lambda loss: loss.pipeline,
        weight=lambda loss: lost[loss.pipeline],
        named=lambda loss: loss.status,
        dataset=lambda loss: loss.dataset,
        counted="run",
    )
    return [_folded(g.first.pipeline, g.told, grouped(g.rows)) for g in groups]


def by_pipeline(changes: Sequence[Change], metrics: Mapping[str, Metric]) -> list[dict[str, Any]]:
    """Changes of each pipeline, the gravest first: what is said of them, and their rows."""
    groups = by_cause(
        changes,
        cause=lambda c: c.pipeline,
        weight=_weight,
        named=lambda c: quantity_title(c.quantity, metrics),
        dataset=lambda c: c.dataset,
    )
    return [
        _folded(g.first.pipeline, g.told, [row(change, metrics) for change in g.rows])
        for g in groups
    ]


def _folded(pipeline: str, told: str, rows: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """What the page shows of one pipeline: its rows without its name."""
    return {
        "pipeline": pipeline,
        "told": told,
        "rows": [(cells[0], *cells[2:]) for cells in rows[:SHOWN]],
        "more": len(rows[SHOWN:]),
    }


def _weight(change: Change) -> float:
    """The change in multiples of its tolerance."""
    size = abs(change.effect - 1) if change.relative else abs(change.effect)
    return size / change.tolerance if change.tolerance else size


def _picture(found: Comparison, of: str) -> tuple[Markup, list[dict[str, Any]]]:
    """Effects of one kind by pipeline, as SVG, and its numbers; empty where there are none."""
    import vl_convert

    told = [
        c for c in found.changes if quantity_kind(c.quantity) == of and c.state != "not comparable"
    ]
    if not told:
        return Markup(""), []
    rows = [
        {
            "dataset": c.dataset,
            "pipeline": c.pipeline,
            "size": c.size,
            "quantity": quantity_title(c.quantity, found.metrics),
            "x": c.effect if c.relative else c.effect * (-1 if c.lower_is_better else 1),
            "state": c.state,
        }
        for c in told
    ]
    neutral = 0.0 if of == "score" else 1.0
    scale: dict[str, Any] = {"zero": False, "nice": True}
    if of != "score":
        scale["type"] = "log"
    specification = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": None,
        "width": 560,
        "height": {"step": 26},
        "data": {"values": sorted(rows, key=lambda r: r["state"] != "no change")},
        "layer": [
            {
                "mark": {"type": "rule", "color": INK, "aria": False},
                "encoding": {"x": {"datum": neutral, "type": "quantitative"}},
            },
            {
                "mark": {
                    "type": "tick",
                    "thickness": 2,
                    "height": 16,
                    "opacity": 0.7,
                    "aria": False,  # the page says what it shows
                },
                "encoding": {
                    "x": {"field": "x", "type": "quantitative", "scale": scale, "title": None},
                    "y": {"field": "pipeline", "type": "nominal", "title": None},
                    "color": {
                        "field": "state",
                        "type": "nominal",
                        "title": None,
                        "legend": {"orient": "top"},
                        "scale": {
                            "domain": list(STATE_COLOURS),
                            "range": list(STATE_COLOURS.values()),
                        },
                    },
                },
            },
        ],
        "config": {
            "axis": {"gridColor": GRID, "labelLimit": 0, "labelColor": INK},
            "view": {"stroke": GRID},
            "font": "sans-serif",
        },
    }
    svg = vl_convert.vegalite_to_svg(json.dumps(specification))
    return Markup(svg), rows  # noqa: S704 - names in it were escaped by the library
