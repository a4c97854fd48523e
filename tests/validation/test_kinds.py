"""Values that are stated, as nothing tells them: believed unless they contradict it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import anndata
import numpy as np
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.inputs.cells import Cells
from omicsbench.inputs.source import own
from omicsbench.planning.inspection import inspected
from omicsbench.plugin import Values
from omicsbench.reading.own import OwnData
from omicsbench.stream import CellStream
from omicsbench.validation.check import check

CELLS, FEATURES = 60, 12
KINDS = ("composition", "genotypes", "cytometry", "mutations")


def fit(values: Values) -> np.ndarray:
    """Values of a kind, all different cells, (CELLS, FEATURES)."""
    rng = np.random.default_rng(0)
    shape = (CELLS, FEATURES)
    X = {
        "composition": rng.gamma(0.5, 1.0, shape),
        "genotypes": rng.binomial(2, 0.3, shape),
        "cytometry": rng.normal(50, 60, shape),
        "mutations": rng.binomial(1, 0.3, shape),
    }[values]
    return np.asarray(X, dtype=np.float32)


def spoilt(values: Values, value: float) -> np.ndarray:
    X = fit(values)
    X[7, 3] = value
    return X


MADE = pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix])


@MADE
@pytest.mark.parametrize("values", KINDS)
def test_what_is_stated_is_believed(values: Values, made: Callable[[Any], Any]) -> None:
    found = check(anndata.AnnData(made(fit(values))), None, values)
    assert found.values == values
    assert isinstance(found.adata.X, np.ndarray) or values in ("genotypes", "mutations")
    assert not found.notes


BAD: list[tuple[Values, float, str]] = [
    ("composition", -1, "lowest value is -1"),
    ("composition", np.nan, "NaN or infinite"),
    ("genotypes", -9, "lowest value is -9: if it stands for a missing one, impute it"),
    ("genotypes", 0.5, "fractions: round or impute them to 0, 1 and 2"),
    ("genotypes", 3, "highest value is 3: give numbers from 0 to 2"),
    ("genotypes", np.nan, "NaN or infinite"),
    ("cytometry", np.inf, "NaN or infinite"),
    ("mutations", -1, "lowest value is -1"),
    ("mutations", 0.5, "fractions: round or impute them to 0 and 1"),
    ("mutations", 2, "highest value is 2: give numbers from 0 to 1"),
]


@MADE
@pytest.mark.parametrize(("values", "value", "says"), BAD)
def test_what_contradicts_it_is_refused(
    values: Values, value: float, says: str, made: Callable[[Any], Any]
) -> None:
    with pytest.raises(DataError) as caught:
        check(anndata.AnnData(made(spoilt(values, value))), None, values)
    sentence = str(caught.value)
    assert says in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@MADE
@pytest.mark.parametrize("values", [None, *get_args(Values)])
def test_nothing_but_zeros_is_refused(values: Values | None, made: Callable[[Any], Any]) -> None:
    zeros = np.zeros((CELLS, FEATURES), dtype=np.float32)
    with pytest.raises(DataError, match=r"^Every value is zero: .*\.$"):
        check(anndata.AnnData(made(zeros)), None, values)


def streamed(values: Values, X: np.ndarray) -> list[Any]:
    """The blocks of a stream of these cells, as they are read."""
    names = tuple(f"f{j}" for j in range(FEATURES))
    stream = CellStream(X.shape, names, lambda: iter([sparse.csr_matrix(X)]))
    cells = Cells.streamed(stream, values, "mine")
    assert cells.stream is not None
    return list(cells.stream.blocks())


@pytest.mark.parametrize(
    ("values", "value", "says"),
    [
        ("genotypes", -9, "cannot be negative"),
        ("genotypes", 3, "genotypes end at 2, but 3"),
        ("genotypes", 0.5, "fractions"),
        ("mutations", 2, "mutations end at 1, but 2"),
        ("mutations", 0.5, "fractions"),
        ("cytometry", np.nan, "NaN"),
    ],
)
def test_blocks_are_refused_too(values: Values, value: float, says: str) -> None:
    assert len(streamed(values, fit(values))) == 1
    with pytest.raises(DataError, match=re.escape(says)):
        streamed(values, spoilt(values, value))


@pytest.mark.parametrize("values", ["composition", "proteins"])
def test_what_becomes_dense_is_not_streamed(values: Values) -> None:
    with pytest.raises(DataError, match=f"mine: {values} become dense.*return an AnnData"):
        streamed(values, fit("composition"))


@pytest.mark.parametrize(
    ("X", "option"),
    [
        (fit("genotypes"), "genotypes"),
        (fit("mutations"), "mutations"),
        (fit("composition") / fit("composition").sum(axis=1, keepdims=True), "composition"),
        (fit("composition") * 100 / fit("composition").sum(axis=1, keepdims=True), "composition"),
    ],
    ids=["0 to 2", "0 and 1", "shares", "per cents"],
)
def test_nothing_is_guessed_and_the_option_is_named(X: np.ndarray, option: str) -> None:
    with pytest.raises(DataError, match=f"--values {option}"):
        check(anndata.AnnData(X), None)


@pytest.mark.parametrize(
    ("values", "normalised", "scaled"),
    [
        ("composition", "centred log ratio of each sample", "features to unit variance"),
        ("genotypes", "as they are", "features by sqrt(2p(1 - p))"),
        ("cytometry", "arcsinh(x / 5)", "features to unit variance"),
        ("mutations", "as they are", "features as they are"),
    ],
)
def test_an_inspection_says_how_they_are_prepared(
    values: Values, normalised: str, scaled: str, tmp_path: Path
) -> None:
    anndata.AnnData(fit(values)).write_h5ad(tmp_path / "a.h5ad")
    found = inspected("a", lambda: own(OwnData(tmp_path / "a.h5ad", values=values)))
    told = {decision.about: decision for decision in found.decisions}
    assert told["normalised"].decided.startswith(normalised)
    assert told["scaled"].decided == scaled
    assert "variance" in told["selected"].why
