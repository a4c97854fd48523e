"""The commands that get data ready before a run: ``fetch`` and ``prepare``."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated

import typer

from omicsbench.cli import complete
from omicsbench.cli.options import WHAT, Plugins

Name = Annotated[
    str,
    typer.Argument(help="A data set.", metavar="NAME", autocompletion=complete.datasets),
]


def fetch(name: Name, plugins: Plugins = None) -> None:
    """Download the files that a data set needs, and check them."""
    from omicsbench.inputs.answers import gigabytes
    from omicsbench.inputs.fetch import fetch as bring
    from omicsbench.inputs.fetch import known_sha256
    from omicsbench.registry.calls import parse_call
    from omicsbench.registry.discover import discover

    info = discover(plugins or []).dataset(parse_call(name).name).info
    if not info.remote:
        print(f"{info.name} needs no download: its data come with the package or are simulated.")
        return
    for remote in info.remote:
        path = bring(remote)
        print(path)
        print(f"  {gigabytes(path.stat().st_size)}, sha256 {known_sha256(remote)}")
        print(f"  from {remote.url}, which states {remote.digest or 'no checksum'}")
        if remote.note:
            print(f"  note: {remote.note}")


def prepare(
    name: Name,
    features: Annotated[
        int,
        typer.Option(
            "--features", min=1, help="Most variable features to keep.", rich_help_panel=WHAT
        ),
    ] = 2000,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Seed of the split.", rich_help_panel=WHAT)
    ] = 0,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Read every byte of what is prepared of it by now, first.",
            rich_help_panel=WHAT,
        ),
    ] = False,
    plugins: Plugins = None,
) -> None:
    """Normalise a data set, select its features, split it and keep that for later runs."""
    from omicsbench.cli.progress import Progress
    from omicsbench.inputs import source as sources
    from omicsbench.inputs.answers import gigabytes
    from omicsbench.prepare import prepared as preparing
    from omicsbench.registry.discover import discover

    start = time.perf_counter()
    source = sources.registered(name, discover(plugins or []))
    if verify:
        for folder in preparing.verify(source):
            print(f"{folder} is as it was written")
    with Progress() as progress:
        made = preparing.prepare(
            source,
            [0],
            seed=seed,
            features=features,
            per_size=False,
            on_share=partial(progress.dataset, source.name),
        )[0]
    spent = time.perf_counter() - start
    cells, kept = made.contents.shape
    size = sum(file.stat().st_size for file in made.folder.rglob("*.*"))
    print(made.folder)
    print(f"  {cells:,} cells x {kept:,} features, {gigabytes(size)} on disk, {spent:.1f} s")
    print(f"  {made.facts.line}")
    for note in made.facts.notes:
        print(f"  note: {note}")
