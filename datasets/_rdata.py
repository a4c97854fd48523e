"""Reader of files that R wrote (.RData, .rda): objects by name, sparse matrices as AnnData."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData


def read_r(path: Path) -> dict[str, Any]:
    """The objects of the file by their names, as the library ``rdata`` gives them.

    Lists are dicts, data frames and factors are those of pandas, matrices are xarray's; an object
    of a class unknown to it, such as a sparse matrix, has its slots as attributes.

    Raises DataError.
    """
    import rdata

    from omicsbench.datasets._paired import damaged

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a class is unknown to it
            found = rdata.read_rda(path)
    except Exception as error:  # in a damaged file the parser trips over anything
        raise damaged(path, str(error) or type(error).__name__) from error
    if not isinstance(found, dict):
        raise damaged(path, "it holds no named objects")
    return found


def pick(found: Any, path: Path, *names: str) -> Any:
    """What lies in ``found`` under the names, one inside the other. Raises DataError."""
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    for name in names:
        held = vars(found) if isinstance(found, SimpleNamespace) else found  # slots of an object
        if not isinstance(held, Mapping | pd.DataFrame) or name not in held:
            raise damaged(path, f"it holds no {'$'.join(names)}")
        found = held[name]
    return found


def texts(column: Any, rows: int, path: Path) -> list[str]:
    """A vector, factor or column of a data frame as texts.

    Raises DataError unless it is ``rows`` long.
    """
    import numpy as np

    from omicsbench.datasets._paired import damaged

    found = [str(text) for text in np.ravel(np.asarray(column))]
    if len(found) != rows:
        raise damaged(path, f"it describes {len(found):,} of {rows:,} cells")
    return found


def dense_matrix(found: Any, path: Path) -> AnnData:
    """R's matrix with names of rows and columns: rows in obs, columns in var, float32, dense.

    Raises DataError for another object.
    """
    import anndata
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    try:
        rows, columns = ([str(name) for name in found.coords[dim].values] for dim in found.dims)
        with np.errstate(invalid="ignore"):  # R's NA is a NaN that complains when it is cast
            X = np.ascontiguousarray(found.values, dtype=np.float32)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"{type(found).__name__} is no matrix with names") from error
    return anndata.AnnData(X, obs=pd.DataFrame(index=rows), var=pd.DataFrame(index=columns))


def frame(found: Any, path: Path, columns: Sequence[str], *names: str) -> pd.DataFrame:
    """The data frame that lies in ``found`` under the names, with these columns at least.

    Raises DataError.
    """
    from omicsbench.datasets._paired import damaged

    held: Any = pick(found, path, *names)
    if not set(columns) <= set(getattr(held, "columns", ())):
        raise damaged(path, f"{'$'.join(names)} does not tell {', '.join(columns)}")
    return held[list(columns)]


def sparse_matrix(found: Any, path: Path) -> AnnData:
    """R's sparse matrix ``dgCMatrix``, its rows in obs and its columns in var: float32.

    X is CSC, as it lies in the file. Where its columns are cells, ``.T`` turns it, and X is
    then CSR. Raises DataError for another object, or one that does not go together.
    """
    import anndata
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from omicsbench.datasets._paired import damaged

    parts = vars(found) if hasattr(found, "__dict__") else {}
    if "dgCMatrix" not in list(parts.get("class", ())):
        raise damaged(path, f"{type(found).__name__} is no sparse matrix")
    try:
        values = np.asarray(parts["x"], dtype=np.float32)
        X = sparse.csc_matrix((values, parts["i"], parts["p"]), shape=tuple(parts["Dim"]))
        X.check_format(full_check=True)
        rows, columns = ([str(name) for name in names] for names in parts["Dimnames"])
        return anndata.AnnData(X, obs=pd.DataFrame(index=rows), var=pd.DataFrame(index=columns))
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"a sparse matrix in it is broken: {error}") from error
