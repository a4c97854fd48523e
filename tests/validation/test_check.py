"""Data is told apart, tidied or refused with one sentence."""

from __future__ import annotations

import re
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.reading.notes import NOTES
from omicsbench.validation.check import check

RNG = np.random.default_rng(0)
COUNTS = RNG.poisson(1, (40, 12)).astype(np.float32) + np.eye(40, 12, dtype=np.float32) * 5
COUNTS[:, 0] += 1  # no empty cell


def make(X: Any, label: Any = None, **more: Any) -> anndata.AnnData:
    n, p = X.shape
    obs = pd.DataFrame(index=[f"cell{i}" for i in range(n)])
    if label is not None:
        obs["type"] = label
    return anndata.AnnData(X, obs, pd.DataFrame(index=[f"gene{j}" for j in range(p)]), **more)


def refused(*args: Any, **more: Any) -> str:
    with pytest.raises(DataError) as caught:
        check(*args, **more)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence[0].isupper() or sentence[0].isdigit()
    assert sentence[-1] in ".?"
    return sentence


# What the values are


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize(
    ("X", "values"),
    [
        (COUNTS, "counts"),
        (COUNTS.astype(np.int64), "counts"),
        (np.log1p(COUNTS), "log"),
        (np.log1p(COUNTS).astype(np.float64), "log"),
        (COUNTS - 1.5, "continuous"),
    ],
)
def test_values_are_told_apart(kind: Any, X: np.ndarray, values: str) -> None:
    checked = check(make(kind(X)), None)
    assert checked.values == values
    found = checked.adata.X
    dense = found.toarray() if sparse.issparse(found) else found
    np.testing.assert_array_equal(dense, X.astype(np.float32))


@given(hnp.arrays(np.int32, (20, 4), elements=st.integers(0, 10_000)))
@settings(max_examples=50, deadline=None)
def test_whole_numbers_with_some_size_are_counts(X: np.ndarray) -> None:
    X[:, 0] += 3
    assert check(make(X.astype(np.float32)), None).values == "counts"


@given(hnp.arrays(np.float32, (20, 4), elements=st.floats(0, 24, width=32)))
@settings(max_examples=50, deadline=None)
def test_fractions_of_some_size_are_asked_for_and_no_counts(X: np.ndarray) -> None:
    X[:, 0] = 1.5
    assert "--values fractional" in refused(make(X), None)
    assert check(make(X), None, "log").values == "log"
    assert "fractions" in refused(make(X), None, "counts")


@pytest.mark.parametrize(
    ("X", "reason"),
    [
        (COUNTS * 33.3, "too large for logarithms"),
        (COUNTS / COUNTS.max(), "between 0 and 1"),
        ((COUNTS > 1).astype(np.float32), "up to 1 only"),
        (COUNTS > 1, "up to 1 only"),
        (np.minimum(COUNTS, 2), "up to 2 only"),
    ],
)
def test_what_cannot_be_told_is_asked_for(X: np.ndarray, reason: str) -> None:
    sentence = refused(make(X), None)
    assert reason in sentence
    named = re.findall(r"--values (\w+)", sentence)
    assert "continuous" in named
    assert check(make(X), None, "continuous").values == "continuous"
    for values in named:
        assert check(make(X), None, values).values == values, "what is recommended is accepted"
    if "too large" in reason:
        assert named == ["fractional", "normalized", "continuous"]
        for values in ("counts", "log"):
            refused(make(X), None, values)
    else:
        assert named[-2:] == ["log", "continuous"]


def test_whole_numbers_said_to_be_logarithms_are_asked_for() -> None:
    adata = make(COUNTS, uns={"log1p": {}})
    assert "log1p" in refused(adata, None)
    assert check(adata, None, "counts").values == "counts"


def test_all_zero_is_refused() -> None:
    assert "zero" in refused(make(np.zeros((30, 5), dtype=np.float32)), None)


