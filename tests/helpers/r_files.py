"""Small files as R writes them: beside what rdata can write, matrices with names, S4 objects."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Matrix:
    """An R matrix with names of rows and columns; a ``dgCMatrix`` if its values are sparse."""

    values: Any
    rows: Sequence[str]
    columns: Sequence[str]


def written(**objects: Any) -> bytes:
    """A file that holds the objects by their names, as R's ``save`` writes it."""
    from rdata.conversion import to_r
    from rdata.unparser._unparser import pack_r_object_info
    from rdata.unparser._xdr import UnparserXDR

    class Unparser(UnparserXDR):
        def unparse_r_object(self, obj: Any) -> None:
            if obj.info.type != obj.info.type.S4:
                super().unparse_r_object(obj)
            else:  # which rdata itself does not write: nothing but its slots
                self.unparse_int(pack_r_object_info(obj.info))
                self.unparse_r_object(obj.attributes)

    classes = {**to_r.DEFAULT_CLASS_MAP, Matrix: _matrix}
    made = to_r.convert_python_to_r_data(objects, constructor_dict=classes, file_type="rda")
    held = io.BytesIO(b"RDX3\n")
    held.seek(0, io.SEEK_END)
    Unparser(held).unparse_r_data(made)
    return gzip.compress(held.getvalue())


def s4(converter: Any, **slots: Any) -> Any:
    """An object of R's S4 with these slots, ``class`` among them."""
    from rdata.conversion.to_r import build_r_object
    from rdata.parser import RObjectType

    attributes = converter.convert_to_r_attributes(slots)
    return build_r_object(RObjectType.S4, is_object=True, attributes=attributes)


def counts_of(seed: int, rows: int, columns: int, mean: float = 1.5) -> np.ndarray:
    """Poisson counts, none of the rows and columns empty."""
    counts = np.random.default_rng(seed).poisson(mean, (rows, columns))
    counts[np.arange(max(rows, columns)) % rows, np.arange(max(rows, columns)) % columns] += 1
    return counts


def dgc(values: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> Matrix:
    return Matrix(sparse.csc_matrix(values.astype(float)), rows, columns)


def _matrix(matrix: Matrix, converter: Any) -> Any:
    names = [np.array(matrix.rows, dtype="U"), np.array(matrix.columns, dtype="U")]
    if sparse.issparse(matrix.values):
        held = matrix.values
        return s4(
            converter,
            i=held.indices.astype(np.int32),
            p=held.indptr.astype(np.int32),
            Dim=np.array(held.shape, dtype=np.int32),
            Dimnames=names,
            x=held.data,
            factors=[],
            **{"class": "dgCMatrix"},
        )
    made = converter.convert_to_r_object(np.ravel(matrix.values, order="F"))
    dim: Mapping[str, Any] = {"dim": np.array(matrix.values.shape, np.int32), "dimnames": names}
    made.attributes = converter.convert_to_r_attributes(dim)
    made.info.attributes = True
    return made
