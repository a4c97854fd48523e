"""The command line: parses and prints; everything it does is in the modules it calls.

Exit codes: ``omicsbench.cli.exit_codes``.
"""

from __future__ import annotations

import io
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from omicsbench._version import __version__
from omicsbench.cli import ab as cli_ab
from omicsbench.cli import advise as cli_advise
from omicsbench.cli import compare as cli_compare
from omicsbench.cli import complete
from omicsbench.cli import data as cli_data
from omicsbench.cli import doctor as cli_doctor
from omicsbench.cli import embed as cli_embed
from omicsbench.cli import figure as cli_figure
from omicsbench.cli import history as cli_history
from omicsbench.cli import inspection as cli_inspection
from omicsbench.cli import pack as cli_pack
from omicsbench.cli import plan as cli_plan
from omicsbench.cli import remote as cli_remote
from omicsbench.cli import run as cli_run
from omicsbench.cli import sharing as cli_sharing
from omicsbench.cli import workflows as cli_workflows
from omicsbench.cli.exit_codes import OF_COMPARISON, ExitCode
from omicsbench.cli.options import AsJson, ByPurpose, Grouped, Plugins, print_report
from omicsbench.errors import OmicsbenchError

MEASURE, RESULTS, KNOW, EXTEND, FOLLOW = (
    "Measure",
    "Results",
    "Look around",
    "Extend",
    "From revision to revision",
)  # panels of commands

