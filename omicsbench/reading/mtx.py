"""Folders with a 10x matrix as text: matrix.mtx, barcodes.tsv, and genes.tsv or features.tsv.

Each may be compressed, and all have one prefix where several samples lie in a folder, as
``GSM3587923_matrix.mtx.gz``. Version 2 has genes.tsv, version 3 features.tsv with their kinds.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from omicsbench.errors import DataError
from omicsbench.reading.notes import note

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_MATRIX = re.compile(r"^(?P<prefix>.*?)(?:matrix|counts?|DGE)?\.mtx(?:\.gz)?$", re.I)
_FEATURES, _BARCODES = ("features", "genes", "peaks"), ("barcodes", "cells")
_HEADER = re.compile(r"^(?:x|v1|.*(?:barcode|cell|gene|feature|symbol|name|id).*)$", re.I)


class Mtx(NamedTuple):
    """The three files of a matrix."""

    matrix: Path
    features: Path
    barcodes: Path


def find_mtx(path: Path) -> Mtx:
    """The files of the matrix in a folder, or of a matrix file with its neighbours.

    Raises DataError if one is missing, or if there are several matrices.
    """
    folder = path if path.is_dir() else path.parent
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    matrices = [name for name in names if _MATRIX.match(name)] if path.is_dir() else [path.name]
    if not matrices:
        raise DataError(f"{path} holds no matrix.mtx: give a folder that does.")
    if len(matrices) > 1:
        raise DataError(
            f"{path} holds several matrices ({', '.join(matrices[:4])}"
            f"{', ...' if len(matrices) > 4 else ''}): give the one to read in place of the folder."
        )
    found = _MATRIX.match(matrices[0])
    prefix = found["prefix"] if found else ""
    features, barcodes = (
        _beside(folder, names, prefix, kinds, matrices[0]) for kinds in (_FEATURES, _BARCODES)
    )
    return Mtx(folder / matrices[0], features, barcodes)


def read_mtx(path: Path) -> AnnData:
    """All cells and features of such a folder; ``var`` has their ids, and kinds where stated.

    Raises DataError if the files contradict each other.
    """
    import anndata
    import pandas as pd
    from scipy import sparse
    from scipy.io import mmread

    files = find_mtx(path)
    stored = mmread(files.matrix)
    if stored.dtype.kind not in "biuf":
        raise DataError(f"{files.matrix} holds {stored.dtype}: give real numbers.")
    matrix = sparse.csr_matrix(stored, dtype=np.float32)
    features, barcodes = _lines(files.features), _lines(files.barcodes)
    sizes = (len(features), len(barcodes))
    turned = not _fits(matrix.shape, sizes) and _fits(matrix.shape[::-1], sizes)
    if not turned:
        matrix = matrix.T.tocsr()
    cells, count = matrix.shape
    features = _without_header(features, count, files.features)
    barcodes = _without_header(barcodes, cells, files.barcodes)
    columns = features.shape[1]
    var = pd.DataFrame({"gene_ids": features[0].to_numpy()})
    if columns > 2:
        var["feature_types"] = features[2].to_numpy()
    symbols = features[1] if columns > 1 else features[0]
    var.index = pd.Index(symbols.where(symbols != "", features[0]).to_numpy(), dtype=object)
    obs = pd.DataFrame(index=pd.Index(barcodes[0].to_numpy(), dtype=object))
    adata = anndata.AnnData(matrix, obs=obs, var=var)
    if turned:
        note(adata, f"{files.matrix.name} has cells in rows, as its sizes tell; it is read so.")
    return adata


def _beside(
    folder: Path, names: list[str], prefix: str, kinds: tuple[str, ...], matrix: str
) -> Path:
    """The file of names that has the matrix's prefix, or none."""
    for start in (rf"{re.escape(prefix)}[._-]?", ""):
        form = re.compile(rf"^{start}(?:{'|'.join(kinds)})\.(?:tsv|txt|csv)(?:\.gz)?$", re.I)
        found = [name for name in names if form.match(name)]
        if found:
            return folder / found[0]
    wanted = " or ".join(f"{kind}.tsv" for kind in kinds[:2])
    raise DataError(
        f"{folder / matrix} has no {wanted} beside it (.gz or not), so its names are unknown: "
        "copy the whole folder."
    )


def _lines(path: Path) -> pd.DataFrame:
    """A table of text without a header, every entry as it stands; empty lines end it."""
    import pandas as pd

    read: Any = partial(
        pd.read_csv,
        path,
        sep="," if ".csv" in path.name.lower() else "\t",
        header=None,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
    )
    try:
        table: pd.DataFrame = read()
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path} is empty: copy the whole folder again.") from error
    except UnicodeDecodeError:
        table = read(encoding="latin-1")
    table = table.fillna("")
    filled = np.flatnonzero((table != "").any(axis="columns"))
    return table.iloc[: filled[-1] + 1 if filled.size else 0]


def _fits(shape: tuple[int, ...], sizes: tuple[int, int]) -> bool:
    """Whether a matrix has as many rows and columns as there are names, headers perhaps added."""
    return all(names - size in (0, 1) for size, names in zip(shape, sizes, strict=True))


def _without_header(table: pd.DataFrame, size: int, path: Path) -> Any:
    if len(table) == size + 1 and all(_HEADER.match(str(one)) for one in table.iloc[0]):
        table = table.iloc[1:].reset_index(drop=True)
    if len(table) != size:
        raise DataError(
            f"{path} has {len(table):,} lines, but the matrix has {size:,} of them: "
            "the files are not of one sample, or one is truncated; copy the whole folder again."
        )
    return table
