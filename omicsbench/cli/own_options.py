"""The options that say how the user's own file is read; every command that reads one has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from omicsbench.errors import OmicsbenchError
from omicsbench.plugin import Provenance, Values

if TYPE_CHECKING:
    from omicsbench.reading.own import OwnData

DATA = "Data"  # panel of --help
LabelOption = Annotated[
    str | None,
    typer.Option("--label", help="Column with the labels of your data.", rich_help_panel=DATA),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="Column of measured numbers to predict, for suites of task regress.",
        rich_help_panel=DATA,
    ),
]
ValuesOption = Annotated[
    str | None,
    typer.Option(
        "--values",
        help="What your data hold, where it cannot be told: counts; fractional (counts of RSEM, "
        "SoupX); normalized (CPM, TPM, not logged); log, log2 or log10 of 1 + normalised; "
        "continuous (intensities, log ratios); proteins, binary, rates; composition (taxa); "
        "genotypes (0, 1, 2); cytometry; mutations (0, 1).",
        rich_help_panel=DATA,
    ),
]
LayerOption = Annotated[
    str | None,
    typer.Option(
        "--layer", help="Layer of an .h5ad to use; raw is adata.raw.", rich_help_panel=DATA
    ),
]
ModalityOption = Annotated[
    str | None,
    typer.Option("--modality", help="Modality of an .h5mu.", rich_help_panel=DATA),
]
ScaleOption = Annotated[
    bool,
    typer.Option(
        "--scale/--no-scale", help="Bring the features to unit variance.", rich_help_panel=DATA
    ),
]
ProvenanceOption = Annotated[
    str | None,
    typer.Option(
        "--label-provenance",
        help="Where the labels come from: author, sorted, computed or simulated.",
        rich_help_panel=DATA,
    ),
]
UnitOption = Annotated[
    str | None,
    typer.Option(
        "--unit",
        help="Column with the donors or the like: the unit of sampling error over test cells, and "
        "with --set split=group of the split.",
        rich_help_panel=DATA,
    ),
]
BatchOption = Annotated[
    str | None,
    typer.Option(
        "--batch",
        help="Column with the technical batches, for methods that use them.",
        rich_help_panel=DATA,
    ),
]
TransposeOption = Annotated[
    bool,
    typer.Option(
        "--transpose", help="Features lie in rows, cells in columns.", rich_help_panel=DATA
    ),
]
ExcludeOption = Annotated[
    str | None,
    typer.Option(
        "--exclude",
        metavar="NAMES",
        help="Columns that are no features, by name or pattern: 'age,leiden,mt_*'.",
        rich_help_panel=DATA,
    ),
]
FeaturesLikeOption = Annotated[
    str | None,
    typer.Option(
        "--features-like",
        metavar="NAMES",
        help="The features, by name or pattern ('ENSG*'); other columns are annotations.",
        rich_help_panel=DATA,
    ),
]
GenomeOption = Annotated[
    str | None,
    typer.Option("--genome", help="Genome of a 10x file of several.", rich_help_panel=DATA),
]
FeatureTypeOption = Annotated[
    str | None,
    typer.Option(
        "--feature-type",
        help="Kind of feature of a 10x file: 'Gene Expression', 'Antibody Capture', Peaks.",
        rich_help_panel=DATA,
    ),
]
KeepNAOption = Annotated[
    bool,
    typer.Option(
        "--keep-na", help="NA and the like are classes, not missing labels.", rich_help_panel=DATA
    ),
]
OPTIONS = {"provenance": "--label-provenance", "scale": "--no-scale"}  # others as their field


def told(
    *,
    label: str | None,
    values: str | None,
    layer: str | None,
    modality: str | None,
    scale: bool,
    provenance: str | None,
    unit: str | None,
    batch: str | None,
    target: str | None,
    transpose: bool,
    exclude: str | None,
    features_like: str | None,
    genome: str | None,
    feature_type: str | None,
    keep_na: bool,
) -> OwnData:
    """What the options tell of a file, whose path is still to be given."""
    from omicsbench.reading.own import OwnData

    return OwnData(
        Path(),
        label=label,
        values=values_of(values),
        layer=layer,
        modality=modality,
        scale=scale,
        provenance=cast(
            "Provenance | None",
            _one_of("--label-provenance", provenance, get_args(Provenance)),
        ),
        unit=unit,
        batch=batch,
        target=target,
        transpose=transpose,
        exclude=_names(exclude),
        features_like=_names(features_like),
        genome=genome,
        feature_type=feature_type,
        keep_na=keep_na,
    )


def values_of(text: str | None, option: str = "--values") -> Values | None:
    """What an option says the data hold. Raises OmicsbenchError for what is none of them."""
    return cast("Values | None", _one_of(option, text, get_args(Values)))


def of_files(paths: Sequence[Path], told: OwnData) -> list[OwnData]:
    """The user's files, of each what the options tell. Raises OmicsbenchError without a file."""
    for field in fields(told):
        if not paths and field.name != "path" and getattr(told, field.name) != field.default:
            option = OPTIONS.get(field.name, f"--{field.name.replace('_', '-')}")
            raise OmicsbenchError(f"{option} belongs to your own data; name its file with --data.")
    return [replace(told, path=path) for path in paths]


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in (text or "").split(",") if part)


def _one_of(option: str, value: str | None, known: Sequence[str]) -> str | None:
    if value is not None and value not in known:
        raise OmicsbenchError(f"{option} {value!r} is none of {', '.join(known)}.")
    return value
