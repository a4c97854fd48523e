"""What the columns of a table hold: numbers, truth values, text, dates and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

NUMBERS, TRUTH, TEXT, EMPTY = "numbers", "True and False", "text", "nothing"
_BY_CONTENT = {  # what pandas finds in a column of objects
    "decimal": NUMBERS,
    "integer": NUMBERS,
    "floating": NUMBERS,
    "mixed-integer-float": NUMBERS,
    "boolean": TRUTH,
    "string": TEXT,
    "mixed-integer": TEXT,
    "empty": EMPTY,
    "date": "dates",
    "datetime": "dates",
    "datetime64": "dates",
    "time": "times",
    "timedelta": "durations",
    "timedelta64": "durations",
    "period": "periods",
    "interval": "intervals",
    "complex": "complex numbers",
    "bytes": "bytes",
}
_PLAIN = r"\s*[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]\d+)?\s*"
_BY_KIND = {"M": "dates", "m": "durations", "c": "complex numbers"}


def kind_of(column: pd.Series[Any]) -> str:
    """``numbers``, ``True and False``, ``text``, ``nothing``, ``dates``, ``lists``, ...

    Whole numbers, fractions, decimals and their nullable and Arrow forms are numbers.
    """
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return TEXT
    if isinstance(dtype, pd.ArrowDtype):
        return _kind_of_arrow(dtype.pyarrow_dtype)
    if pd.api.types.is_bool_dtype(dtype):
        return TRUTH
    if dtype.kind in _BY_KIND:
        return _BY_KIND[dtype.kind]
    if pd.api.types.is_numeric_dtype(dtype):
        return NUMBERS
    found = pd.api.types.infer_dtype(column, skipna=True)
    if found == "mixed":
        return _kind_of_mixed(column)
    if found == "string" and _are_truth_values(column):
        return TRUTH
    return _BY_CONTENT.get(found, found)


def kinds_of(table: pd.DataFrame) -> dict[str, str]:
    """The kind of every column, by name."""
    return {
        str(name): NUMBERS if is_plain(dtype) else kind_of(table.iloc[:, place])
        for place, (name, dtype) in enumerate(table.dtypes.items())
    }


def is_plain(dtype: Any) -> bool:
    """A NumPy type of whole numbers or fractions."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"


def _kind_of_arrow(arrow: Any) -> str:
    import pyarrow as pa

    if pa.types.is_boolean(arrow):
        return TRUTH
    if (
        pa.types.is_dictionary(arrow)
        or pa.types.is_string(arrow)
        or pa.types.is_large_string(arrow)
    ):
        return TEXT
    if pa.types.is_null(arrow):
        return EMPTY
    if pa.types.is_integer(arrow) or pa.types.is_floating(arrow) or pa.types.is_decimal(arrow):
        return NUMBERS
    if pa.types.is_nested(arrow):
        return "lists"
    return "dates" if pa.types.is_temporal(arrow) else str(arrow)


def _kind_of_mixed(column: pd.Series[Any]) -> str:
    """Of objects of several kinds: structures, or texts among other things."""
    held = column.dropna()
    if any(isinstance(value, list | tuple | dict | set | np.ndarray) for value in held):
        return "lists"
    texts = {str(value).strip().lower() for value in held}
    return TRUTH if texts <= {"true", "false"} else TEXT


def _are_truth_values(column: pd.Series[Any]) -> bool:
    """Texts True and False only, in any case of letters, and both of them."""
    distinct = column.dropna().unique()
    texts = {str(value).strip().lower() for value in distinct[:10]}
    return len(distinct) <= 10 and texts - {""} == {"true", "false"}


def plain_numbers(texts: pd.Series[Any], decimal: str) -> pd.Series[Any] | None:
    """Texts as numbers if all are written as such, else None: 007 and 12E5 are names."""
    import pandas as pd

    present = texts.dropna()
    written = present.str.replace(decimal, ".", regex=False)
    if present.empty or not written.str.fullmatch(_PLAIN).all():
        return None
    return pd.to_numeric(written).reindex(texts.index)


def as_numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Numbers or truth values, (n,), NaN where nothing stands."""
    import pandas as pd

    values = column.astype(object).where(column.notna(), None)
    if kind_of(column) == TRUTH:
        values = values.astype(str).str.strip().str.lower().map({"true": 1.0, "false": 0.0})
    numbers = pd.to_numeric(values, errors="coerce")
    return np.asarray(numbers.to_numpy(np.float64, na_value=np.nan), dtype=np.float64)
