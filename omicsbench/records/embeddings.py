"""2-D embeddings kept for pictures: plain arrays beside the records, or packed in one file."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import StoreError
from omicsbench.records import disk, reading

MANY_CELLS = 20_000  # training cells above which their 2-D embedding is kept too, for a picture
PACKED_EMBEDDINGS = "embeddings.npz"
# What reading an array that somebody has damaged, or made up, may raise.
DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    MemoryError,
    KeyError,
    RuntimeError,  # encrypted, compressed in an unknown way, a link that leads to itself
    StoreError,
    zipfile.BadZipFile,
    zlib.error,
)


def write_embedding(
    folder: Path,
    key: str,
    parts: Mapping[str, tuple[NDArray[np.float32], NDArray[np.int32] | None]],
) -> str:
    """Store 2-D embeddings of a run; returns the relative path of the test cells' one.

    ``parts`` holds, for "test" and, if wanted, for "train", the embedding (cells, 2) and the label
    codes (cells,) or None; kept as float32 and int32 in ``embeddings/<key>.npy`` and
    ``<key>.labels.npy``, ``<key>.train.npy`` and ``<key>.train.labels.npy``.
    Raises StoreError if they cannot be written.
    """
    path = folder / "embeddings" / f"{key}.npy"
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise disk.explained(path.parent, error) from error
    # The test cells last: where their file is, the others are.
    for part in sorted(parts, key=lambda part: part == "test"):
        Z, codes = parts[part]
        if codes is not None:
            labels = _labels_file(_file(path, part))
            disk.put(labels, _npy(np.asarray(codes, dtype=np.int32)))
        disk.put(_file(path, part), _npy(np.asarray(Z, dtype=np.float32)))
    return path.relative_to(folder).as_posix()


def read_embedding(
    folder: Path, name: str, part: str
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """The embedding of a part and its label codes, each None where no array can be read.

    ``name`` is what ``write_embedding`` returned. A damaged picture is a missing one.
    """
    path = _file(folder / name, part)
    return _array(path, folder), _array(_labels_file(path), folder)


def has_embedding(folder: Path, name: str, part: str) -> bool:
    """Whether the embedding of a part is stored, in a file of its own or packed."""
    path = _file(folder / name, part)
    return path.is_file() or path.name in packed_bytes(folder)


def packed_bytes(folder: Path) -> dict[str, int]:
    """Bytes of each packed array, by the name of the file it was; empty if none can be read."""
    try:
        with _packed(folder) as archive:
            return {info.filename: info.file_size for info in archive.infolist()}
    except DAMAGED:
        return {}


def _file(test: Path, part: str) -> Path:
    """The file of a part's embedding, beside that of the test cells."""
    return test if part == "test" else test.with_name(f"{test.stem}.{part}.npy")


def _labels_file(embedding: Path) -> Path:
    """The file of the label codes of an embedding."""
    return embedding.with_name(f"{embedding.stem}.labels.npy")


def _array(path: Path, folder: Path) -> NDArray[Any] | None:
    """The array of a file inside the folder, or of a packed one of that name."""
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return None
        try:
            content = reading.read(path)
        except FileNotFoundError:
            with _packed(folder) as archive:
                content = unpacked(archive, path.name)
        array = np.load(io.BytesIO(content), allow_pickle=False)
    except DAMAGED:
        return None
    return array if isinstance(array, np.ndarray) else None


@contextmanager
def _packed(folder: Path) -> Iterator[zipfile.ZipFile]:
    """The file of packed arrays. Raises one of DAMAGED where none can be read."""
    with reading.opened(folder / PACKED_EMBEDDINGS) as file, zipfile.ZipFile(file) as archive:
        yield archive


def unpacked(archive: zipfile.ZipFile, name: str) -> bytes:
    """One packed array. Raises one of DAMAGED, also for one that would fill the memory."""
    if archive.getinfo(name).file_size > reading.LARGEST:
        raise zipfile.BadZipFile(f"{name} is too large")
    return archive.read(name)


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
