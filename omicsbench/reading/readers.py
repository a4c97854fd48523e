"""The user's own files: h5ad, 10x h5, h5mu, csv, tsv and parquet, into one AnnData or several."""

from __future__ import annotations

import difflib
import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.reading.annotations import require_column
from omicsbench.reading.columns import choose_features
from omicsbench.reading.notes import note, notes_of
from omicsbench.reading.own import OwnData
from omicsbench.reading.pairing import pair
from omicsbench.reading.tables import from_table, read_text
from omicsbench.reading.tenx import EXPRESSION, TenX, inspect_10x, kinds_10x

if TYPE_CHECKING:
    from anndata import AnnData

FORMATS = {
    ".h5ad": "AnnData",
    ".h5mu": "MuData",
    ".h5": "10x HDF5",
    ".csv": "comma-separated",
    ".csv.gz": "comma-separated",
    ".tsv": "tab-separated",
    ".tsv.gz": "tab-separated",
    ".parquet": "Parquet",
}
MODALITIES_10X = {EXPRESSION: "rna", "Antibody Capture": "protein", "Peaks": "atac"}
PROTEINS = {"prot", "protein", "proteins", "adt", "antibody_capture"}
ACCESSIBILITY = {"atac", "peaks", "accessibility", "acc"}
METHYLATION = {"met", "methylation"}


def read(own: OwnData) -> AnnData:
    """Read a file into memory: cells x features in X, labels in obs.

    The suffix names the format. Tables hold one cell a row: a first column of text, or
    without a header, names the cells; other columns of text, ``label`` and ``unit`` go to obs;
    numbers are features. A 10x file gives its gene expression only. ``modality`` chooses
    one of an h5mu file (``rna``, or the only one, without it); ``layer`` is read in place
    of X. What the user should know of the reading is in ``uns["omicsbench_notes"]``.

    Raises DataError, in one sentence, if the file is missing, damaged, of an unknown format
    or empty, or has no such label, modality or layer.
    """
    path, suffix = own.path, _suffix(own.path)
    if own.modality is not None and suffix != ".h5mu":
        raise DataError(f"--modality is for .h5mu files, and {path.name} is not one: leave it out.")
    with _in_one_sentence(path, suffix):
        adata = _load(path, suffix, own)
    if own.layer is not None:
        adata = _take_layer(adata, own.layer)
    adata = choose_features(adata, own)
    for what, column in (("label", own.label), ("unit", own.unit)):
        if column is not None:
            require_column(adata.obs, column, what)
    return adata


def read_modalities(own: OwnData) -> dict[str, AnnData]:
    """Read all modalities of a file: the same cells in the same order in each, RNA first.

    An h5mu file names them; those of a 10x file are ``rna``, ``protein``, ``atac`` and
    others after their kind of feature. ``label`` and ``unit`` may be columns of the whole file
    or of any modality. Proteins and peaks are read from ``layers["counts"]`` if X holds
    no counts, and counts of peaks become 0 and 1. What the user should know of the
    reading is in ``uns["omicsbench_notes"]`` of the modalities.

    Raises DataError, in one sentence, as :func:`read` and :func:`omicsbench.reading.pairing.pair`
    do, and if the format holds one modality only.
    """
    path, suffix = own.path, _suffix(own.path)
    if suffix not in (".h5mu", ".h5"):
        raise DataError(
            f"{path} holds one modality, as {suffix} files do: "
            "give an .h5mu file or a 10x .h5 file to read several."
        )
    with _in_one_sentence(path, suffix):
        found, obs = _load_h5mu(path) if suffix == ".h5mu" else (_load_10x(path), None)
    found = dict(sorted(found.items(), key=lambda item: item[0].lower() != "rna"))
    paired = pair(found, own.label, own.unit, obs)
    for name, adata in paired.items():
        _take_counts(name, adata)
        if modality_values(name, adata) == "binary" and adata.X.max() > 1:
            adata.X = (adata.X > 0).astype(np.float32)
            note(adata, f"Counts of {name} are taken as 0 or 1: open or not.")
    return paired


def modality_values(name: str, adata: AnnData | None = None) -> Values | None:
    """What the name of a modality tells of its values, None if nothing.

    ``adata``: its cells, so that the name is not believed against them: proteins and peaks
    must be counts, rates lie between 0 and 1 (shares of accessibility are rates too).
    """
    name = _as_name(name)
    counts = adata is None or _are_counts(adata.X)
    if name in PROTEINS and counts:
        return "proteins"
    if name in ACCESSIBILITY and counts:
        return "binary"
    shares = name in METHYLATION if adata is None else _are_shares(adata.X)
    return "rates" if name in METHYLATION | ACCESSIBILITY and shares else None


def file_digest(path: Path | str) -> str:
    """sha256 of a file, 64 hex digits, read by blocks. Raises OSError if unreadable."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _in_one_sentence(path: Path, suffix: str) -> Iterator[None]:
    """Turns what a library says of a broken file into a DataError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of, quality.check refuses or notes
            yield
    except DataError:
        raise
    except PermissionError as error:
        raise DataError(f"{path} cannot be opened: permission denied.") from error
    except MemoryError as error:
        raise DataError(f"{path} does not fit in memory: give a file with fewer cells.") from error
    except Exception as error:  # each library has its own errors for a broken file
        raise DataError(
            f"{path} cannot be read as {FORMATS[suffix]} ({_first_line(error)}): it is damaged, "
            "truncated or of another format; copy or download it again."
        ) from error


