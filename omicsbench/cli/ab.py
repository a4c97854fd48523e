"""The command `ab`: two revisions against each other on this machine, also for `git bisect run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from omicsbench.cli.compare import HTML, JSON, JUNIT, MARKDOWN, tell
from omicsbench.errors import OmicsbenchError

# `git bisect run` reads 0 as good, 125 as "cannot be told", 1 to 127 as bad, and stops at 128.
GOOD, BAD, SKIP, ABORT = 0, 1, 125, 128
FOR_BISECT = {0: GOOD, 1: BAD, 3: SKIP, 4: BAD}


class Command(TyperCommand):
    """With --bisect, a mistake in the command line must not call a revision bad."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if "--bisect" in given and hasattr(error, "exit_code"):
                error.exit_code = ABORT
            raise


def ab(
    base: Annotated[
        str, typer.Argument(metavar="REV1", help="Commit, tag or branch, or a checkout such as '.'")
    ],
    head: Annotated[str, typer.Argument(metavar="REV2", help="The same, of what is to be judged.")],
    suite: Annotated[
        str, typer.Option("--suite", help="Suite, by name or path of a TOML file.")
    ] = "ci",
    samples: Annotated[
        int | None,
        typer.Option("--samples", help="Repeats of each side (those of the suite, at least 6)."),
    ] = None,
    method: Annotated[
        list[str] | None, typer.Option("--method", "-m", help="Pipeline to add, as of run.")
    ] = None,
    only: Annotated[bool, typer.Option("--only", help="Run the --method pipelines alone.")] = False,
    plugins: Annotated[
        Path | None,
        typer.Option(
            "--plugins",
            help="Folder of this repository with methods and data sets: "
            "taken from each revision, run by the omicsbench that is installed.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder (results/ab/<REV1>..<REV2>).")
    ] = None,
    noise: Annotated[
        Path | None, typer.Option("--noise", help="Noise floor that calibrate wrote.")
    ] = None,
    bisect: Annotated[
        bool,
        typer.Option(
            "--bisect",
            help="Exit codes for git bisect run: 0 good, 1 bad (regression, "
            "or runs lost), 125 cannot be told, 128 stop.",
        ),
    ] = False,
    markdown: Annotated[Path | None, MARKDOWN] = None,
    html: Annotated[Path | None, HTML] = None,
    json: Annotated[Path | None, JSON] = None,
    junit: Annotated[Path | None, JUNIT] = None,
) -> None:
    """Run two revisions in turn on this machine; what looks worse is run again before it counts.

    Exit codes: 0 fine, 1 regression, 2 bad input, 3 nothing comparable was measured, 4 runs lost
    (failed or missing, and done in REV1). The same command again resumes.
    """
    from omicsbench.revisions.checkout import RevisionError
    from omicsbench.running.runner import Interrupted

    try:
        found = _found(base, head, suite, samples, method or [], only, plugins, out, noise, bisect)
        tell(found, markdown=markdown, html=html, json=json, junit=junit)
    except Interrupted:
        raise
    except Exception as error:
        if not bisect:
            raise
        code = SKIP if isinstance(error, RevisionError) else ABORT
        print(f"omicsbench: {error}", file=sys.stderr)
        raise typer.Exit(code) from error
    raise typer.Exit(FOR_BISECT[found.exit_code] if bisect else found.exit_code)


def _found(
    base: str,
    head: str,
    suite: str,
    samples: int | None,
    method: list[str],
    only: bool,
    plugins: Path | None,
    out: Path | None,
    noise: Path | None,
    bisect: bool,
) -> Any:
    from omicsbench.cli.progress import Steps, observing_signals
    from omicsbench.planning.suite import load_suite, make_suite
    from omicsbench.revisions.build import build
    from omicsbench.revisions.checkout import locate
    from omicsbench.revisions.trial import MIN_SAMPLES, clear, judge, set_up
    from omicsbench.tracking.sides import Side, terms_of

    if samples is not None and samples < MIN_SAMPLES:
        raise OmicsbenchError(f"--samples {samples}: fewer than {MIN_SAMPLES} tell nothing.")
    if only and not method:
        raise OmicsbenchError("--only runs the pipelines of --method; name one.")
    if bisect:
        _stands_outside()
    chosen = load_suite(suite)
    if method:
        pipelines = [*(() if only else chosen.pipelines), *method]
        chosen = make_suite(chosen.model_dump(exclude_unset=True) | {"pipelines": pipelines})
    stated = Side(base, [], chosen.model_dump(), {})
    terms = terms_of(stated, stated, noise, interleaved=True)
    with observing_signals(), Steps() as step:
        here = Path()
        for name in (base, head):  # an unknown one is told before minutes go into the other
            locate(name, here)
        built = [build(name, here, plugins=plugins, tell=step) for name in (base, head)]
        trial = set_up(chosen, built[0], built[1], out)
        found = judge(trial, samples or max(chosen.repeats, MIN_SAMPLES), terms, step)
    clear(trial)
    return found


def _stands_outside() -> None:
    """Raises OmicsbenchError if the omicsbench that judges is the checkout that bisect changes."""
    import omicsbench
    from omicsbench.revisions.checkout import top

    root = top(Path())
    if Path(omicsbench.__file__).resolve().parent == root / "omicsbench":
        raise OmicsbenchError(
            f"The omicsbench that runs here is {root} itself, which git bisect changes at every "
            "step; install one elsewhere and let that judge (docs/ab.md)."
        )
