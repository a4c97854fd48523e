"""Values that are easily taken for counts, or for normalised ones, are told or asked for."""

from __future__ import annotations

import re

import anndata
import numpy as np
import pandas as pd
import pytest

from omicsbench.errors import DataError
from omicsbench.validation.check import check

CELLS, GENES = 120, 400


def counts() -> np.ndarray:
    """Counts of cells of three kinds and unlike depth, (CELLS, GENES) float64."""
    rng = np.random.default_rng(0)
    profiles = rng.gamma(0.4, 1.0, (3, GENES))
    profiles /= profiles.sum(axis=1, keepdims=True)
    depths = rng.lognormal(np.log(2_000), 0.5, CELLS)
    return rng.poisson(profiles[np.arange(CELLS) % 3] * depths[:, None]).astype(np.float64)


def totalled(X: np.ndarray, total: float) -> np.ndarray:
    return X / X.sum(axis=1, keepdims=True) * total


def outcome(X: np.ndarray, values: str | None = None) -> tuple[str, str]:
    """The values as they are taken, and what is said; "" and the sentence where they are asked."""
    n, p = X.shape
    obs = pd.DataFrame(index=[f"c{i}" for i in range(n)])
    var = pd.DataFrame(index=[f"g{j}" for j in range(p)])
    try:
        found = check(anndata.AnnData(X.astype(np.float32), obs, var), None, values)
    except DataError as error:
        return "", str(error)
    return found.values, " ".join(found.notes)


def asked(X: np.ndarray) -> str:
    """The sentence with which they are asked for; whatever it recommends is accepted."""
    taken, sentence = outcome(X)
    assert not taken
    for values in re.findall(r"--values (\w+)", sentence):
        assert outcome(X, values)[0] == values
    return sentence


@pytest.mark.parametrize("floor", [1, 5, 10])
def test_a_limit_of_detection_is_no_evidence_of_counts(floor: float) -> None:
    X = np.random.default_rng(0).lognormal(2, 1.5, (80, 40)).round(2)
    assert "--values continuous" in asked(np.maximum(X, floor))


def test_square_roots_are_no_counts() -> None:
    assert "--values continuous" in asked(np.sqrt(counts()) + np.sqrt(counts() + 1))


@pytest.mark.parametrize("total", [1e4, 1e6])
def test_whole_numbers_of_one_total_are_said(total: float) -> None:
    X = totalled(counts(), total).round()
    taken, note = outcome(X)
    assert taken == "counts"
    assert "each cell adds up to" in note
    assert "--values normalized" in note
    assert outcome(X, "normalized")[0] == "normalized"
    assert outcome(counts()) == ("counts", "")


def test_the_same_values_in_every_cell_are_asked_for() -> None:
    ranks = counts().argsort(axis=1).argsort(axis=1)
    assert "they are ranks" in asked(ranks)
    logged = np.log1p(totalled(counts(), 1e4))
    alike = np.sort(logged, axis=1).mean(axis=0)[ranks]
    assert "quantile normalisation" in asked(alike)


def test_presence_may_be_stated_as_such() -> None:
    assert "--values binary" in asked(counts() > 0)
    assert "binary" not in asked(counts().clip(0, 2))
