"""The commands `push` and `pull`: results to an address such as s3://bucket/prefix, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from omicsbench.cli.exit_codes import ExitCode

ADDRESS = typer.Argument(help="Where results lie: s3://BUCKET/PREFIX, gs://..., file:///...")


def push(
    folder: Annotated[Path, typer.Argument(help="Results folder.")],
    address: Annotated[str, ADDRESS],
) -> None:
    """Put results under an address, an object a record; no finished run there is replaced."""
    from omicsbench import api
    from omicsbench.records.remote import unread

    done = api.push(folder, address)
    print(f"{address}: {done.runs:,} runs of {folder}, {done.new:,} of them put now.")
    if done.damaged:
        print(f"omicsbench: {unread(folder, done.damaged)}", file=sys.stderr)
        raise typer.Exit(ExitCode.FAILED)


def pull(
    address: Annotated[str, ADDRESS],
    folder: Annotated[Path, typer.Argument(help="Results folder; made if it is not there.")],
) -> None:
    """Fetch the results under an address, of all parts of a suite, into a folder."""
    from omicsbench import api

    done = api.pull(address, folder)
    print(f"{folder}: {done.runs:,} runs of {address}, {done.new:,} of them came now.")
    if done.missing:
        print(f"{done.missing:,} planned runs have no record yet.")
