"""The command `plan`: what a suite will take, printed before anything runs."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer

from omicsbench.cli.options import OUTPUT, SUITE, AsJson, Plugins

if TYPE_CHECKING:
    from omicsbench.planning.estimated import Row, SuiteEstimate
    from omicsbench.planning.known_data import KnownData

HEADS = ("n", "runs", "done", "one run, s", "peak memory, GiB", "disk, MiB", "")
NUMBERS = range(6)  # columns of HEADS that are aligned to the right


def plan(
    suite: Annotated[str, SUITE] = "quick",
    results: Annotated[
        Path | None,
        typer.Option("--results", help="Results folder (results/<suite>).", rich_help_panel=OUTPUT),
    ] = None,
    plugins: Plugins = None,
    as_json: AsJson = False,
    fix: Annotated[
        bool,
        typer.Option(
            "--freeze",
            help="Fix the suite and the rules of its verdicts in frozen.json, to be committed "
            "before the runs; the report tells of every deviation.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
) -> None:
    """Predict time, memory and disk of every run of a suite, before it is run."""
    from omicsbench import api
    from omicsbench.planning.estimated import flat

    if fix:
        _freeze(suite, results, plugins or [])
        return
    found = api.plan(suite, results=results, plugins=plugins or [])
    if as_json:
        content = {
            "suite": found.suite,
            "results": found.results,
            "stored": found.stored,
            "reference": found.reference,
            "unreadable": found.unreadable,
            "datasets": [asdict(replace(d, terms=None)) for d in found.datasets],
            "rows": [flat(row) for row in found.rows],
            "showable": [asdict(one) for one in found.showable],
            "total": asdict(found.total),
        }
        print(json.dumps(content, indent=1))
        return
    for dataset in found.datasets:
        print(_heading(dataset))
        print(_table([row for row in found.rows if row.dataset == dataset.name]))
        for one in found.showable:
            if one.dataset == dataset.name:
                print(fill(one.sentence, 100, initial_indent="  ", subsequent_indent="  "))
    print("\n".join(_summary(found)))


def _freeze(name: str, results: Path | None, plugins: list[Path]) -> None:
    from omicsbench import api
    from omicsbench.planning.freezing import freeze
    from omicsbench.planning.suite import load_suite
    from omicsbench.records.frozen import FROZEN_FILE
    from omicsbench.registry.discover import discover
    from omicsbench.verdict.rules import rules

    suite = load_suite(name)
    folder = results or api.default_folder(suite)
    frozen = freeze(suite, discover(plugins), rules(), folder)
    print(f"{folder / FROZEN_FILE}: protocol {frozen.hash}, {len(frozen.pipelines)} contestants.")
    print("Commit it, then run the suite; the report tells of every deviation from it.")


def _heading(dataset: KnownData) -> str:
    cells = f"{dataset.cells:,} cells, " if dataset.cells else ""
    size = dataset.prepared_bytes
    stored = "not prepared yet, size unknown" if size is None else f"prepared, {_mib(size)} MiB"
    said = "".join(f"\n  {text}" for text in (dataset.line, dataset.note) if text)
    return f"{dataset.name} ({cells}{stored}){said}"


def _table(rows: list[Row]) -> str:
    """A line per size, under the name of the pipeline, which may be long."""
    cells = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADS))]
    lines = [
        "  "
        + "  ".join(
            text.rjust(width) if i in NUMBERS else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]
    shown, last = lines[:1], ""
    for row, line in zip(rows, lines[1:], strict=True):
        if row.pipeline != last:
            shown.append(f"  {row.pipeline}")
            last = row.pipeline
        shown.append(line)
    return "\n".join(shown)


def _cells(row: Row) -> tuple[str, ...]:
    from omicsbench.records.costs import short

    def interval(quantity: str, scale: float) -> str:
        cost = row.cost.get(quantity)  # type: ignore[call-overload]
        if not cost:
            return ""
        value, low, high = (short(end / scale) for end in (cost.value, cost.low, cost.high))
        return f"{value} ({low} to {high})"

    disk = row.cost.get("disk_bytes")
    return (
        f"{row.size:,}",
        str(row.repeats),
        str(row.done),
        interval("wall_s", 1.0),
        interval("peak_rss_bytes", 2.0**30),
        _mib(disk.value * row.todo) if disk else "",
        row.mark,
    )


def _summary(found: SuiteEstimate) -> list[str]:
    from omicsbench.records.costs import short

    total = found.total
    runs = sum(row.repeats for row in found.rows)
    said = [f"{runs:,} runs, {sum(row.done for row in found.rows):,} done, {total.todo:,} to do."]
    if not found.stored and total.predicted:
        said.append(
            f"No runs are stored in {found.results}: predicted from runs on {found.reference}, "
            "which another machine may do several times as fast or slowly."
        )
    elif not found.stored:
        said.append(
            f"No runs are stored in {found.results}, so there is nothing to predict from. Run the "
            "suite with small --sizes first."
        )
    if total.predicted:
        jobs = f", {total.jobs} pipelines at a time" if total.jobs > 1 else ""
        said.append(
            f"Predicted for {total.predicted:,} of these: "
            f"{_time(total.wall_s, total.wall_s_low, total.wall_s_high)}{jobs}, and "
            f"{_mib(total.disk_bytes)} MiB of results; {short(total.disk_free_bytes / 2**30)} GiB "
            "of disk are free."
        )
    if total.rows_unknown:
        said.append(
            f"The total leaves out {total.rows_unknown} rows without stored runs to predict from."
        )
    if total.rows_left_out:
        said.append(
            f"It leaves out {total.rows_left_out} rows that cannot run or will not fit; "
            "omicsbench run --force runs what is predicted not to fit."
        )
    if found.unreadable:
        said.append(f"{found.unreadable} damaged or outdated records were not used.")
    return said


def _mib(size_bytes: float) -> str:
    from omicsbench.records.costs import short

    return short(size_bytes / 2**20)


def _time(value: float, low: float, high: float) -> str:
    """Seconds as, for instance, ``45 s (30 to 90)`` or ``3.4 h (2.1 to 6)``."""
    from omicsbench.records.costs import short

    units = (("h", 3600.0), ("min", 60.0), ("s", 1.0))
    unit, scale = next((u for u in units if value >= 2 * u[1]), units[-1])
    return f"{short(value / scale)} {unit} ({short(low / scale)} to {short(high / scale)})"
