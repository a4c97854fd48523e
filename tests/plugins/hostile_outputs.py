"""Hostile to omicsbench: methods that return what is no embedding, or nearly."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from hostility import ROWS, Honest, expected, on_output

INVALID = "invalid_output"


@on_output(INVALID, "shape")
def returns_fewer_rows(Z):
    """One row too few."""
    return Z[1:]


@on_output(INVALID, "shape")
def returns_more_rows(Z):
    """One row too many."""
    return np.vstack([Z, Z[:1]])


@on_output(INVALID, "3 dimensions, not 2")
def returns_more_columns(Z):
    """One column too many."""
    return np.hstack([Z, Z[:, :1]])


@on_output(INVALID, "no dimension")
def returns_no_columns(Z):
    """No column."""
    return Z[:, :0]


@on_output(INVALID, "shape")
def returns_no_rows(Z):
    """Nothing."""
    return Z[:0]


@on_output(INVALID, "shape")
def returns_a_vector(Z):
    """One dimension."""
    return Z[:, 0]


@on_output(INVALID, "shape")
def returns_a_cube(Z):
    """Three dimensions."""
    return Z[:, :, None]


@on_output(INVALID, "shape")
def returns_a_number(Z):
    """No dimension."""
    return np.float32(1)


@on_output(INVALID)
def returns_nothing(Z):
    """None."""


@on_output(INVALID)
def returns_text(Z):
    """Words."""
    return np.full(Z.shape, "x")


@on_output(INVALID)
def returns_objects(Z):
    """Objects that are no numbers."""
    return np.full(Z.shape, object())


@on_output(INVALID)
def returns_dates(Z):
    """Dates."""
    return Z.astype("int64").astype("datetime64[s]")


@on_output(INVALID)
def returns_fields(Z):
    """An array with named fields."""
    return np.zeros(Z.shape, dtype=[("a", "f4"), ("b", "f4")])


@on_output(INVALID)
def returns_a_sparse_matrix(Z):
    """A sparse matrix."""
    return sparse.csr_matrix(Z)


@on_output(INVALID)
def returns_a_generator(Z):
    """A generator of rows."""
    return (row for row in Z)


@on_output(INVALID)
def returns_a_ragged_list(Z):
    """Rows of different lengths."""
    return [[0.0], *Z.tolist()[1:]]


@on_output(INVALID)
def returns_itself(Z):
    """A circle."""
    circle = []
    circle.append(circle)
    return circle


@on_output(INVALID, "complex")
def returns_complex_numbers(Z):
    """Complex numbers, of which half would be lost."""
    return Z + 1j


@on_output(INVALID, "masked")
def returns_masked_numbers(Z):
    """Numbers of which some are masked."""
    return np.ma.masked_less(Z, 0)


@on_output(INVALID, "non-finite")
def returns_nan(Z):
    """One NaN."""
    Z[0, 0] = np.nan
    return Z


@on_output(INVALID, "non-finite")
def returns_infinity(Z):
    """One infinity."""
    Z[-1, -1] = -np.inf
    return Z


@on_output(INVALID, "non-finite")
def returns_what_is_too_great(Z):
    """Numbers that float32 cannot hold."""
    return Z.astype(np.float64) * 1e300


@on_output("ok", "constant", same=False)
def returns_a_constant(Z):
    """The same for all cells."""
    return np.ones_like(Z)


@on_output("ok", same=False)
def returns_tiny_numbers(Z):
    """Numbers that are hardly there."""
    return Z * np.float32(1e-42)


@on_output("ok", same=False)
def returns_great_numbers(Z):
    """Numbers whose squares float32 cannot hold."""
    return Z * np.float32(1e30)


@on_output("ok", same=False)
def returns_truths(Z):
    """True and False."""
    return Z > 0


@on_output("ok", same=False)
def returns_whole_numbers(Z):
    """Whole numbers."""
    return (Z * 10).astype(np.int64)


@on_output("ok", same=False)
def returns_half_precision(Z):
    """Half precision."""
    return Z.astype(np.float16)


@on_output("ok")
def returns_double_precision(Z):
    """Double precision."""
    return Z.astype(np.float64)


@on_output("ok")
def returns_long_double(Z):
    """More than double precision."""
    return Z.astype(np.longdouble)


@on_output("ok")
def returns_other_byte_order(Z):
    """The byte order of another machine."""
    return Z.astype(Z.dtype.newbyteorder())


@on_output("ok")
def returns_a_data_frame(Z):
    """A data frame with names that are there twice."""
    return pd.DataFrame(Z, columns=["a", "a"])


@on_output("ok")
def returns_a_list(Z):
    """A list of lists."""
    return Z.tolist()


@on_output("ok")
def returns_a_matrix(Z):
    """What numpy once called a matrix."""
    return np.asmatrix(Z)


@on_output(INVALID, "object")
def returns_numbers_as_objects(Z):
    """Numbers, each an object."""
    return Z.astype(object)


@on_output("ok")
def returns_columns_first(Z):
    """Columns first, and backwards in memory."""
    return np.asfortranarray(Z[::-1])[::-1]


@on_output("ok")
def returns_read_only(Z):
    """An array that cannot be written."""
    Z.setflags(write=False)
    return Z


@on_output("ok")
def returns_a_deleted_file(Z):
    """A map of a file that is gone."""
    file, path = tempfile.mkstemp()
    os.close(file)
    mapped = np.memmap(path, dtype=np.float32, mode="w+", shape=Z.shape)
    mapped[:] = Z
    Path(path).unlink()
    return mapped


@on_output(INVALID)
def returns_a_liar(Z):
    """An array that lies about its shape."""

    class Liar(np.ndarray):
        shape = property(lambda self: (len(Z), 2))
        ndim = property(lambda self: 2)

    return np.zeros(3, dtype=np.float32).view(Liar)


@on_output("error|invalid_output")
def returns_what_cannot_be_read(Z):
    """What raises when it is made an array."""

    class Closed:
        def __array__(self, *args, **more):
            raise KeyboardInterrupt

    return Closed()


@on_output("crashed", "exit code 21")
def returns_what_exits(Z):
    """What exits when it is made an array."""

    class Exits:
        def __array__(self, *args, **more):
            os._exit(21)

    return Exits()


@on_output("out_of_memory|invalid_output", then="skipped|ok")
def returns_what_grows(Z):
    """One number that claims to be as many as there are addresses."""
    return np.broadcast_to(np.float32(0), (len(Z), 1 << 36))


@expected(INVALID, "dimensions")
class ReturnsAnotherWidthEachTime:
    """One column more at each call; its width is its own affair."""

    def __init__(self, n_components: int | None = None) -> None:
        self.calls = 0

    def fit(self, X):
        self.rows_ = len(X)
        return self

    def transform(self, X):
        self.calls += self.rows_ == ROWS
        return np.array(X[:, : 2 + self.calls], dtype=np.float32)


@expected("ok")
class ReturnsTheSameArrayEachTime(Honest):
    """Writes each output into the array of the one before."""

    def transform(self, X):
        if not hasattr(self, "buffer_"):
            self.buffer_ = np.empty((10_000, 2), dtype=np.float32)
        self.buffer_[: len(X)] = X[:, :2]
        return self.buffer_[: len(X)]


@expected("ok")
class ReturnsWhatItWasGiven(Honest):
    """Returns a view of its input."""

    def transform(self, X):
        return X[:, :2]


@expected("ok")
class ChangesWhatItReturned(Honest):
    """Spoils its last output when it is called again."""

    def transform(self, X):
        if hasattr(self, "last_"):
            self.last_[:] = np.nan
        self.last_ = Honest.transform(self, X)
        return self.last_


@expected("ok|error|invalid_output", same=False)
class ChangesItsInput(Honest):
    """Centres the rows that it is given in place, as careless code does."""

    def fit(self, X):
        self.rows_ = len(X)
        if self.rows_ == ROWS:
            X -= X.mean(axis=0)
        return self
