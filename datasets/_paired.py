"""Readers of files that hold, or help to hold, several modalities of the same cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from omicsbench.plugin import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

REPEATED = "some of its cells occur more than once"
ROWS = 1_000_000  # of a long table, at a time


def read_10x(path: Path, kind: str) -> AnnData:
    """Features of one kind of a 10x file: CSR float32; barcodes and unique names; ``var["id"]``."""
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from omicsbench.plugin import inspect_10x

    found = inspect_10x(path, kind)
    barcodes = [str(barcode) for barcode in found.barcodes()]
    if len(set(barcodes)) < len(barcodes):
        raise damaged(path, REPEATED)
    return anndata.AnnData(
        X=sparse.vstack(list(found.blocks()), format="csr", dtype=np.float32),
        obs=pd.DataFrame(index=barcodes),
        var=pd.DataFrame({"id": list(found.gene_ids)}, index=list(found.names)),
    )


def read_table(
    path: Path, separator: str, named: Callable[[str], str | None] = lambda name: name
) -> AnnData:
    """A gzipped table with features in rows, as :func:`parse_table` reads it. Raises DataError."""
    import gzip
    import zlib

    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return parse_table(lines, separator, named)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise damaged(path, str(error)) from error


def parse_table(
    lines: Iterable[str], separator: str, named: Callable[[str], str | None] = lambda name: name
) -> AnnData:
    """A table with features in rows and cells in columns: cells x features, CSR float32.

    It is read line by line, so no dense copy of it is ever held. The header may lack the name of
    the first column, as R writes it. ``named`` gives the name under which a feature is kept, or
    None to leave it out. Raises ValueError for what is no such table.
    """
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    lines = iter(lines)
    header = _fields(next(lines, ""), separator)
    names: list[str] = []
    places, counts = [], []
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
    if not names:
        raise ValueError("it holds no features")
    if len(set(header)) < len(header):
        raise ValueError(REPEATED)
    ends = np.cumsum([0, *map(len, places)])
    by_feature = (np.concatenate(counts), np.concatenate(places), ends)
    adata = anndata.AnnData(
        X=sparse.csc_matrix(by_feature, shape=(len(header), len(names))).tocsr(),
        obs=pd.DataFrame(index=header),
        var=pd.DataFrame(index=names),
    )
    if adata.X.nnz and adata.X.data.min() < 0:
        raise ValueError("counts cannot be negative")
    adata.var_names_make_unique()
    return adata


def read_members(path: Path, mode: str, read: Callable[[str, IO[bytes]], bool]) -> None:
    """Hand the files of an archive to ``read``, by name and open, until it returns True.

    The archive is read once, front to back, and nothing is unpacked on disk. ``mode`` is one of
    ``tarfile.open`` for streams, such as ``r|``. Raises DataError, naming the file at which
    reading or ``read`` failed.
    """
    import tarfile
    import zlib

    where = "tar"
    try:
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
            for member in archive:
                where = member.name
                content = archive.extractfile(member) if member.isfile() else None
                if content and read(where, content):
                    break
    except (tarfile.TarError, OSError, EOFError, zlib.error, LookupError, ValueError) as error:
        raise damaged(path, f"{where}: {error}") from error


def read_rows(
    table: IO[str], names: Sequence[str], text: Sequence[str] = ()
) -> Iterator[pd.DataFrame]:
    """A long tab-separated table, part by part; with a header, whatever it says, or without.

    ``names`` of the columns; those in ``text`` become categories, the others float64. Raises
    ValueError for another number of columns, what is no number where one should be, missing text.
    """
    import itertools

    import pandas as pd

    first = table.readline().rstrip("\r\n").split("\t")
    if len(first) != len(names):
        raise ValueError(f"it does not hold {', '.join(names)} in {len(names)} columns")
    types: dict[str, Any] = {name: "category" if name in text else "float64" for name in names}
    headed = not any(_is_number(first[i]) for i, name in enumerate(names) if name not in text)
    start = [] if headed else [pd.DataFrame([first], columns=list(names)).astype(types)]
    rest = pd.read_csv(table, sep="\t", names=list(names), dtype=types, chunksize=ROWS)
    for part in itertools.chain(start, rest):
        if part[list(text)].isna().any(axis=None):
            raise ValueError(f"a line of it has no {' or no '.join(text)}")
        yield part


def fill_in(
    rates: NDArray[np.float32], own: NDArray[np.floating]
) -> tuple[NDArray[np.float32], float]:
    """``rates`` (n, p) with each NaN replaced by ``own`` (n,), the cell's; and the share of NaN.

    No other cell is used, so nothing passes from training to test cells.
    """
    import numpy as np

    missing = np.isnan(rates)
    filled = np.where(missing, own[:, None], rates).astype(np.float32)
    return filled, float(missing.mean()) if missing.size else 0.0


def require_same_cells(first: Sequence[str], other: Sequence[str], path: Path) -> None:
    """Raise DataError unless both name the same cells, in any order."""
    if set(first) != set(other):
        missing = len(set(first) ^ set(other))
        raise damaged(path, f"{missing:,} of its cells and those of the RNA are not the same")


def damaged(path: Path, reason: str) -> DataError:
    """The sentence for a file that cannot be read as what it should be."""
    return DataError(
        f"{path} cannot be read ({reason.strip().splitlines()[0] if reason.strip() else 'empty'}): "
        "it is damaged or of another layout; delete it and fetch it again."
    )


def _fields(line: str, separator: str) -> list[str]:
    return [field.strip('"') for field in line.rstrip("\r\n").split(separator)]


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
