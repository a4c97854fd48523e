"""The user's own data, files of every format and cells that Python holds, into one AnnData."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.errors import DataError
from omicsbench.reading.anndata_files import read_compressed, read_h5ad, read_zarr
from omicsbench.reading.annotations import require_column, require_plain
from omicsbench.reading.columns import choose_features
from omicsbench.reading.decisions import Decision, decide, decisions_of
from omicsbench.reading.formats import FORMATS, TABLES, TENX, TEXTS, format_of, in_one_sentence
from omicsbench.reading.held import cells_of
from omicsbench.reading.kinds import of_one_kind, told_apart
from omicsbench.reading.loom import read_loom
from omicsbench.reading.modalities import read_one
from omicsbench.reading.mtx import read_mtx
from omicsbench.reading.notes import note, notes_of
from omicsbench.reading.number_types import computable_table, make_computable
from omicsbench.reading.orientation import check_orientation, require_not_turned
from omicsbench.reading.own import OwnData
from omicsbench.reading.soundness import require_sound
from omicsbench.reading.tables import from_table, read_text
from omicsbench.reading.tenx import inspect_10x

if TYPE_CHECKING:
    from anndata import AnnData

RAW = "raw"  # the layer's name that stands for adata.raw


def read(own: OwnData) -> AnnData:
    """Read a file into memory: cells x features in X, labels in obs.

    The suffix names the format, of a folder what is in it. Tables hold one cell a row: a first
    column of text, or without a header, names the cells; other columns of text, ``label`` and
    ``unit`` go to obs; numbers are features. Of several kinds of features gene expression is
    read. ``modality`` chooses one of an h5mu file (``rna``, or the only one, without it);
    ``layer`` is read in place of X. What the user should know of the reading is in
    ``uns["omicsbench_notes"]``, what was decided is kept by ``reading.decisions``.

    Raises DataError, in one sentence, if the file is missing, damaged, of an unknown format
    or empty, lies the other way round, has no such label, modality, layer, genome or kind of
    feature, or more than one that could be meant.
    """
    kind = None if own.held is not None else format_of(own.path)
    _refuse_options(own, kind)
    if kind is None:
        adata, turned = _held(own)
        decide(adata, Decision("format", f"{type(own.held).__name__} of Python", "as it was given"))
    else:
        with in_one_sentence(own.path, kind):
            adata, turned = _load(own.path, kind, own), kind in TABLES
        if kind not in TEXTS:
            what = "its files tell" if own.path.is_dir() else "its name tells"
            decide(adata, Decision("format", FORMATS[kind], f"as {what}"))
    require_sound(adata, own.title)
    if own.layer is not None:
        adata = _take_layer(adata, own.layer)
    make_computable(adata)
    if own.transpose and not turned:
        adata = adata.T
    for what, column in own.known.items():
        require_not_turned(adata, column, what, own)
        require_plain(adata.obs, column, what)
    if kind in TENX:
        decide(adata, Decision("orientation", "cells in rows", "10x files name cells and features"))
    else:
        check_orientation(adata, own)
        adata = of_one_kind(adata, own)
    adata = choose_features(adata, own)
    for what, column in own.known.items():
        require_column(adata.obs, column, what)
    return adata


def _refuse_options(own: OwnData, kind: str | None) -> None:
    """Raise DataError for an option that can change nothing in a file of this format."""
    if own.modality is not None and kind != ".h5mu":
        raise DataError(f"--modality is for .h5mu files, and {own.title} is not one: leave it out.")
    if own.transpose and kind in TENX:
        raise DataError(
            f"{own.title} says itself which names are of cells, as 10x files do: "
            "leave --transpose out."
        )


def _load(path: Path, kind: str, own: OwnData) -> AnnData:
    import pandas as pd

    match kind:
        case ".h5ad":
            return read_h5ad(path)
        case ".h5ad.gz":
            return read_compressed(path)
        case ".zarr":
            return read_zarr(path)
        case ".loom":
            return read_loom(path, own.layer)
        case ".h5mu":
            return read_one(path, own)
        case ".h5":
            return inspect_10x(path, own.feature_type, own.genome).to_adata()
        case ".mtx":
            return _with_own_names(of_one_kind(read_mtx(path), own, asked=True))
        case ".parquet":
            return from_table(pd.read_parquet(path), path, own)
        case _:
            separator = "," if kind.startswith(".csv") else "\t"
            return read_text(path, own, separator)


def _with_own_names(adata: AnnData) -> AnnData:
    names, said = told_apart(adata.var_names.tolist(), "Gene")
    adata.var_names = names
    if said:
        note(adata, said)
    return adata


def _held(own: OwnData) -> tuple[AnnData, bool]:
    """The cells that were handed over, and whether they are turned as asked already."""
    import pandas as pd

    try:
        if isinstance(own.held, pd.DataFrame):
            return from_table(computable_table(own.held), own.title, own), True
        return cells_of(own.held, own), False
    except (DataError, MemoryError):
        raise
    except Exception as error:  # anybody's types, and files behind them that are gone
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        raise DataError(
            f"{own.title} cannot be read as it is ({reason}): give an AnnData in memory."
        ) from error


def _take_layer(adata: AnnData, layer: str) -> AnnData:
    """The cells with a layer as X; ``raw``, where no layer has that name, is ``adata.raw``."""
    import anndata

    raw = adata.raw
    if layer in adata.layers:
        taken = anndata.AnnData(X=adata.layers[layer], obs=adata.obs, var=adata.var)
    elif layer == RAW and raw is not None:
        taken = anndata.AnnData(X=raw.X, obs=adata.obs, var=raw.var)
    else:
        layers = [*adata.layers, *([RAW] if raw is not None else [])]
        found = ", ".join(layers) or "none"
        raise DataError(f"There is no layer {layer!r}: the layers of this file are {found}.")
    note(taken, *notes_of(adata))
    decide(taken, *decisions_of(adata), Decision("values", f"those of {layer}", "", "--layer"))
    return taken
