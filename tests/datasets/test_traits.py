"""The simulated traits: known heritability, nothing linear in pairs, nothing at all if permuted."""

from __future__ import annotations

import numpy as np
import pytest

from omicsbench.datasets import additive_trait, epistatic_trait


def standard(X: np.ndarray) -> np.ndarray:
    return (X - X.mean(axis=0)) / X.std(axis=0)


def fitted_r2(X: np.ndarray, y: np.ndarray) -> float:
    """Of least squares with an intercept, on the rows it was fitted to, less what chance gives."""
    A = np.column_stack([np.ones(len(X)), X])
    residual = y - A @ np.linalg.lstsq(A, y, rcond=None)[0]
    return float(1 - residual.var() / y.var() * (len(X) - 1) / (len(X) - A.shape[1]))


def test_additive_effects_explain_the_heritability() -> None:
    adata = additive_trait.load(n=3000, variants=60, heritability=0.5)
    assert set(np.unique(adata.X)) == {0, 1, 2}
    assert fitted_r2(adata.X, adata.obs["trait"].to_numpy()) == pytest.approx(0.5, abs=0.04)
    correlation = np.corrcoef(adata.obs["trait"], adata.obs["genetic"])[0, 1]
    assert correlation**2 == pytest.approx(0.5, abs=0.04)


def test_pairs_hide_from_single_variants() -> None:
    adata = epistatic_trait.load(n=3000, heritability=0.8)
    y, Z = adata.obs["trait"].to_numpy(), standard(adata.X.astype(np.float64))
    assert fitted_r2(adata.X, y) < 0.03
    assert fitted_r2(Z[:, :10] * Z[:, 10:20], y) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("made", [additive_trait, epistatic_trait])
def test_permuted_traits_have_nothing_to_do_with_the_genotypes(made: object) -> None:
    adata = made.load(n=2000, permuted=True)  # type: ignore[attr-defined]
    assert abs(np.corrcoef(adata.obs["trait"], adata.obs["genetic"])[0, 1]) < 0.08


@pytest.mark.parametrize("made", [additive_trait, epistatic_trait])
def test_what_cannot_be_is_refused(made: object) -> None:
    with pytest.raises(ValueError, match="give a share"):
        made.load(n=50, heritability=1.5)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="half of the variants"):
        epistatic_trait.load(n=50, variants=10, pairs=6)
