"""Formats: which one a file or folder is of, what to do with others, which bytes it consists of."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omicsbench.errors import DataError
from omicsbench.reading.mtx import find_mtx

FORMATS = {
    ".h5ad": "AnnData",
    ".h5ad.gz": "AnnData, compressed",
    ".zarr": "AnnData as a zarr store",
    ".h5mu": "MuData",
    ".h5": "10x HDF5",
    ".mtx": "10x matrix folder",
    ".mtx.gz": "10x matrix folder",
    ".loom": "loom",
    ".csv": "comma-separated",
    ".csv.gz": "comma-separated",
    ".tsv": "tab-separated",
    ".tsv.gz": "tab-separated",
    ".txt": "text",
    ".txt.gz": "text",
    ".gct": "GCT",
    ".gct.gz": "GCT",
    ".parquet": "Parquet",
}
# Of text the suffix is a guess: what separates its fields is told by its lines.
TEXTS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz", ".gct", ".gct.gz")
TABLES = (*TEXTS, ".parquet")
MTX, ZARR = ".mtx", ".zarr"
TENX = (".h5", MTX)  # of several kinds of features and genomes, and never turned
FOLDERS = "a 10x folder with matrix.mtx, or a zarr store"
# What is met besides, and how it becomes one of these.
_MARKS = r"\.mtx(\.gz)?$|^\.zgroup$|^zarr\.json$"
_R = "write it from R with zellkonverter::writeH5AD(as.SingleCellExperiment(x), 'x.h5ad')"
_PYTHON = "load it in Python and call omicsbench.run(data=...)"
_UNPACK = "unpack it and give what is in it"
ELSEWHERE = {
    (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"): (
        "a workbook",
        "save the sheet as CSV (UTF-8) and give that",
    ),
    (".rds", ".rda", ".rdata", ".h5seurat", ".qs"): ("an object of R", _R),
    (".pkl", ".pickle", ".npy", ".npz", ".pt", ".mat"): ("an object of a program", _PYTHON),
    (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar"): ("an archive", _UNPACK),
    (".fastq", ".fastq.gz", ".bam", ".vcf", ".vcf.gz", ".gtf"): (
        "reads or variants",
        "make a table of samples x features of it first",
    ),
}


def format_of(path: Path) -> str:
    """The format of a file or folder, as the key of ``FORMATS`` that stands for it.

    Raises DataError, with what to do, if it does not exist or is of no such format.
    """
    if path.is_dir():
        return _of_folder(path)
    if not path.exists():
        raise DataError(f"{path} does not exist: {_nearby(path)}.")
    if not path.is_file():
        raise DataError(f"{path} is neither a file nor a folder: give one.")
    name = path.name.lower()
    fitting = [suffix for suffix in FORMATS if name.endswith(suffix)]
    if not fitting:
        raise DataError(_other(path, name))
    if fitting[0] in (".mtx", ".mtx.gz"):
        find_mtx(path)
        return MTX
    if fitting[0] == ZARR:
        raise DataError(f"{path} is a file, and a zarr store is a folder: copy the whole folder.")
    if fitting[0] == ".h5ad" and _starts_with(path, b"\x1f\x8b"):
        return ".h5ad.gz"
    return fitting[0]


def content_digest(path: Path, kind: str | None = None) -> str:
    """sha256 of the bytes that are read, 64 hex digits: of a folder, of the names and its files.

    Raises DataError if something is unreadable.
    """
    try:
        if path.is_file() and kind != MTX:
            return file_digest(path)
        files = find_mtx(path) if kind == MTX else _files_below(path)
        home = path if path.is_dir() else path.parent
        every = [[file.relative_to(home).as_posix(), file_digest(file)] for file in sorted(files)]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    return hashlib.sha256(json.dumps(every).encode()).hexdigest()


def file_digest(path: Path | str) -> str:
    """sha256 of a file, 64 hex digits, read by blocks. Raises OSError if unreadable."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def in_one_sentence(path: Path, kind: str) -> Iterator[None]:
    """Turns what a library says of a broken file into a DataError."""
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of, the check refuses or notes
            yield
    except DataError:
        raise
    except PermissionError as error:
        raise DataError(f"{path} cannot be opened: permission denied.") from error
    except MemoryError as error:
        raise DataError(f"{path} does not fit in memory: give a file with fewer cells.") from error
    except Exception as error:  # each library has its own errors for a broken file
        lines = [*str(error).strip().splitlines(), type(error).__name__]
        raise DataError(
            f"{path} cannot be read as {FORMATS[kind]} ({lines[0]}): "
            "it is damaged, truncated or of another format; copy or download it again."
        ) from error


def _of_folder(path: Path) -> str:
    names = {entry.name for entry in path.iterdir()}
    if names & {".zgroup", ".zattrs", ".zmetadata", "zarr.json"}:
        return ZARR
    if any(re.search(r"\.mtx(\.gz)?$", name, re.I) for name in names):
        find_mtx(path)
        return MTX
    known = tuple(FORMATS)
    inner = sorted(
        entry.name
        for entry in path.iterdir()
        if entry.name.lower().endswith(known) or (entry.is_dir() and _holds_matrix(entry))
    )
    found = f"it holds {', '.join(inner[:5])}" if inner else "it holds no data"
    raise DataError(
        f"{path} is a folder and not {FOLDERS} ({found}): give a file ({', '.join(FORMATS)}) or "
        "such a folder."
    )


def _holds_matrix(folder: Path) -> bool:
    try:
        return any(re.search(_MARKS, e.name) for e in folder.iterdir())
    except OSError:
        return False


def _other(path: Path, name: str) -> str:
    for suffixes, (what, remedy) in ELSEWHERE.items():
        if name.endswith(suffixes):
            return f"{path} is {what}, which is not read: {remedy}."
    known = ", ".join(FORMATS)
    if name.endswith(".gz"):
        return f"{path} is a compressed file of unknown content: unpack it to one of {known}."
    return f"{path} has an unknown suffix: known are {known}, and {FOLDERS}."


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"neither does its folder {path.parent}"
    known = tuple(FORMATS)
    files = sorted(f.name for f in path.parent.iterdir() if f.name.lower().endswith(known))
    shown = difflib.get_close_matches(path.name, files, n=3) or files[:5]
    return f"its folder has {', '.join(shown)}" if shown else "its folder has no data file at all"


def _files_below(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def _starts_with(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(magic)) == magic
    except OSError:
        return False  # whoever reads it says why
