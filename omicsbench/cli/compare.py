"""The commands `compare` and `calibrate`: what became worse, and how much noise there is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omicsbench.cli.exit_codes import OF_ALARM
from omicsbench.cli.options import (
    HTML,
    JSON,
    JUNIT,
    MARKDOWN,
    OUTPUT,
    SUITE,
    WHAT,
    Plugins,
    Quiet,
    Verbose,
    how_much,
    tell,
)

CAUSES = 10  # of false alarms, shown


def compare(
    base: Annotated[
        str, typer.Argument(help="Results folder, or git revision[:folder] where it is committed.")
    ],
    head: Annotated[str, typer.Argument(help="The same, of what is to be judged.")],
    suite: Annotated[
        str,
        typer.Option(
            "--suite", help="Of a revision without a folder: results/SUITE.", rich_help_panel=WHAT
        ),
    ] = "ci",
    noise: Annotated[
        Path | None,
        typer.Option(
            "--noise", help="What calibrate wrote (noise.json in BASE).", rich_help_panel=WHAT
        ),
    ] = None,
    markdown: Annotated[Path | None, MARKDOWN] = None,
    html: Annotated[Path | None, HTML] = None,
    json: Annotated[Path | None, JSON] = None,
    junit: Annotated[Path | None, JUNIT] = None,
) -> None:
    """Tell what became worse from BASE to HEAD, two sets of stored runs of a suite."""
    from omicsbench import api

    found = api.compare(base, head, suite=suite, noise=noise)
    tell(found, markdown=markdown, html=html, json=json, junit=junit)
    raise typer.Exit(OF_ALARM[found.alarm])


def calibrate(
    suite: Annotated[str, SUITE] = "ci",
    sets: Annotated[
        int,
        typer.Option(
            "--sets", help="Times that the suite is run, at least 4.", rich_help_panel=WHAT
        ),
    ] = 10,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder (results/calibration/<suite>).", rich_help_panel=OUTPUT
        ),
    ] = None,
    noise: Annotated[
        Path | None,
        typer.Option(
            "--noise",
            help="Where to write the noise floor (OUT/noise.json).",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    plugins: Plugins = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a suite against itself: writes the noise floor, prints the false-alarm rate.

    Every two of the sets of runs are compared. Stop it and go on whenever you like.
    """
    from omicsbench import api
    from omicsbench.cli.progress import Progress, observing_signals

    with observing_signals(), Progress(how_much(quiet, verbose)) as progress:
        found = api.calibrate(
            suite,
            sets=sets,
            out=out,
            noise=noise,
            plugins=plugins or [],
            observer=progress,
            tell=progress.say,
        )
    print(f"{found.comparisons} comparisons of {found.sets} sets of runs of the same revision.")
    print(
        f"False alarms: {found.alarms_held_out} ({found.rate:.1%}), the noise floor being that "
        f"of the other sets; {found.alarms} by the suite's tolerances alone."
    )
    print(f"{found.warnings} warned, by the suite's tolerances alone.")
    for cause, count in sorted(found.causes.items(), key=lambda item: -item[1])[:CAUSES]:
        print(f"  {count:3d}  {cause}")
    print(f"Noise floor: {found.file}")
