"""The commands `merge`, `submit` and `site`: result sets of several jobs or people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omicsbench.cli.options import OUTPUT, Plugins
from omicsbench.errors import OmicsbenchError

HANDED_IN, REVIEW, PAGES = "What is handed in", "Review", "Pages"  # panels of --help


def merge(
    folders: Annotated[list[Path], typer.Argument(help="Results folders, such as all shards.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New results folder.")],
) -> None:
    """Join result sets into one; those that contradict each other are refused."""
    from omicsbench.records.merging import merge as joined

    done = joined(folders, out)
    print(f"{out}: {done.runs:,} runs of {len(folders)} sets.")
    if done.in_several:
        print(f"{done.in_several:,} were in several sets, with the same scores.")
    if done.missing:
        print(f"{done.missing:,} planned runs have no record yet.")
    if done.absent:
        parts = f"Part{'s'[: len(done.absent) != 1]} {', '.join(done.absent)}"
        print(f"Not among them, and so missing: {parts} of the suite.")
    if len(done.machines) > 1:
        print(
            f"They were made on {len(done.machines)} kinds of machines: times are compared within "
            "one, the one that finished most runs of a data set."
        )


def submit(
    folder: Annotated[Path, typer.Argument(help="Results folder, as `run` wrote it.")],
    author: Annotated[
        str | None,
        typer.Option(
            "--author",
            help="Who made the results, as shown beside them.",
            rich_help_panel=HANDED_IN,
        ),
    ] = None,
    plugins: Annotated[
        list[Path] | None,
        typer.Option(
            "--plugins",
            help="Your own methods and data sets; they are kept with it.",
            rich_help_panel=HANDED_IN,
        ),
    ] = None,
    again: Annotated[
        Path | None,
        typer.Option(
            "--verify",
            help="What somebody else ran again of it: compare the scores.",
            rich_help_panel=REVIEW,
        ),
    ] = None,
) -> None:
    """Pack and check results for a pull request; they are unverified until run again."""
    from omicsbench.cli.exit_codes import ExitCode
    from omicsbench.records.submission import Trust
    from omicsbench.submissions import submit as submissions

    if again:
        rerun = submissions.verify(folder, again).rerun
        runs = sum(rerun.runs.values()) if rerun else 0
        print(f"{folder}: verified, {runs:,} runs done again with the same scores.")
        return
    if not author:
        raise OmicsbenchError("Say who made the results: --author NAME.")
    found = submissions.submit(folder, author, plugins or [])
    for check in found.checks:
        mark, why = ("FAIL", f": {check.problem}") if check.problem else ("ok", "")
        print(f"{mark:>4}  {check.rule}{why}")
    print(f"{folder}: {found.state.value}.")
    if found.state is Trust.FAILED:
        raise typer.Exit(ExitCode.FAILED)
    print(
        f"Copy {folder} to results/submitted/{folder.name} (without runs/ and reports) and open a "
        "pull request. A reviewer runs a part of it again, --shard 1/20 for instance, and "
        f"`omicsbench submit {folder} --verify AGAIN`."
    )


def site(
    folders: Annotated[
        list[Path], typer.Argument(help="Results folders, or folders that hold such.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the site.", rich_help_panel=OUTPUT)
    ],
    answer: Annotated[
        Path | None,
        typer.Option("--answer", help="Markdown file of the page Answer.", rich_help_panel=PAGES),
    ] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(
            "--link",
            metavar="TEXT=ADDRESS",
            help="Another page, in the navigation.",
            rich_help_panel=PAGES,
        ),
    ] = None,
    plugins: Plugins = None,
) -> None:
    """Build a static site: leaderboards, a page of each method, data set and metric, search."""
    from collections import Counter

    from omicsbench.registry.discover import discover
    from omicsbench.site.pages import write_site

    pairs = [text.partition("=") for text in link or []]
    if wrong := next((name for name, _, address in pairs if not (name and address)), None):
        raise OmicsbenchError(f"--link {wrong} leads nowhere; write TEXT=ADDRESS.")
    if answer and not answer.is_file():
        raise OmicsbenchError(f"There is no file {answer}.")
    links = {name: address for name, _, address in pairs}
    made = write_site(folders, out, discover(plugins or []), answer, links)
    trusts = Counter(one.trust.value for one in made.sets)
    counted = ", ".join(f"{n} {name}" for name, n in trusts.items())
    print(f"{made.pages} pages of {len(made.sets)} result sets ({counted}).")
    for one in made.sets:
        if one.problem:
            print(f"  {one.name} is left out: {one.problem}")
    print(f"Site: {made.index}")