@pytest.mark.parametrize(
    ("X", "values", "says"),
    [
        (np.log1p(COUNTS), "counts", "fractions"),
        (COUNTS - 2, "counts", "lowest value is -"),
        (COUNTS - 2, "log", "lowest value is -"),
        (COUNTS * 100, "log", "highest value"),
        (COUNTS, "tpm", "Unknown values"),
    ],
)
def test_a_contradiction_is_refused(X: np.ndarray, values: str, says: str) -> None:
    assert says in refused(make(X), None, values)


@pytest.mark.parametrize("values", [None, "counts"])
@pytest.mark.parametrize("X", [np.log1p(COUNTS), COUNTS - 1.5, COUNTS * np.nan, None])
def test_counts_kept_in_a_layer_go_first(X: np.ndarray | None, values: str | None) -> None:
    adata = make(COUNTS, uns={"log1p": {}}, layers={"counts": sparse.csr_matrix(COUNTS)})
    adata.X = X
    checked = check(adata, None, values)
    assert checked.values == "counts"
    assert checked.notes == ("Raw counts are taken from layers['counts']; X holds other values.",)
    assert checked.adata.X.sum() == COUNTS.sum()


def test_a_layer_is_left_alone_where_x_is_wanted_or_is_counts() -> None:
    adata = make(np.log1p(COUNTS), layers={"counts": COUNTS})
    assert check(adata, None, "log").values == "log"
    adata = make(COUNTS, layers={"counts": COUNTS * 2})
    assert check(adata, None).adata.X.sum() == COUNTS.sum()
    adata = make(np.log1p(COUNTS), layers={"counts": COUNTS / 3})
    assert check(adata, None).values == "log"
    assert check(adata, None, "log").decisions[-1].option == "--values"


def test_without_x_and_counts_it_is_refused() -> None:
    adata = make(COUNTS)
    adata.X = None
    assert "--layer" in refused(adata, None)


# What is wrong with them


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("order", ["C", "F"])
def test_values_that_are_no_numbers_are_located(bad: float, order: Any) -> None:
    X = COUNTS.copy(order=order)
    X[7, 5] = X[9, 3] = bad
    first = ("cell7", "gene5") if order == "C" else ("cell9", "gene3")
    sentence = refused(make(X), None)
    assert sentence.startswith("2 values")
    assert f"cell {first[0]!r}, feature {first[1]!r}" in sentence
    assert "cell 'cell7', feature 'gene5'" in refused(make(sparse.csr_matrix(X)), None)
    assert "cell 'cell9', feature 'gene3'" in refused(make(sparse.csc_matrix(X)), None)
    assert "NaN" in refused(make(X), None, "continuous")


def test_values_beyond_float32_are_refused() -> None:
    X = COUNTS.astype(np.float64)
    X[0, 0] = 1e300
    assert "infinite" in refused(make(X), None)


def test_text_is_refused() -> None:
    assert "not numbers" in refused(make(COUNTS.astype(str).astype(object)), None)


@pytest.mark.parametrize(("axis", "what"), [("obs_names", "Cell"), ("var_names", "Feature")])
def test_duplicate_names_are_refused(axis: str, what: str) -> None:
    adata = make(COUNTS)
    names = list(getattr(adata, axis))
    names[4] = names[2]
    setattr(adata, axis, names)
    sentence = refused(adata, None)
    assert sentence.startswith(f"{what} name {names[2]!r} occurs 2 times")
    assert f"adata.{axis}_make_unique()" in sentence


@pytest.mark.parametrize(("shape", "says"), [((0, 5), "no cells"), ((30, 0), "no features")])
def test_nothing_is_refused(shape: tuple[int, int], says: str) -> None:
    assert says in refused(make(np.zeros(shape, dtype=np.float32)), None)


def test_few_cells_are_refused() -> None:
    assert "19 cells in the data: at least 20" in refused(make(COUNTS[:19]), None)
    X = COUNTS.copy()
    X[19:] = 0
    assert "19 cells left after" in refused(make(X), None)


