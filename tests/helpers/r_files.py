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


@dataclass(frozen=True)
class Slots:
    """An object of R's S4, ``class`` among its slots."""

    held: Mapping[str, Any]


@dataclass(frozen=True)
class Environment:
    """An R environment that holds objects by name."""

    held: Mapping[str, Any]


def written(**objects: Any) -> bytes:
    """A file that holds the objects by their names, as R's ``save`` writes it."""
    from rdata.conversion import to_r
    from rdata.unparser._unparser import pack_r_object_info
    from rdata.unparser._xdr import UnparserXDR

    class Unparser(UnparserXDR):
        """Writes what rdata itself reads but does not write."""

        def unparse_r_object(self, obj: Any) -> None:
            types = type(obj.info.type)
            if obj.info.type not in (types.S4, types.ENV, types.EMPTYENV):
                super().unparse_r_object(obj)
                return
            self.unparse_int(pack_r_object_info(obj.info))
            if obj.info.type == types.S4:  # nothing but its slots
                self.unparse_r_object(obj.attributes)
            elif obj.info.type == types.ENV:
                self.unparse_int(0)  # not locked
                for part in obj.value:
                    self.unparse_r_object(part)

    own = {Matrix: _matrix, Slots: _slots, Environment: _environment}
    classes = {**to_r.DEFAULT_CLASS_MAP, **own}
    made = to_r.convert_python_to_r_data(objects, constructor_dict=classes, file_type="rda")
    held = io.BytesIO(b"RDX3\n")
    held.seek(0, io.SEEK_END)
    Unparser(held).unparse_r_data(made)
    return gzip.compress(held.getvalue())


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
        slots = {
            "i": held.indices.astype(np.int32),
            "p": held.indptr.astype(np.int32),
            "Dim": np.array(held.shape, dtype=np.int32),
            "Dimnames": names,
            "x": held.data,
            "factors": [],
            "class": "dgCMatrix",
        }
        return _slots(Slots(slots), converter)
    made = converter.convert_to_r_object(np.ravel(matrix.values, order="F"))
    dim: Mapping[str, Any] = {"dim": np.array(matrix.values.shape, np.int32), "dimnames": names}
    made.attributes = converter.convert_to_r_attributes(dim)
    made.info.attributes = True
    return made


def _slots(slots: Slots, converter: Any) -> Any:
    from rdata.conversion.to_r import build_r_object
    from rdata.parser import RObjectType

    attributes = converter.convert_to_r_attributes(dict(slots.held))
    return build_r_object(RObjectType.S4, is_object=True, attributes=attributes)


def _environment(environment: Environment, converter: Any) -> Any:
    from rdata.conversion.to_r import build_r_object
    from rdata.parser import RObjectType

    # It is counted among the references before what it holds, as the parser does.
    converter._references[f"environment {id(environment)}"] = (len(converter._references), None)
    held = converter.convert_to_r_attributes(dict(environment.held))
    none = build_r_object(RObjectType.NILVALUE)
    table = build_r_object(RObjectType.VEC, value=[none, held])
    enclosure = build_r_object(RObjectType.EMPTYENV)
    return build_r_object(RObjectType.ENV, value=(enclosure, none, table, none))
