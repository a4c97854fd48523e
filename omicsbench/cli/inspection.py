"""The command `inspect`: what would be decided of a file, printed; nothing is run."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omicsbench.cli import own_options as own
from omicsbench.cli.options import AsJson, Plugins
from omicsbench.errors import DataError

if TYPE_CHECKING:
    from omicsbench.planning.inspection import Inspection

WIDE = 160  # characters, where no terminal tells


def inspect(
    file: Annotated[str, typer.Argument(help="Your own file, or the name of a data set.")],
    label: own.LabelOption = None,
    values: own.ValuesOption = None,
    layer: own.LayerOption = None,
    modality: own.ModalityOption = None,
    scale: own.ScaleOption = True,
    provenance: own.ProvenanceOption = None,
    unit: own.UnitOption = None,
    batch: own.BatchOption = None,
    target: own.TargetOption = None,
    transpose: own.TransposeOption = False,
    exclude: own.ExcludeOption = None,
    features_like: own.FeaturesLikeOption = None,
    genome: own.GenomeOption = None,
    feature_type: own.FeatureTypeOption = None,
    keep_na: own.KeepNAOption = False,
    several: Annotated[
        bool,
        typer.Option(
            "--all-modalities",
            help="Read all modalities, as a suite of integration does.",
            rich_help_panel=own.DATA,
        ),
    ] = False,
    plugins: Plugins = None,
    as_json: AsJson = False,
) -> None:
    """Tell what would be decided of a file, why, and which option changes it; nothing is run."""
    told = own.told(
        label=label,
        values=values,
        layer=layer,
        modality=modality,
        scale=scale,
        provenance=provenance,
        unit=unit,
        batch=batch,
        target=target,
        transpose=transpose,
        exclude=exclude,
        features_like=features_like,
        genome=genome,
        feature_type=feature_type,
        keep_na=keep_na,
    )
    from omicsbench.inputs import source
    from omicsbench.planning.inspection import inspected
    from omicsbench.registry.discover import discover

    registry = discover(plugins or [])
    if not Path(file).exists() and file.partition("(")[0].strip() in registry.datasets:
        own.of_files([], told)
        found = inspected(file, lambda: source.registered(file, registry), registered=True)
    else:
        data = replace(told, path=Path(file))
        found = inspected(data.title, lambda: source.own(data, several))
    if as_json:
        print(json.dumps(asdict(found), indent=1, ensure_ascii=False))
    else:
        _print(found)
    if found.refused:
        raise DataError(found.refused)


def _print(found: Inspection) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from omicsbench.planning.inspection import HEADS
    from omicsbench.validation.account import printable

    if found.line:
        print(found.line)
    if found.decisions:
        table = Table(*HEADS, title=None)
        for row in found.table.itertuples(index=False):
            table.add_row(*(Text(printable(cell)) for cell in row))
        width = None if sys.stdout.isatty() else WIDE
        Console(width=width, highlight=False).print(table)
    for note in found.notes:
        print(f"note: {note}")
