"""A target: one measured number of each cell, which may be missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.errors import DataError
from omicsbench.validation.labels import MISSING
from omicsbench.validation.wording import many

MIN_MEASURED = 20  # cells with a value, as many as data need cells


def measured(column: Any, target: str) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """The numbers of a column (n,), NaN where missing, and notes.

    Raises DataError for texts, infinite values, too few, and a target that does not vary.
    """
    import pandas as pd

    given = pd.Series(column).reset_index(drop=True)
    if pd.api.types.is_bool_dtype(given.dtype):
        raise DataError(f"Target {target!r} holds True and False: name it with --label instead.")
    if isinstance(given.dtype, pd.CategoricalDtype):
        given = given.astype(object)
    numbers = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    texts = given[np.isnan(numbers) & given.notna().to_numpy()]
    texts = texts[[str(text).strip().casefold() not in MISSING for text in texts]]
    if len(texts):
        raise DataError(
            f"Target {target!r} holds {str(texts.iloc[0])!r}, which is no number: leave such cells "
            "empty, or name another column."
        )
    with np.errstate(over="ignore"):
        values = numbers.astype(np.float32)
    if np.isinf(values).any():
        raise DataError(f"Target {target!r} has infinite values: leave such cells empty.")
    known = values[np.isfinite(values)]
    if known.size < MIN_MEASURED:
        raise DataError(
            f"Target {target!r} has a value in {many(known.size, 'cell')}: at least "
            f"{MIN_MEASURED} are needed."
        )
    if known.min() == known.max():
        raise DataError(f"Target {target!r} is {known[0]:g} in every cell: it does not vary.")
    missing = values.size - known.size
    if not missing:
        return values, ()
    return values, (f"{many(missing, 'cell')} without a value of {target!r}.",)
