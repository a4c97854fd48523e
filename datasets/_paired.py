"""Readers of files that hold, or help to hold, several modalities of the same cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anndata import AnnData

    from omicsbench.errors import DataError


def read_10x(path: Path, kind: str) -> AnnData:
    """Features of one kind of a 10x file: CSR float32; barcodes and unique names; ``var["id"]``."""
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from omicsbench.tenx import inspect_10x

    found = inspect_10x(path, kind)
    barcodes = [str(barcode) for barcode in found.barcodes()]
    _require_unique(barcodes, path)
    return anndata.AnnData(
        X=sparse.vstack(list(found.blocks()), format="csr", dtype=np.float32),
        obs=pd.DataFrame(index=barcodes),
        var=pd.DataFrame({"id": list(found.gene_ids)}, index=list(found.names)),
    )


def read_table(
    path: Path, separator: str, named: Callable[[str], str | None] = lambda name: name
) -> AnnData:
    """A gzipped table with features in rows and cells in columns: cells x features, CSR float32.

    It is read line by line, so no dense copy of it is ever held. The header may lack the name of
    the first column, as R writes it. ``named`` gives the name under which a feature is kept, or
    None to leave it out. Raises DataError for what is no such table.
    """
    import gzip
    import zlib

    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    header: list[str] = []
    names: list[str] = []
    places, counts = [], []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            header = _fields(next(lines, ""), separator)
            for number, line in enumerate(lines, 2):
                first, _, rest = line.rstrip("\r\n").partition(separator)
                name = named(first.strip('"'))
                if name is None:
                    continue
                values = rest.split(separator)
                if not names and len(header) == len(values) + 1:
                    header = header[1:]
                if len(values) != len(header):
                    raise ValueError(f"line {number} has {len(values):,} values, not a cell each")
                row = np.array(values, dtype=np.float32)
                places.append(np.flatnonzero(row).astype(np.int32))
                counts.append(row[places[-1]])
                names.append(name)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise damaged(path, str(error)) from error
    if not names:
        raise damaged(path, "it holds no features")
    _require_unique(header, path)
    ends = np.cumsum([0, *map(len, places)])
    by_feature = (np.concatenate(counts), np.concatenate(places), ends)
    adata = anndata.AnnData(
        X=sparse.csc_matrix(by_feature, shape=(len(header), len(names))).tocsr(),
        obs=pd.DataFrame(index=header),
        var=pd.DataFrame(index=names),
    )
    if adata.X.nnz and adata.X.data.min() < 0:
        raise damaged(path, "counts cannot be negative")
    adata.var_names_make_unique()
    return adata


def require_same_cells(first: Sequence[str], other: Sequence[str], path: Path) -> None:
    """Raise DataError unless both name the same cells, in any order."""
    if set(first) != set(other):
        missing = len(set(first) ^ set(other))
        raise damaged(path, f"{missing:,} of its cells and those of the RNA are not the same")


def damaged(path: Path, reason: str) -> DataError:
    """The sentence for a file that cannot be read as what it should be."""
    from omicsbench.errors import DataError

    return DataError(
        f"{path} cannot be read ({reason.strip().splitlines()[0] if reason.strip() else 'empty'}): "
        "it is damaged or of another layout; delete it and fetch it again."
    )


def _fields(line: str, separator: str) -> list[str]:
    return [field.strip('"') for field in line.rstrip("\r\n").split(separator)]


def _require_unique(cells: Sequence[str], path: Path) -> None:
    if len(set(cells)) < len(cells):
        raise damaged(path, "some of its cells occur more than once")
