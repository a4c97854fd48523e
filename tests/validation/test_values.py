"""What values are is decided where it is certain, else asked for, naming what was seen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.plugin import Values
from omicsbench.validation.check import Checked, check

DATA = Path(__file__).parents[2] / "datasets" / "data"
LOGS = {"log": np.e, "log2": 2.0, "log10": 10.0}
CELLS, GENES = 120, 400
EXAMPLES = settings(max_examples=12, deadline=None)
SEEDS, ON = st.integers(0, 2**32 - 1), st.sampled_from
TOTALS = st.one_of(ON([1e4, 1e6]), st.floats(300, 50_000))


def counts(seed: int = 0, depth: float = 2_000) -> np.ndarray:
    """Counts of cells of three kinds and unlike depth, (CELLS, GENES) float64."""
    rng = np.random.default_rng(seed)
    profiles = rng.gamma(0.4, 1.0, (3, GENES))
    profiles /= profiles.sum(axis=1, keepdims=True)
    depths = rng.lognormal(np.log(depth), 0.5, CELLS)
    return rng.poisson(profiles[np.arange(CELLS) % 3] * depths[:, None]).astype(np.float64)


def totalled(X: np.ndarray, total: float = 1e4) -> np.ndarray:
    return X / X.sum(axis=1, keepdims=True) * total


def log(X: np.ndarray, base: float) -> np.ndarray:
    return np.log1p(X) / np.log(base)


def intensities(seed: int, samples: int = 50, probes: int = 300) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(7, 2, probes).clip(3, 14) + rng.normal(0, 0.5, (samples, probes))


def few_genes(X: np.ndarray) -> np.ndarray:
    """The most variable quarter, as files hold after selection."""
    return X[:, np.argsort(-X.var(axis=0))[: X.shape[1] // 4]]


def cells(X: Any, **more: Any) -> anndata.AnnData:
    n, p = X.shape
    obs = pd.DataFrame(index=[f"c{i}" for i in range(n)])
    return anndata.AnnData(
        X.astype(np.float32), obs, pd.DataFrame(index=[f"g{j}" for j in range(p)]), **more
    )


def checked(X: Any, values: str | None = None, **more: Any) -> Checked:
    found = check(cells(X, **more), None, values)
    (decided,) = (d for d in found.decisions if d.about == "values")
    assert decided.decided == found.values
    assert decided.why
    assert "--values" in decided.option
    return found


def dense(found: Checked) -> np.ndarray:
    return found.adata.X.toarray() if sparse.issparse(found.adata.X) else found.adata.X


def asked(X: Any, values: str | None = None, **more: Any) -> str:
    with pytest.raises(DataError) as caught:
        check(cells(X, **more), None, values)
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def outcome(adata: anndata.AnnData, values: str | None) -> tuple[str, str]:
    """The values as they are taken, or "" and the refusal."""
    try:
        return check(adata, None, values).values, ""
    except DataError as error:
        return "", str(error)


# Logarithms


@pytest.mark.parametrize("kind", LOGS)
@EXAMPLES
@given(seed=SEEDS, total=TOTALS, chosen=st.booleans(), made=ON([np.asarray, sparse.csc_matrix]))
def test_a_base_is_told_by_totals_or_by_whole_multiples(
    kind: str, seed: int, total: float, chosen: bool, made: Any
) -> None:
    X = log(totalled(counts(seed), total), LOGS[kind])
    found = checked(made(few_genes(X) if chosen else X))
    assert found.values == kind
    assert ("multiples" in found.decisions[0].why) == chosen
    assert not found.notes


@pytest.mark.parametrize("kind", LOGS)
def test_a_base_is_told_of_rounded_values_and_of_counts_without_totals(kind: str) -> None:
    assert checked(log(totalled(counts()), LOGS[kind]).round(3)).values == kind
    assert checked(log(counts(), LOGS[kind])).values == kind


@pytest.mark.parametrize("base", [None, 2, 2.0, 10, np.float64(2), np.e])
def test_the_base_that_scanpy_wrote_is_taken(base: Any) -> None:
    kind = {None: "log", np.e: "log", 2: "log2", 10: "log10"}[base]
    rng = np.random.default_rng(0)
    X = few_genes(log(totalled(counts() * rng.uniform(0.5, 1, (CELLS, GENES))), base or np.e))
    assert "--values log, log2 or log10" in asked(X), "nothing else tells"
    assert checked(X, uns={"log1p": {"base": base}}).values == kind


def test_another_base_is_brought_to_e() -> None:
    X = totalled(counts())
    found = checked(log(X, 3), uns={"log1p": {"base": 3.0}})
    assert found.values == "log"
    np.testing.assert_allclose(dense(found), np.log1p(X), rtol=1e-6)
    assert "no base" in asked(log(X, 3), uns={"log1p": {"base": "two"}})


@pytest.mark.parametrize(
    ("X", "says"),
    [
        (log(totalled(counts()), 2), ("base e", "2^x - 1", "--values log2", "--values log")),
        (totalled(counts()), ("adds up to 10,000", "--values normalized")),
        (counts() * 1.37, ("highest is", "--values normalized")),
    ],
)
def test_what_speaks_against_uns_is_asked_for(X: np.ndarray, says: tuple[str, ...]) -> None:
    sentence = asked(X, uns={"log1p": {"base": None}})
    assert all(part in sentence for part in says), sentence


def test_a_stated_base_that_is_another_is_refused() -> None:
    X = log(totalled(counts()), 2)
    assert "--values log2" in asked(X, "log")
    assert "--values log2" in asked(X, "normalized"), "no logarithm is taken twice"
    assert "base 2" in asked(few_genes(X), "log", uns={"log1p": {"base": 2}})
    assert checked(X, "log2").values == "log2"
    assert "normalized" in asked(totalled(counts()), "log10")


# Counts that are fractions


@EXAMPLES
@given(seed=SEEDS, share=st.floats(0.1, 0.6), decimals=ON([2, 3, 9]))
def test_partly_fractional_counts_are_normalised_as_counts(
    seed: int, share: float, decimals: int
) -> None:
    rng = np.random.default_rng(seed)
    X = counts(seed, depth=20_000)
    X = np.where(rng.random(X.shape) < share, X * rng.uniform(0.3, 1, X.shape), X).round(decimals)
    found = checked(X)
    assert found.values == "fractional"
    assert "whole" in found.notes[0]
    assert "--values fractional" in asked(X, "counts")


@EXAMPLES
@given(seed=SEEDS, low=st.floats(0, 0.9), depth=ON([150, 300, 20_000]))
def test_wholly_fractional_counts_are_asked_for_and_never_guessed(
    seed: int, low: float, depth: float
) -> None:
    rng = np.random.default_rng(seed)
    X = counts(seed, depth)
    X = X * rng.uniform(low, 1, X.shape)
    sentence = asked(X)
    assert "--values fractional" in sentence
    assert ("too large for logarithms" in sentence) == (X.max() >= 25)
    assert checked(X, "fractional").values == "fractional"


def test_counts_times_a_constant_are_no_logarithms() -> None:
    """Of which the few ratios that there are may be whole by chance."""
    X = counts(depth=120)
    wrong = [value for value in np.arange(0.5, 1, 0.01) if outcome(cells(X * value), None)[0]]
    assert wrong == []


def test_what_has_no_zeros_but_a_long_tail_is_asked_for() -> None:
    assert "--values continuous" in asked(np.random.default_rng(0).gamma(2, 2, (60, 200)))


def test_counts_with_one_column_of_fractions_are_refused_by_its_name() -> None:
    X = counts()
    X[:, 7] = np.random.default_rng(0).uniform(0, 0.2, CELLS)
    sentence = asked(X)
    assert "g7" in sentence
    assert "--exclude 'g7'" in sentence
    assert checked(np.delete(X, 7, axis=1)).values == "counts"


def test_whole_features_beside_fractions_may_be_anything() -> None:
    rng = np.random.default_rng(0)
    ages, masses = rng.integers(1, 90, (80, 15)), rng.lognormal(3, 0.5, (80, 15)).round(2)
    assert "--values continuous" in asked(np.hstack([ages, masses]))
    X = counts(depth=20_000)
    X[:, ::2] *= rng.uniform(0.5, 1, X[:, ::2].shape)
    assert "--values fractional" in asked(X)


def test_whole_measurements_at_one_decimal_are_no_estimated_counts() -> None:
    X = np.random.default_rng(0).lognormal(3, 1, (80, 60)).round(1)
    assert "--values continuous" in asked(X)


# Normalised, not logged


@EXAMPLES
@given(seed=SEEDS, total=TOTALS, chosen=st.booleans(), decimals=ON([2, 3, 9]))
def test_equal_sums_or_whole_multiples_show_that_no_logarithm_was_taken(
    seed: int, total: float, chosen: bool, decimals: int
) -> None:
    X = totalled(counts(seed), total)
    X = few_genes(X) if chosen else X.round(decimals)
    found = checked(X)
    assert found.values == "normalized"
    assert "log(1 + x) is taken" in found.notes[0]


def test_values_per_million_are_taken_per_ten_thousand() -> None:
    X = totalled(counts(), 1e6)
    for values in (None, "normalized"):
        found = checked(X, values)
        assert found.notes[-1].startswith("Each cell adds up to a million")
        np.testing.assert_allclose(dense(found), X / 100, rtol=1e-6)
    assert "million" not in " ".join(checked(totalled(counts()), "normalized").notes)


def test_nearly_equal_sums_are_told_where_it_is_asked() -> None:
    X = totalled(counts() / np.random.default_rng(0).uniform(0.3, 3, GENES), 1e6)
    mean = X.mean(axis=0)
    assert "nearly the same" in asked(X[:, mean > np.quantile(mean, 0.3)])


@pytest.mark.parametrize(("total", "what"), [(1, "shares"), (100, "per cents")])
def test_compositions_are_asked_for(total: float, what: str) -> None:
    sentence = asked(totalled(counts(), total))
    assert what in sentence
    assert "--values continuous" in sentence
    assert "--values normalized" in sentence


# Measurements


@EXAMPLES
@given(seed=SEEDS, decimals=ON([2, 3, 9]), quantiles=st.booleans())
def test_log_intensities_are_taken_as_the_arrays_of_the_registry(
    seed: int, decimals: int, quantiles: bool
) -> None:
    X = intensities(seed)
    if quantiles:
        X = np.sort(X, axis=1).mean(axis=0)[X.argsort(axis=1).argsort(axis=1)]
    found = checked(X.round(decimals))
    assert found.values == "continuous"
    assert "intensities" in found.notes[0]


def test_intensities_without_a_logarithm_are_asked_for() -> None:
    assert "--values continuous" in asked(2 ** intensities(0))


def test_scaled_values_are_named_as_leaking() -> None:
    logged = log(totalled(counts()), np.e)
    logged = logged[:, logged.std(axis=0) > 0]
    X = (logged - logged.mean(axis=0)) / logged.std(axis=0, ddof=1)
    for scaled in (X, X.clip(-10, 10)):
        adata = cells(scaled)
        assert "leak" in check(adata, None).notes[0]
        adata.layers["before"] = logged
        assert "--layer NAME takes another matrix (before)" in check(adata, None).notes[0]
        adata.raw = cells(logged)
        assert "--layer raw" in check(adata, None).notes[0]
    assert "leak" in checked(X[::2]).notes[0], "also where cells were left out since"
    assert "scaled" in asked(logged / logged.std(axis=0)), "without a mean taken off"


def test_values_after_a_correction_are_continuous_and_said() -> None:
    logged = log(totalled(counts()), np.e)
    adata = cells(logged - logged.mean(axis=0) * 0.7)
    (note,) = check(adata, None).notes
    assert "continuous" in note
    assert "batches" in note
    assert "raw" not in note
    adata.raw = cells(logged)
    assert "--layer raw" in check(adata, None).notes[0]
    clr = np.log1p(counts()[:, :30])
    (note,) = checked(clr - clr.mean(axis=1, keepdims=True)).notes
    assert "centred log ratios" in note


def test_whole_numbers_that_heap_up_at_the_highest_are_asked_for() -> None:
    from sklearn.datasets import load_digits

    grey = load_digits().data
    sentence = asked(grey)
    assert "grey levels" in sentence
    assert "--values continuous" in sentence
    assert checked(np.minimum(counts(depth=200), 16)).values == "counts", "counts thin out"


@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("value", [1.5, 0.5, -1.5, 4e4 + 0.5])
def test_a_file_that_is_next_to_empty_is_one_sentence_at_most(made: Any, value: float) -> None:
    X = np.zeros((3_000, 40))
    X[1_234, 5] = value
    if value < 0:
        assert checked(made(X)).values == "continuous"
    else:
        assert "--values continuous" in asked(made(X))


@settings(max_examples=60, deadline=None)
@given(
    seed=SEEDS,
    shape=st.tuples(st.integers(20, 40), st.integers(1, 30)),
    zeros=st.floats(0, 1),
    top=ON([0.3, 1, 2, 12, 30, 1e6]),
    values=ON([None, *get_args(Values)]),
    made=ON([np.asarray, np.asfortranarray, sparse.csr_matrix, sparse.csc_matrix]),
)
def test_whatever_is_given_is_checked_or_refused_in_one_sentence(
    seed: int, shape: tuple[int, int], zeros: float, top: float, values: Any, made: Any
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, top, shape) * (rng.random(shape) >= zeros)
    adata = cells(made(X), uns={"log1p": {"base": 2}} if seed % 3 == 0 else {})
    kind, sentence = outcome(adata, values)
    assert kind in ("", values) if values else True
    if not kind:
        assert sentence.endswith(".")
        assert "\n" not in sentence
    if not values:
        for named in set(re.findall(r"--values (\w+)", sentence)):
            taken, why = outcome(adata, named)
            assert taken == named or "cells left after" in why, "what is recommended is accepted"


# The registry's own


@pytest.mark.parametrize("name", ["scmark_immune", "khan_srbct", "nci60_expression"])
@pytest.mark.parametrize("suffix", [".h5ad", ".csv"])
def test_files_of_the_registry_are_told_as_they_are_declared(name: str, suffix: str) -> None:
    from omicsbench.registry.discover import discover

    declared = discover().dataset(name.removesuffix("_expression")).info
    adata = anndata.read_h5ad(DATA / f"{name}.h5ad")
    if suffix == ".csv":  # as numbers are written in text
        X = adata.X.toarray() if sparse.issparse(adata.X) else adata.X
        adata = cells(X.astype(np.float64).round(4))
    stated = check(adata, None, declared.values)
    told = check(adata, None)
    assert told.values == stated.values
    assert (told.adata.X != stated.adata.X).sum() == 0


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_per_cents_of_lipids_are_asked_for_with_the_declared_value() -> None:
    mudata = pytest.importorskip("mudata")
    lipids = mudata.read_h5mu(DATA / "nutrimouse.h5mu")["lipid"]
    with pytest.raises(DataError, match=r"adds up to 100.*--values continuous"):
        check(lipids, None)


def test_a_few_columns_that_are_negative_make_no_counts_continuous() -> None:
    rng = np.random.default_rng(0)
    X = rng.poisson(3, (60, 40)).astype(np.float32)
    X[:, 39] = rng.normal(0, 5, 60)
    adata = anndata.AnnData(X, var=pd.DataFrame(index=[f"G{i}" for i in range(39)] + ["PC1"]))
    with pytest.raises(DataError, match=r"1 feature fractions \(PC1\).*--values continuous"):
        check(adata, None)
