"""Types of numbers that scipy cannot compute with, or little: brought to one that it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def computable(matrix: Any) -> Any:
    """The same values as float32 of truth values and halves, in the processor's order of bytes."""
    if matrix.dtype.kind == "b" or matrix.dtype == np.float16:
        return matrix.astype(np.float32)
    return matrix if matrix.dtype.isnative else matrix.astype(matrix.dtype.newbyteorder("="))


def computable_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table with all columns of numpy in the processor's order of bytes."""
    import pandas as pd

    foreign = [t for t in table.dtypes if isinstance(t, np.dtype) and not t.isnative]
    if not foreign:
        return table
    columns = {
        place: table.iloc[:, place].astype(kind.newbyteorder("="))
        if isinstance(kind, np.dtype) and not kind.isnative
        else table.iloc[:, place]
        for place, kind in enumerate(table.dtypes)
    }
    made = pd.DataFrame(columns, index=table.index)
    made.columns = table.columns
    return made


def make_computable(adata: AnnData) -> None:
    """Bring X and the layers of ``adata`` to such types."""
    if adata.X is not None and (X := computable(adata.X)) is not adata.X:
        adata.X = X
    for name in list(adata.layers):
        if (layer := computable(adata.layers[name])) is not adata.layers[name]:
            adata.layers[name] = layer
