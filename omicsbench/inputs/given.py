"""The user's own data as given to the Python interface: a path, an AnnData, or several."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from omicsbench.errors import OmicsbenchError, unknown
from omicsbench.inputs.arguments import PathLike
from omicsbench.reading.decisions import forget
from omicsbench.reading.held import as_numbers
from omicsbench.reading.own import OwnData
from omicsbench.reading.readers import read
from omicsbench.reading.tables import from_table

if TYPE_CHECKING:
    from anndata import AnnData

NAME = "adata"  # of data that have no name of their own
OPTIONS = tuple(field.name for field in fields(OwnData) if field.name not in ("path", "held"))


def own_data(
    data: PathLike | AnnData | OwnData | Sequence[OwnData] | Any,
    options: Mapping[str, Any] | None = None,
    variable: str | None = None,
) -> list[OwnData]:
    """What a call was given as data, none or several, with the ``options`` of :class:`OwnData`.

    Their name in results is that of ``options``, the file's name, ``uns["name"]`` of an AnnData, or
    of the ``variable`` that holds them. Raises OmicsbenchError for what is no data, and for options
    without data.
    """
    for option in options or {}:
        if option not in OPTIONS:
            raise OmicsbenchError(unknown("option", option, OPTIONS))
    stated = {name: value for name, value in (options or {}).items() if value is not None}
    if data is None:
        for option in stated:
            raise OmicsbenchError(
                f"A {option.replace('_', ' ')} belongs to your own data; name its file with --data."
            )
        return []
    several = [data] if isinstance(data, OwnData) else data
    if isinstance(several, list | tuple) and several:
        if all(isinstance(one, OwnData) for one in several):
            for option in stated:
                raise OmicsbenchError(f"State {option} in OwnData({option}=...), not beside it.")
            return list(several)
        if all(isinstance(one, str | os.PathLike) for one in several):
            return [OwnData(Path(one), **stated) for one in several]
    if isinstance(data, str | os.PathLike):
        return [OwnData(Path(data), **stated)]
    held = as_table(data)
    named = (held.uns.get("name") if hasattr(held, "uns_keys") else None) or variable or NAME
    return [OwnData(Path(NAME), held=held, **{"name": str(named)} | stated)]


def as_anndata(data: Any) -> AnnData:
    """Cells x features from an AnnData, a file's path, a matrix or a DataFrame.

    An AnnData is returned as it is. Of a DataFrame, numbers are features, and text annotates the
    cells. Raises OmicsbenchError, in one sentence, for anything else.
    """
    import pandas as pd

    if isinstance(data, str | os.PathLike):
        made = read(OwnData(Path(data)))
    else:
        held = as_table(data)
        if not isinstance(held, pd.DataFrame):
            return held
        made = from_table(held, "the DataFrame", OwnData(Path("the DataFrame")))
    forget(made)
    return made


def as_table(data: Any) -> Any:
    """An AnnData or a DataFrame as it is, a matrix as an AnnData without names.

    Raises OmicsbenchError, in one sentence, for anything else.
    """
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from scipy import sparse

    if isinstance(data, pd.DataFrame) and max(data.index.nlevels, data.columns.nlevels) > 1:
        raise OmicsbenchError(
            "data is a DataFrame whose names have several levels: give plain ones."
        )
    if isinstance(data, AnnData | pd.DataFrame):
        return data
    home = type(data).__module__.partition(".")[0]
    if isinstance(data, np.ndarray) or sparse.issparse(data) or home in ("dask", "h5py", "cupy"):
        return AnnData(as_numbers(data, "data"))
    kind = f"data is a {type(data).__name__}"
    if isinstance(getattr(data, "mod", None), Mapping):
        raise OmicsbenchError(
            f"{kind} of several modalities; give one of them, such as data['rna']."
        )
    for method in ("to_pandas", "to_adata", "to_frame"):  # of polars, of .raw, of a Series
        if hasattr(data, method):
            raise OmicsbenchError(f"{kind} of {home}; give data.{method}().")
    raise OmicsbenchError(
        f"{kind}; give a file's path, an AnnData, a matrix, a DataFrame or OwnData objects."
    )


def variable_of(data: object, names: Mapping[str, object]) -> str | None:
    """The one variable of a caller that holds ``data``; None if several do, or none.

    ``names`` are those variables. Such as begin with _ are the notebook's.
    """
    found = [name for name, value in names.items() if value is data and not name.startswith("_")]
    return found[0] if len(found) == 1 else None


def name_in_caller(data: object, call: FrameType | None) -> str | None:
    """The one variable that holds ``data`` where a function was called; ``call`` is its frame."""
    caller = call.f_back if call else None
    return variable_of(data, caller.f_locals) if caller else None