def test_empty_cells_are_left_out_of_counts_only() -> None:
    X = COUNTS.copy()
    X[[3, 8, 9]] = 0
    checked = check(make(X, ["a", "b"] * 20), "type")
    assert checked.notes == ("3 cells without any value above zero left out.",)
    assert checked.adata.n_obs == 37
    assert "cell8" not in checked.adata.obs_names
    assert checked.codes is not None
    assert len(checked.codes) == 37
    assert check(make(X), None, "continuous").adata.n_obs == 40


# Tidied


@given(hnp.arrays(np.float32, (20, 6), elements=st.sampled_from([0, 0, 0, 1, 7])))
@settings(max_examples=50, deadline=None)
def test_x_is_csr_if_mostly_zero_else_dense(X: np.ndarray) -> None:
    X[:, 0] = 4
    for given_x in (X, sparse.csr_matrix(X), sparse.csc_matrix(X), X.astype(np.float64)):
        found = check(make(given_x), None).adata.X
        assert found.dtype == np.float32
        assert sparse.issparse(found) == ((X == 0).sum() > X.size / 2)
        np.testing.assert_array_equal(found.toarray() if sparse.issparse(found) else found, X)


def test_the_input_is_not_changed() -> None:
    indices = np.tile(np.array([2, 0]), 30)  # unsorted, as in some 10x files
    X = sparse.csr_matrix(
        (np.full(60, 5, dtype=np.float32), indices, np.arange(0, 61, 2)), shape=(30, 9)
    )
    adata = make(X, ["a"] * 30)
    checked = check(adata, "type")
    assert list(adata.X.indices[:2]) == [2, 0]
    assert list(checked.adata.X.indices[:2]) == [0, 2]
    checked.adata.obs["new"] = 1
    assert "new" not in adata.obs


def test_notes_of_the_reader_are_passed_on() -> None:
    assert check(make(COUNTS, uns={NOTES: ["So it is."]}), None).notes == ("So it is.",)


# Labels


def test_a_label_is_coded() -> None:
    label = pd.Categorical(["b", "a"] * 20, categories=["b", "unused", "a"])
    checked = check(make(COUNTS, label), "type")
    assert checked.label_names == ("a", "b")
    assert checked.codes is not None
    assert list(checked.codes[:3]) == [1, 0, 1]
    assert checked.notes == ()
    assert check(make(COUNTS), None).codes is None


def test_missing_labels_are_minus_one() -> None:
    checked = check(make(COUNTS, ["a", "b", None, " "] * 10), "type")
    assert checked.codes is not None
    assert list(checked.codes[:4]) == [0, 1, -1, -1]
    assert checked.notes == ("20 cells without a label in 'type'.",)


def test_whole_float_labels_are_named_without_a_point() -> None:
    checked = check(make(COUNTS, [1.0, 2.0, np.nan, 2.0] * 10), "type")
    assert checked.label_names == ("1", "2")


def test_odd_labels_are_noted() -> None:
    assert "one class only, 'a'" in check(make(COUNTS, ["a"] * 40), "type").notes[0]
    notes = check(make(COUNTS, ["x", "y"] + ["a", "b"] * 19), "type").notes
    assert notes == ("2 classes of 'type' with one member: x, y.",)


@pytest.mark.parametrize(
    ("label", "says"),
    [
        (RNG.normal(size=40), "40 different values in 40 cells"),
        (np.minimum(np.arange(40), 30) / 7, "31 different values in 40 cells"),
        ([f"id{i}" for i in range(40)], "a name, not a class"),
        ([None] * 40, "no value in any cell"),
    ],
)
def test_a_label_that_is_no_class_is_refused(label: Any, says: str) -> None:
    assert says in refused(make(COUNTS, label), "type")


def test_an_unknown_label_is_refused_with_the_closest_first() -> None:
    adata = make(COUNTS)
    assert "nor any other" in refused(adata, "cell_typ")
    for column in [f"c{i}" for i in range(12)] + ["cell_type"]:
        adata.obs[column] = "a"
    sentence = refused(adata, "cell_typ")
    assert "choose one of cell_type, c0" in sentence
    assert sentence.endswith(", c6 and 5 more.")
