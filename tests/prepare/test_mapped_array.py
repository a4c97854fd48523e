"""Mapped arrays are those that numpy maps, and what is no whole array is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from omicsbench.prepare.mapped_array import mapped

TYPES = st.one_of(
    arrays.integer_dtypes(), arrays.floating_dtypes(), arrays.unicode_string_dtypes(max_len=5)
)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)


@settings(max_examples=60, deadline=None)
@given(TYPES.flatmap(lambda kind: arrays.arrays(kind, SHAPES)), st.booleans())
def test_what_numpy_wrote_is_mapped_as_numpy_maps_it(
    tmp_path_factory: pytest.TempPathFactory, values: np.ndarray[Any, Any], fortran: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "values.npy"
    values = np.asfortranarray(values) if fortran else values
    np.save(path, values)
    found = mapped(path)
    np.testing.assert_array_equal(found, values)
    assert found.dtype == values.dtype
    assert found.flags.f_contiguous == np.load(path).flags.f_contiguous
    assert found.size == 0 or not found.flags.writeable


def test_a_long_header_is_read_to_its_end(tmp_path: Path) -> None:
    kind = np.dtype([(f"a_column_of_a_long_name_{i}", np.float32) for i in range(20)])
    np.save(tmp_path / "a.npy", np.ones(3, kind))
    assert (mapped(tmp_path / "a.npy") == np.ones(3, kind)).all()


@pytest.mark.parametrize("kept", [0, 5, 9, 60, 127, 128, 500])
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(100, dtype=np.float64))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"no array|truncated"):
        mapped(path)


def test_python_objects_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([print]), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        mapped(tmp_path / "a.npy")


def test_a_file_that_is_no_array_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_text("x" * 1_000, encoding="utf-8")
    with pytest.raises(ValueError, match="no array"):
        mapped(tmp_path / "a.npy")
    with pytest.raises(OSError, match="No such file"):
        mapped(tmp_path / "b.npy")