def _suffix(path: Path) -> str:
    """The format's suffix. Raises DataError unless ``path`` is a file of a known format."""
    if path.is_dir():
        raise DataError(f"{path} is a folder: give a file ({', '.join(FORMATS)}).")
    if not path.is_file():
        raise DataError(f"{path} does not exist: {_nearby(path)}.")
    fitting = [suffix for suffix in FORMATS if path.name.lower().endswith(suffix)]
    if not fitting:
        raise DataError(f"{path} has an unknown suffix: known are {', '.join(FORMATS)}.")
    return fitting[0]


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"neither does its folder {path.parent}"
    known = tuple(FORMATS)
    files = sorted(f.name for f in path.parent.iterdir() if f.name.lower().endswith(known))
    shown = difflib.get_close_matches(path.name, files, n=3) or files[:5]
    return f"its folder has {', '.join(shown)}" if shown else "its folder has no data file at all"


def _load(path: Path, suffix: str, own: OwnData) -> AnnData:
    import anndata
    import pandas as pd

    match suffix:
        case ".h5ad":
            return anndata.read_h5ad(path)
        case ".h5mu":
            return _read_h5mu(path, own.columns, own.modality)
        case ".h5":
            return _read_10x(path)
        case ".parquet":
            return from_table(pd.read_parquet(path), path, own)
        case _:
            separator = "\t" if suffix.startswith(".tsv") else ","
            return read_text(path, own, separator)


def _load_h5mu(path: Path) -> tuple[Mapping[str, AnnData], Any]:
    """The modalities of an h5mu file, and the obs of the whole."""
    try:
        import mudata
    except ImportError as error:
        raise DataError(
            "Reading .h5mu files needs mudata: pip install 'omicsbench[multimodal]'."
        ) from error
    mdata = mudata.read_h5mu(path)
    return mdata.mod, mdata.obs


def _read_h5mu(path: Path, columns: list[str], modality: str | None) -> AnnData:
    found, obs = _load_h5mu(path)
    names = list(found)
    if modality is None:
        modality = "rna" if "rna" in names else names[0] if len(names) == 1 else None
    if modality not in names:
        missing = (
            f"There is no modality {modality!r} in" if modality else "There is no modality rna in"
        )
        raise DataError(f"{missing} {path}: choose with --modality NAME from {', '.join(names)}.")
    adata = found[modality]
    for column in columns:
        if column not in adata.obs and column in obs:
            adata.obs[column] = obs.loc[adata.obs_names, column]
    return adata


def _read_10x(path: Path) -> AnnData:
    """Gene expression of a 10x file, all cells in memory."""
    found = inspect_10x(path)
    return _from_10x(found, found.notes)


def _load_10x(path: Path) -> dict[str, AnnData]:
    """Every kind of feature of a 10x file, by the name of its modality."""
    loaded = {}
    for kind in kinds_10x(path):
        found = inspect_10x(path, kind)
        notes = found.notes if found.kept is None else found.notes[1:]  # nothing is left out
        loaded[MODALITIES_10X.get(kind, _as_name(kind))] = _from_10x(found, notes)
    return loaded


def _from_10x(found: TenX, notes: tuple[str, ...]) -> AnnData:
    adata = found.stream().to_adata()
    adata.obs_names = found.barcodes()
    adata.var["gene_ids"] = list(found.gene_ids)
    note(adata, *notes)
    return adata


def _as_name(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower())


def _take_counts(name: str, adata: AnnData) -> None:
    """Put the counts of proteins or peaks into X, where only a layer holds them."""
    layer = adata.layers.get("counts")
    wanted = _as_name(name) in PROTEINS | ACCESSIBILITY
    if wanted and layer is not None and not _are_counts(adata.X) and _are_counts(layer):
        adata.X = layer
        note(adata, f"Raw counts of {name} are taken from layers['counts'].")


def _are_counts(matrix: Any) -> bool:
    """Whole numbers, none of them negative."""
    if matrix is None or matrix.dtype.kind not in "biuf":
        return False
    stored = matrix.data if hasattr(matrix, "indptr") else matrix
    return bool((stored >= 0).all() and (stored == np.floor(stored)).all())


def _are_shares(matrix: Any) -> bool:
    """Numbers from 0 to 1."""
    if matrix is None or matrix.dtype.kind not in "biuf":
        return False
    stored = matrix.data if hasattr(matrix, "indptr") else matrix
    return bool(((stored >= 0) & (stored <= 1)).all())


def _take_layer(adata: AnnData, layer: str) -> AnnData:
    import anndata

    if layer not in adata.layers:
        found = ", ".join(adata.layers) or "none"
        raise DataError(f"There is no layer {layer!r}: the layers of this file are {found}.")
    taken = anndata.AnnData(X=adata.layers[layer], obs=adata.obs, var=adata.var)
    note(taken, *notes_of(adata))
    return taken


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
