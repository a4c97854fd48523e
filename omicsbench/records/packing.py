"""Pack a results folder: one text file of records, one of arrays, in place of one file a run.

While running, a file a run is right (records/store.py). What is kept and committed is packed. A
loose file goes only after the packed one was written whole and read back equal.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from omicsbench.errors import StoreError
from omicsbench.records import disk, packed, reading, store
from omicsbench.records.claim import claimed
from omicsbench.records.decode import decode, from_content
from omicsbench.records.embeddings import DAMAGED, PACKED_EMBEDDINGS, unpacked
from omicsbench.records.packed import PACKED_FILE, Content

T = TypeVar("T")
EARLIEST = (1980, 1, 1, 0, 0, 0)  # of every array in the zip file: the same arrays, the same bytes


@dataclass(frozen=True)
class Packed:
    """What a packed folder holds, and how many loose files went into it just now."""

    runs: int
    arrays: int
    removed: int


def pack(folder: Path) -> Packed:
    """Pack the loose records and pictures of test cells; loose ones replace packed ones.

    Packing again is packing what has come since. Pictures of training cells stay loose: they are
    large.

    Raises StoreError if there is no record, or one that cannot be read, or another process fills
    the folder: then nothing is changed.
    """
    if not folder.is_dir():
        raise StoreError(f"There is no results folder {folder}.")
    with claimed(folder, "omicsbench pack"):
        return _pack(folder)


def _pack(folder: Path) -> Packed:
    loose = {path: reading.read(path) for path in store.loose_files(folder)}
    contents = _packed_records(folder / PACKED_FILE)
    for path, text in loose.items():
        decode(text, str(path))
        content: Content = json.loads(text)
        contents[content["key"]] = content
    if not contents:
        raise store.no_records(folder)
    pictures = _loose_arrays(folder)
    arrays = arrays_of(folder)
    write_packed(folder, contents if loose else {}, arrays if pictures else {})
    for path, text in (loose | pictures).items():
        if reading.read(path) == text:  # not run again meanwhile
            path.unlink()
    return Packed(len(contents), len(arrays), len(loose) + len(pictures))


def arrays_of(folder: Path) -> dict[str, bytes]:
    """Pictures of test cells, packed and loose, by name of their file; loose ones win."""
    loose = {path.name: array for path, array in _loose_arrays(folder).items()}
    return _packed_arrays(folder / PACKED_EMBEDDINGS) | loose


def write_packed(
    folder: Path, contents: Mapping[str, Content], arrays: Mapping[str, bytes]
) -> None:
    """Write the packed files of records by key and of arrays by name, those that hold anything."""
    if arrays:
        _replace(folder / PACKED_EMBEDDINGS, _zip(arrays), _packed_arrays, arrays)
    if contents:
        _replace(folder / PACKED_FILE, packed.encode(contents.values()), _packed_records, contents)


def _loose_arrays(folder: Path) -> dict[Path, bytes]:
    found = {path: reading.read(path) for path in sorted(folder.glob("embeddings/[!.]*.npy"))}
    return {path: array for path, array in found.items() if ".train" not in path.name}


def _replace(
    path: Path, content: bytes, read: Callable[[Path], Mapping[str, T]], expected: Mapping[str, T]
) -> None:
    """Write the file and see that it says what was meant."""
    disk.write(path, content)
    if read(path) != expected:
        raise StoreError(f"{path} does not read back as it was written; nothing was removed.")


def _packed_records(path: Path) -> dict[str, Content]:
    """Content of each packed record by key. Raises StoreError for one that cannot be read."""
    if not reading.is_file(path):
        return {}
    contents = {}
    for found in packed.decode_lines(reading.lines(path), str(path)):
        if isinstance(found, StoreError):
            raise found
        where, content = found
        from_content(content, where, packed.MEND)
        contents[content["key"]] = content
    return contents


def _packed_arrays(path: Path) -> dict[str, bytes]:
    """Content of each packed array by the name of the file it was."""
    if not reading.is_file(path):
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: unpacked(archive, name) for name in archive.namelist()}
    except DAMAGED as error:
        raise StoreError(f"{path} is damaged; restore it, or delete it.") from error


def _zip(arrays: Mapping[str, bytes]) -> bytes:
    """What ``numpy.load`` reads, arrays in the order of their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(name, EARLIEST)
            archive.writestr(entry, arrays[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
