"""Compressed rows on disk: written by appending blocks, read by rows through a memory map.

Nothing here holds more than a block in memory, and a matrix may have more than 2^31 values.
A mapped page counts as resident memory as long as it stays mapped, so a reader unmaps what it
has read every ``RELEASE_BYTES``; the pages stay in the system's cache for the next reader. Rows
far apart are read from the files instead: touching one page may map 2 MiB around it, depending on
how the system happens to cache the file.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from omicsbench.prepare.mapped_array import mapped
from omicsbench.prepare.scaling import Scaler, from_sums

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

RELEASE_BYTES = 256 << 20
BLOCK_ROWS = 4_096
HEADER_BYTES = 128  # of a one-dimensional .npy file
PARTS = ("data", "indices", "indptr")


def index_type(columns: int) -> np.dtype[Any]:
    """The smallest type that numbers so many columns."""
    return np.dtype(np.uint16 if columns <= 1 << 16 else np.int32)


class ArrayWriter:
    """A one-dimensional ``.npy`` file that grows by appending."""

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.size = 0
        self._file: BinaryIO = path.open("wb")
        self._header()

    def _header(self) -> None:
        self._file.seek(0)
        what = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.size,)}
        npy.write_array_header_1_0(self._file, what)
        if self._file.tell() != HEADER_BYTES:
            raise OSError(f"unexpected header of {self._file.tell()} bytes")
        self._file.seek(0, 2)

    def append(self, values: NDArray[Any]) -> None:
        """Add values, cast to the file's type."""
        self._file.write(np.ascontiguousarray(values, dtype=self.dtype).data)
        self.size += values.size

    def close(self) -> None:
        """Write the final length. Without it the file is an empty array."""
        self._header()
        self._file.close()


class CsrWriter:
    """A CSR matrix in a folder, row block by row block: ``data``, ``indices``, ``indptr``.

    Use as a context manager; the files are whole once it has ended without an error.
    """

    def __init__(self, folder: Path, columns: int) -> None:
        self.data = ArrayWriter(folder / "data.npy", np.float32)
        self.indices = ArrayWriter(folder / "indices.npy", index_type(columns))
        self.indptr = ArrayWriter(folder / "indptr.npy", np.int64)
        self.indptr.append(np.zeros(1, dtype=np.int64))

    def append(
        self, data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[np.integer[Any]]
    ) -> None:
        """Add the rows of one CSR block, given by its three arrays."""
        self.indptr.append(self.data.size + indptr[1:].astype(np.int64))
        self.data.append(data)
        self.indices.append(indices)

    def __enter__(self) -> CsrWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        for part in (self.data, self.indices, self.indptr):
            part.close()


@dataclass(eq=False)
class MappedCsr:
    """A CSR matrix on disk, (rows, columns) of float32 or counts; read-only, safe to share.

    ``X[rows]`` reads some rows (a slice or row numbers) as a CSR matrix in memory.
    """

    data: NDArray[Any]
    indices: NDArray[Any]
    indptr: NDArray[np.int64]
    shape: tuple[int, int]
    maps: tuple[mmap.mmap, ...] = ()
    files: tuple[BinaryIO, ...] = ()  # of data and indices
    # Bytes read through the map, by whomever, since they were let go of.
    _mapped: int = field(default=0, init=False, repr=False)

    @classmethod
    def open(cls, folder: Path, columns: int) -> MappedCsr:
        """Map what ``CsrWriter`` wrote. Raises OSError or ValueError if it is not whole."""
        data, indices, indptr = parts = [mapped(folder / f"{part}.npy") for part in PARTS]
        if indptr.size < 1 or not data.size == indices.size == indptr[-1]:
            raise ValueError(f"{folder} is not a whole matrix")
        maps = tuple(m for part in parts if isinstance(m := _memory(part), mmap.mmap))
        files = tuple((folder / f"{part}.npy").open("rb", buffering=0) for part in PARTS[:2])
        return cls(data, indices, indptr, (indptr.size - 1, columns), maps, files)

    def __getitem__(self, rows: slice | NDArray[Any]) -> csr_matrix:
        return ScaledRows(self, _numbers(rows, self.shape[0]), None).tocsr()

    def read(
        self, index: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.int64]]:
        """Data, indices and indptr of some rows, wherever they lie, without mapping a page."""
        starts, stops = self.indptr[index], self.indptr[index + 1]
        indptr = np.concatenate([[0], np.cumsum(stops - starts)])
        made = []
        for stored, file in zip((self.data, self.indices), self.files, strict=True):
            values = np.empty(indptr[-1], dtype=stored.dtype)
            raw, width = values.data.cast("B"), stored.itemsize
            places = zip(indptr.tolist(), indptr[1:].tolist(), starts.tolist(), strict=False)
            for first, last, start in places:
                part, place = raw[width * first : width * last], HEADER_BYTES + width * start
                if part and os.preadv(file.fileno(), [part], place) < len(part):
                    raise OSError(f"{file.name} is shorter than it was")
            made.append(values)
        return made[0], made[1], indptr

    def note_read(self, rows: int) -> None:
        """Rows were read through the map: all is let go of when that has become too much."""
        self._mapped += rows * (self.data.nbytes + self.indices.nbytes) // max(self.shape[0], 1)
        if self._mapped > RELEASE_BYTES:
            self.release()

    def release(self) -> None:
        """Let go of the pages read so far; they are read again when they are needed."""
        self._mapped = 0
        if hasattr(mmap, "MADV_DONTNEED"):
            for mapping in self.maps:
                mapping.madvise(mmap.MADV_DONTNEED)


