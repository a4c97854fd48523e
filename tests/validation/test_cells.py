"""Cells under other names with equal values are counted and said, unless chance makes them."""

from __future__ import annotations

from typing import Any

import anndata
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from omicsbench.validation.cells import of_copies
from omicsbench.validation.check import check

MADE = st.sampled_from([np.asarray, sparse.csr_matrix])


def told(X: Any) -> str:
    """The note, or nothing."""
    notes, decisions = of_copies(X, [f"c{i}" for i in range(X.shape[0])])
    assert len(notes) == len(decisions) <= 1
    return notes[0] if notes else ""


def counts(seed: int, n: int = 60, p: int = 80) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.poisson(rng.gamma(0.5, 1, p) * rng.lognormal(0.5, 0.5, (n, 1))).astype(np.float32)
    X[:, 0] += 1
    return X


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    copied=st.lists(st.integers(0, 59), max_size=6),
    made=MADE,
    kind=st.sampled_from(["counts", "logs", "continuous"]),
)
def test_copies_are_counted(seed: int, copied: list[int], made: Any, kind: str) -> None:
    X = counts(seed)
    if kind != "counts":
        X = np.log1p(X) if kind == "logs" else np.random.default_rng(seed).normal(size=X.shape)
    X = np.vstack([X, X[copied]]).astype(np.float32)
    note = told(made(X))
    if not copied:
        assert note == ""
    elif len(copied) == 1:
        assert note.startswith(
            f"1 cell has the values of another, such as 'c60' those of 'c{copied[0]}'"
        )
    else:
        assert note.startswith(f"{len(copied)} cells have the values of another")


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), p=st.integers(1, 12), made=MADE)
def test_equal_rows_of_few_binary_features_are_no_copies(seed: int, p: int, made: Any) -> None:
    X = np.random.default_rng(seed).integers(0, 2, (100, p)).astype(np.float32)
    assert told(made(X)) == ""


@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix])
def test_cells_that_hold_next_to_nothing_are_no_copies(made: Any) -> None:
    X = counts(0, n=200)
    X[100:] = 0
    X[100:150, 3] = 1  # equal by chance
    assert told(made(X)) == ""
    X[10] = X[20]
    assert told(made(X)).startswith("1 cell has")


def test_features_that_go_together_are_not_taken_for_chance() -> None:
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 2, (200, 6)).astype(np.float32)
    assert told(np.repeat(blocks, 2, axis=1)) == "", "six bits, each twice"


@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix])
def test_cells_that_hold_nothing_at_all_are_no_copies(made: Any) -> None:
    assert not told(made(np.zeros((9, 4), dtype=np.float32)))


def test_minus_zero_is_zero_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    X = counts(1)
    X[5] = X[4]
    X[5][X[5] == 0] = -0.0
    whole = told(X)
    assert whole.startswith("1 cell has")
    monkeypatch.setattr("omicsbench.validation.cells.BLOCK", 100)
    assert told(X) == told(sparse.csr_matrix(X)) == whole


def test_many_copies_are_all_counted_unless_chance_may_have_made_some() -> None:
    X = counts(2, n=250)
    assert told(np.vstack([X, X])).startswith("250 cells have")
    X[:100, 1:] = np.eye(100, X.shape[1] - 1) * 3  # equal by chance, as they hold next to nothing
    X[:100, 0] = 0
    assert told(np.vstack([X, X])).startswith("At least ")


def test_a_check_says_it_and_decides_nothing() -> None:
    X = counts(3)
    X[9] = X[7]
    checked = check(anndata.AnnData(sparse.csr_matrix(X)), None)
    assert checked.adata.n_obs == 60
    (note,) = checked.notes
    assert "'9' those of '7'" in note
    (decision,) = (d for d in checked.decisions if d.about == "cells")
    assert decision.decided == "1 copy of other cells kept"