app = typer.Typer(
    cls=ByPurpose,
    help="On omics data of a given size, does deep learning beat simpler models, and from "
    "what size on?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Listed(StrEnum):
    """What can be listed."""

    METHODS = "methods"
    DATASETS = "datasets"
    METRICS = "metrics"
    SUITES = "suites"


def main() -> None:
    """Entry point: bad input ends with one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):  # names of files may be no text
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except OmicsbenchError as error:
        print(f"omicsbench: {error}", file=sys.stderr)
        sys.exit(_code_of(error))
    except KeyboardInterrupt:
        print("omicsbench: stopped.", file=sys.stderr)
        sys.exit(ExitCode.STOPPED)
    except BrokenPipeError:  # the reader of a pipe has gone: `omicsbench list metrics | head`
        sys.stderr.close()
        sys.exit(ExitCode.DONE)
    except OSError as error:  # a full disk, a folder that may not be written
        where = f" {error.filename}" if error.filename else ""
        reason = error.strerror or type(error).__name__
        print(
            f"omicsbench: Cannot use{where}: {reason}. Finished runs are kept; the same command "
            "goes on from there.",
            file=sys.stderr,
        )
        sys.exit(ExitCode.BAD_INPUT)


def _code_of(error: OmicsbenchError) -> ExitCode:
    from omicsbench.running.runner import Interrupted, RunsMissing

    if isinstance(error, Interrupted):
        return ExitCode.STOPPED
    return ExitCode.FAILED if isinstance(error, RunsMissing) else ExitCode.BAD_INPUT


def _version(wanted: bool) -> None:
    if wanted:
        print(f"omicsbench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


app.command(cls=Grouped, rich_help_panel=MEASURE)(cli_run.run)
app.command(cls=Grouped, rich_help_panel=MEASURE)(cli_inspection.inspect)
app.command(cls=Grouped, rich_help_panel=MEASURE)(cli_plan.plan)
app.command(cls=Grouped, rich_help_panel=MEASURE)(cli_workflows.workflow)
app.command(cls=Grouped, rich_help_panel=MEASURE)(cli_embed.embed)
app.command(cls=Grouped, rich_help_panel=MEASURE)(cli_advise.advise)


@app.command("report", cls=Grouped, rich_help_panel=RESULTS)
def report_(
    folder: Annotated[Path, typer.Argument(help="Results folder.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Path of the HTML file.")] = None,
) -> None:
    """Write the HTML report and its tables from stored records, and print the verdict."""
    from omicsbench import api

    print_report(api.report_of(folder, out))


@app.command(cls=Grouped, rich_help_panel=RESULTS)
def export(
    folder: Annotated[Path, typer.Argument(help="Results folder.")],
    out: Annotated[Path, typer.Argument(help="File to write: .csv or .parquet.")],
) -> None:
    """Write all stored runs as one tidy table."""
    from omicsbench.records.store import read_records
    from omicsbench.records.table import write_csv, write_parquet

    if out.suffix not in (".csv", ".parquet"):
        raise OmicsbenchError(f"Cannot write {out.name}: name a .csv or .parquet file.")
    write = write_csv if out.suffix == ".csv" else write_parquet
    rows = write(read_records(folder), out)
    print(f"Wrote {rows} rows to {out}")


app.command(cls=Grouped, rich_help_panel=RESULTS)(cli_figure.figure)
app.command(cls=Grouped, rich_help_panel=RESULTS)(cli_pack.pack)
app.command(cls=Grouped, rich_help_panel=RESULTS)(cli_sharing.merge)
app.command(cls=Grouped, rich_help_panel=RESULTS)(cli_remote.push)
app.command(cls=Grouped, rich_help_panel=RESULTS)(cli_remote.pull)
app.command(cls=Grouped, rich_help_panel=RESULTS)(cli_sharing.submit)
app.command(cls=Grouped, rich_help_panel=RESULTS)(cli_sharing.site)


@app.command("list", cls=Grouped, rich_help_panel=KNOW)
def list_(
    kind: Annotated[Listed, typer.Argument(help="What to list.")],
    plugins: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """List what can be named, with the reason for what cannot be used here."""
    from omicsbench.cli import listing as catalogue

    made = catalogue.listing_json if as_json else catalogue.listing
    print(made(kind.value, plugins or []))


@app.command(cls=Grouped, rich_help_panel=KNOW)
def show(
    name: Annotated[
        str,
        typer.Argument(help="A method, data set, metric or suite.", autocompletion=complete.names),
    ],
    plugins: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Show everything known of one method, data set, metric or suite."""
    from omicsbench.cli import listing as catalogue

    made = catalogue.details_json if as_json else catalogue.details
    print(made(name, plugins or []))


app.command(cls=Grouped, rich_help_panel=KNOW)(cli_doctor.doctor)
app.command(cls=Grouped, rich_help_panel=KNOW)(cli_data.fetch)
app.command(cls=Grouped, rich_help_panel=KNOW)(cli_data.prepare)


@app.command(cls=Grouped, rich_help_panel=EXTEND)
def check(
    path: Annotated[
        Path, typer.Argument(help="A file or folder of methods, data sets and metrics.")
    ],
) -> None:
    """Run the contract checks on a method, data set or metric of your own."""
    from omicsbench.contract.checks import check_path

    checks = check_path(path)
    for c in checks:
        mark = "skip" if c.skipped else "FAIL" if c.problem else "ok"
        reason = c.skipped or c.problem
        print(f"{mark:>4}  {c.subject}: {c.rule}" + (f": {reason}" if reason else ""))
    failed = sum(c.problem is not None for c in checks)
    summary = (
        f"{failed} of {len(checks)} checks failed" if failed else f"{len(checks)} checks passed"
    )
    print(f"{summary}.")
    if failed:
        raise typer.Exit(ExitCode.FAILED)


@app.command(cls=Grouped, rich_help_panel=EXTEND)
def new(
    kind: Annotated[str, typer.Argument(help="method, count_method, regressor, dataset or metric")],
    name: Annotated[str, typer.Argument(help="Lower-case identifier.")],
    folder: Annotated[Path, typer.Option("--folder", help="Where to write the file.")] = Path(),
) -> None:
    """Write the template of a method, data set or metric that passes `check`."""
    from omicsbench.cli.templates import write_template

    path = write_template(kind, name, folder)
    print(f"Wrote {path}. Edit it, then: omicsbench check {path}")
    if kind in ("method", "count_method"):
        print(f"Compare it: omicsbench run quick --plugins {folder} --method {name}")
    elif kind == "regressor":
        print(f"Compare it: omicsbench run regress --plugins {folder} --method {name}")
    elif kind == "metric":
        print(f"Score with it: omicsbench run quick --plugins {folder} --metrics {name},knn_recall")
    else:
        print(f"Use it in a suite, with --plugins {folder}")


app.command(cls=Grouped, epilog=OF_COMPARISON, rich_help_panel=FOLLOW)(cli_compare.compare)
app.command(cls=Grouped, rich_help_panel=FOLLOW)(cli_compare.calibrate)
app.command(cls=cli_ab.Command, epilog=OF_COMPARISON, rich_help_panel=FOLLOW)(cli_ab.ab)
app.command(cls=Grouped, rich_help_panel=FOLLOW)(cli_history.history)


if __name__ == "__main__":
    main()
