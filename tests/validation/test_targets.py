"""A target is one number of each cell: what is missing, and what is refused in one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from omicsbench.errors import DataError
from omicsbench.validation.targets import measured


def test_missing_values_are_told_and_kept() -> None:
    column = pd.Series([*np.arange(30.0), None, np.nan])
    values, notes = measured(column, "age")
    assert values.dtype == np.float32
    assert np.isnan(values[30:]).all()
    assert values[:30].tolist() == list(range(30))
    assert notes == ("2 cells without a value of 'age'.",)


def test_texts_such_as_na_are_missing() -> None:
    values, notes = measured(pd.Series([*map(str, range(30)), "NA", " "]), "age")
    assert np.isnan(values[30:]).all()
    assert notes == ("2 cells without a value of 'age'.",)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(np.arange(30)),
        pd.Series([str(value) for value in range(30)]),
        pd.Series(range(30), dtype="Int64"),
        pd.Series(range(30)).astype("category"),
    ],
    ids=["whole", "text of numbers", "nullable", "categories of numbers"],
)
def test_numbers_of_any_kind(column: Any) -> None:
    values, notes = measured(column, "age")
    assert values.tolist() == list(range(30))
    assert notes == ()


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pd.Series(["tall", *["1.5"] * 30]), "holds 'tall', which is no number"),
        (pd.Series([np.inf, *np.arange(30.0)]), "infinite values"),
        (pd.Series([np.nan] * 30), "has a value in 0 cells: at least 20"),
        (pd.Series([2.5] * 30), "is 2.5 in every cell"),
        (pd.Series([True, False] * 20), "holds True and False"),
    ],
)
def test_refused_in_words(column: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        measured(column, "age")
