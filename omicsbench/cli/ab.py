"""The command `ab`: two revisions against each other on this machine, also for `git bisect run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from omicsbench.cli.exit_codes import FOR_BISECT, OF_ALARM, ExitCode
from omicsbench.cli.options import HTML, JSON, JUNIT, MARKDOWN, OUTPUT, WHAT, Grouped, tell


class Command(Grouped):
    """With --bisect, a mistake in the command line must not call a revision bad."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if "--bisect" in given and hasattr(error, "exit_code"):
                error.exit_code = ExitCode.ABORT
            raise


def ab(
    base: Annotated[
        str, typer.Argument(metavar="REV1", help="Commit, tag or branch, or a checkout such as '.'")
    ],
    head: Annotated[str, typer.Argument(metavar="REV2", help="The same, of what is to be judged.")],
    suite: Annotated[
        str,
        typer.Option(
            "--suite", help="Suite, by name or path of a TOML file.", rich_help_panel=WHAT
        ),
    ] = "ci",
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples",
            help="Repeats of each side (those of the suite, at least 6).",
            rich_help_panel=WHAT,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option("--method", "-m", help="Pipeline to add, as of run.", rich_help_panel=WHAT),
    ] = None,
    only: Annotated[
        bool, typer.Option("--only", help="Run the --method pipelines alone.", rich_help_panel=WHAT)
    ] = False,
    plugins: Annotated[
        Path | None,
        typer.Option(
            "--plugins",
            help="Folder of this repository with methods and data sets: "
            "taken from each revision, run by the omicsbench that is installed.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Folder (results/ab/<REV1>..<REV2>).", rich_help_panel=OUTPUT
        ),
    ] = None,
    noise: Annotated[
        Path | None,
        typer.Option("--noise", help="Noise floor that calibrate wrote.", rich_help_panel=WHAT),
    ] = None,
    bisect: Annotated[
        bool,
        typer.Option(
            "--bisect",
            help="Exit codes for git bisect run: 0 good, 1 bad (regression, "
            "or runs lost), 125 cannot be told, 128 stop.",
            rich_help_panel=OUTPUT,
        ),
    ] = False,
    markdown: Annotated[Path | None, MARKDOWN] = None,
    html: Annotated[Path | None, HTML] = None,
    json: Annotated[Path | None, JSON] = None,
    junit: Annotated[Path | None, JUNIT] = None,
) -> None:
    """Run two revisions in turn on this machine; what looks worse is run again before it counts.

    The same command again resumes.
    """
    from omicsbench import api
    from omicsbench.cli.progress import Steps, observing_signals
    from omicsbench.revisions.build import must_stand_outside
    from omicsbench.revisions.checkout import RevisionError
    from omicsbench.running.runner import Interrupted

    try:
        if bisect:
            must_stand_outside(Path())
        with observing_signals(), Steps() as step:
            found = api.ab(
                base,
                head,
                suite=suite,
                samples=samples,
                methods=method or [],
                only=only,
                plugins=plugins,
                out=out,
                noise=noise,
                tell=step,
            )
        tell(found, markdown=markdown, html=html, json=json, junit=junit)
    except Interrupted:
        raise
    except Exception as error:
        if not bisect:
            raise
        print(f"omicsbench: {error}", file=sys.stderr)
        code = ExitCode.SKIP if isinstance(error, RevisionError) else ExitCode.ABORT
        raise typer.Exit(code) from error
    raise typer.Exit((FOR_BISECT if bisect else OF_ALARM)[found.alarm])
