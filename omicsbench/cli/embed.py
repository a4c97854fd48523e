"""The command `embed`: all cells of a file, embedded by a pipeline, in a file for scanpy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omicsbench.cli.options import OUTPUT, WHAT, Plugins
from omicsbench.cli.own_options import DATA, ValuesOption, values_of
from omicsbench.errors import OmicsbenchError


def embed(
    file: Annotated[Path, typer.Argument(help="Your data, in any format that `run` reads.")],
    pipeline: Annotated[str, typer.Argument(help="Such as 'pca(50) > umap'.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The .h5ad to write.", rich_help_panel=OUTPUT)
    ],
    n_components: Annotated[
        int,
        typer.Option(
            "--n-components", min=1, help="Of stages that state none.", rich_help_panel=WHAT
        ),
    ] = 50,
    features: Annotated[
        int, typer.Option("--features", min=1, help="How many are kept.", rich_help_panel=WHAT)
    ] = 2_000,
    key: Annotated[
        str | None,
        typer.Option(
            "--key", help="Entry of obsm; X_<pipeline> by default.", rich_help_panel=OUTPUT
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", help="Of methods that draw at random.", rich_help_panel=WHAT)
    ] = 0,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch",
            help="Column of the batches, for methods that use them.",
            rich_help_panel=DATA,
        ),
    ] = None,
    values: ValuesOption = None,
    plugins: Plugins = None,
) -> None:
    """Embed all cells of a file with a pipeline; nothing is held out and nothing is scored."""
    from omicsbench.records import disk
    from omicsbench.registry.discover import discover
    from omicsbench.running.embed import default_key
    from omicsbench.running.embed import embed as embed_cells

    if out.suffix != ".h5ad":
        raise OmicsbenchError(f"Cannot write {out}: name an .h5ad file.")
    key = key or default_key(pipeline)
    adata = embed_cells(
        file,
        pipeline,
        n_components=n_components,
        key=key,
        values=values_of(values),
        features=features,
        seed=seed,
        batch=batch,
        registry=discover(plugins or []),
    )
    with disk.whole(out) as temporary:
        adata.write_h5ad(temporary)
    cells, dims = adata.obsm[key].shape
    print(f"Wrote {out}: obsm['{key}'], {cells:,} cells x {dims}.")
    print(f"Look at it: scanpy.pl.embedding(adata, basis='{key.removeprefix('X_')}')")