def _memory(array: NDArray[Any]) -> object:
    """What holds an array's values."""
    return array.base


class ScaledRows:
    """Some rows of a mapped matrix as methods see them: dense blocks, scaled while reading.

    Reads like a dense float32 matrix of ``shape`` (n, p): ``X[rows]`` is an array (m, p) of some
    rows, by slice or row numbers. Only those rows are ever in memory.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, matrix: MappedCsr, index: NDArray[np.int64], scaler: Scaler | None) -> None:
        """``index`` (n,): row numbers in ``matrix``, ascending; ``scaler`` of p features."""
        self.matrix, self.index = matrix, index
        columns = matrix.shape[1]
        self.shape = (index.size, columns)
        self._factor: NDArray[np.float32] = np.ones(columns, dtype=np.float32)
        self._high: NDArray[np.float32] = np.full(columns, np.inf, dtype=np.float32)
        if scaler is not None and scaler.on:
            self._factor, self._high = np.float32(1) / scaler.sd, scaler.high

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[Any]) -> NDArray[np.float32]:
        from omicsbench.prepare import kernels

        index = self.index[rows]
        out = np.empty((index.size, self.shape[1]), dtype=np.float32)
        for part, arrays in self._pieces(index):
            kernels.fill_dense(*arrays, out[part])
        return out

    def mean(self, axis: int = 0, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Mean of each column, summed in double precision."""
        return self.moments()[0].astype(dtype)

    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and variance of each column, (p,) each; the variance divides by n."""
        from omicsbench.prepare import kernels

        sums = np.zeros((self.shape[1], 2))
        for _, arrays in self._pieces(self.index):
            kernels.add_moments(*arrays, sums)
        total, squares = sums.T
        return from_sums(total, squares, self.shape[0])

    def tocsr(self) -> csr_matrix:
        """All rows in memory, compressed."""
        from scipy.sparse import csr_matrix

        from omicsbench.prepare import kernels

        lengths = self.matrix.indptr[self.index + 1] - self.matrix.indptr[self.index]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        data = np.empty(indptr[-1], dtype=np.float32)
        indices = np.empty(indptr[-1], dtype=np.int32)
        for rows, arrays in self._pieces(self.index):
            part = slice(indptr[rows.start], indptr[rows.stop])
            kernels.fill_sparse(*arrays, data[part], indices[part])
        return csr_matrix((data, indices, indptr), shape=self.shape)

    def toarray(self) -> NDArray[np.float32]:
        """All rows in memory, dense."""
        return self[:]

    def _pieces(self, index: NDArray[np.int64]) -> Iterator[tuple[slice, tuple[Any, ...]]]:
        """Places in ``index`` and what the kernels take for these rows, a piece at a time.

        Lets go of what reading has mapped when that has become too much.
        """
        own = self.matrix
        scattered = bool(index.size and np.ptp(index) > 2 * index.size)
        for start in range(0, index.size, BLOCK_ROWS):
            rows = slice(start, min(start + BLOCK_ROWS, index.size))
            if scattered:
                numbers = np.arange(rows.stop - rows.start)
                yield rows, (*own.read(index[rows]), numbers, self._factor, self._high)
                continue
            yield rows, (own.data, own.indices, own.indptr, index[rows], self._factor, self._high)
            own.note_read(rows.stop - rows.start)


def _numbers(rows: slice | NDArray[Any], n: int) -> NDArray[np.int64]:
    """Row numbers that a slice, a mask or an array of numbers stands for."""
    return np.arange(n, dtype=np.int64)[rows]
