"""The simulated atlas looks like the real counts it is fitted to, and its truth is known."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pytest
from scipy.stats import ks_2samp

from omicsbench.datasets import _atlas, simulated_atlas
from omicsbench.errors import DataError
from omicsbench.inputs.source import registered
from omicsbench.registry.discover import discover

DATA = Path(simulated_atlas.__file__).parent / "data" / simulated_atlas.REAL
SETTINGS = (2_000, 0.3, 0)


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    """The real counts (2000, 2000) of the genes that the atlas drew."""
    chosen = np.random.default_rng([0, 0]).choice(3_000, 2_000, replace=False)
    return anndata.read_h5ad(DATA).X[:, chosen].toarray().astype(float)


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """4,000 simulated cells."""
    return simulated_atlas.load(4_000).to_adata().X.toarray().astype(float)


def test_library_sizes_are_distributed_as_in_the_real_data(
    real: np.ndarray, drawn: np.ndarray
) -> None:
    assert ks_2samp(real.sum(axis=1), drawn.sum(axis=1)).statistic < 0.04


def test_zeros_are_as_frequent_as_in_the_real_data(real: np.ndarray, drawn: np.ndarray) -> None:
    zeros = [(X == 0).mean(axis=0) for X in (real, drawn)]
    assert abs(zeros[0].mean() - zeros[1].mean()) < 0.02
    assert np.abs(zeros[0] - zeros[1]).mean() < 0.03
    assert np.corrcoef(*zeros)[0, 1] > 0.97
    cells = [(X == 0).mean(axis=1) for X in (real, drawn)]
    assert ks_2samp(*cells).statistic < 0.1


def test_variance_follows_the_mean_as_in_the_real_data(real: np.ndarray, drawn: np.ndarray) -> None:
    """Of counts per library: like means, and for most genes a variance within a factor of two."""
    scaled = [X / X.sum(axis=1, keepdims=True) * 2_000 for X in (real, drawn)]
    mean = [np.log2(Y.mean(axis=0) + 1e-3) for Y in scaled]
    assert np.median(np.abs(mean[0] - mean[1])) < 0.15
    ratio = np.log2(scaled[1].var(axis=0) + 1e-6) - np.log2(scaled[0].var(axis=0) + 1e-6)
    assert abs(np.median(ratio)) < 0.5
    assert (np.abs(ratio) < 1).mean() > 0.8


def test_the_same_cells_whatever_the_blocks_and_the_number() -> None:
    whole = simulated_atlas.load(3_000).to_adata()
    fewer = simulated_atlas.load(1_300).to_adata()
    assert (whole.X[:1_300] != fewer.X).nnz == 0
    np.testing.assert_array_equal(whole.obsm["latent"][:1_300], fewer.obsm["latent"])
    assert (whole.obs["label"][:1_300] == fewer.obs["label"]).all()
    start = 0
    for block in simulated_atlas.blocks(SETTINGS, 3_000, rows=700):
        assert (block != whole.X[start : start + 700]).nnz == 0
        start += block.shape[0]
    assert start == 3_000
    other = simulated_atlas.load(500, seed=1).to_adata()
    assert (whole.X[:500] != other.X).nnz > 0


def test_types_are_a_hierarchy_of_thirty_with_rare_ones() -> None:
    atlas = simulated_atlas._atlas(*SETTINGS)
    assert len(atlas.frequency) == 30
    assert atlas.frequency.sum() == pytest.approx(1)
    assert (atlas.frequency < 0.001).sum() >= 3
    assert atlas.frequency.max() > 0.1
    gaps = np.linalg.norm(atlas.centres[:, None] - atlas.centres[None], axis=2)
    lineage = np.arange(30) % _atlas.LINEAGES
    same = (lineage[:, None] == lineage) & ~np.eye(30, dtype=bool)
    assert gaps[same].mean() < 0.7 * gaps[lineage[:, None] != lineage].mean()
    kinds, _ = simulated_atlas._truth(SETTINGS, 40_000)
    observed = np.bincount(kinds, minlength=30) / 40_000
    still = atlas.ends < 0  # types that no trajectory leaves, nor reaches
    still[atlas.ends[atlas.ends >= 0]] = False
    np.testing.assert_allclose(observed[still], atlas.frequency[still], atol=0.006)


def test_trajectories_fill_the_space_between_two_types() -> None:
    atlas = simulated_atlas._atlas(*SETTINGS)
    kinds, Z = simulated_atlas._truth(SETTINGS, 40_000)
    start = int(np.argmax(np.where(atlas.ends >= 0, atlas.frequency, 0)))
    a, b = atlas.centres[start], atlas.centres[atlas.ends[start]]
    both = np.isin(kinds, [start, atlas.ends[start]])
    along = (Z[both] - a) @ (b - a) / ((b - a) @ (b - a))
    counts, _ = np.histogram(along, np.linspace(0.2, 0.8, 7))
    assert counts.min() > 20, "no gap on the way"


@pytest.mark.parametrize(("nonlinear", "low", "high"), [(0.0, 0.97, 1.0), (1.0, -0.1, 0.7)])
def test_the_share_of_programs_that_bend_is_tunable(
    nonlinear: float, low: float, high: float
) -> None:
    """How much of the genes' log expression a linear map of the true coordinates explains."""
    atlas = simulated_atlas._atlas(200, nonlinear, 0)
    _, Z = atlas.truth(0)
    log = (atlas.programs(Z) - atlas.shift) @ atlas.follows
    design = np.column_stack([Z, np.ones(len(Z))])
    fitted = design @ np.linalg.lstsq(design, log, rcond=None)[0]
    r2 = 1 - (log - fitted).var(axis=0).sum() / log.var(axis=0).sum()
    assert low <= r2 <= high


def test_counts_are_negative_binomial() -> None:
    """The inversion sampler against scipy's distribution, for means small and large."""
    from scipy.stats import nbinom

    from omicsbench.datasets import _counts

    rng = np.random.default_rng(0)
    mean = np.array([0.02, 0.5, 3.0, 20.0], dtype=np.float32)
    r = np.array([0.3, 1.0, 2.0, 5.0], dtype=np.float32)
    mu = np.broadcast_to(mean, (40_000, 4))
    none = np.exp(-r * np.log1p(mu / r)).astype(np.float32)
    u = rng.random(mu.shape, dtype=np.float32)
    data, indices, indptr = _counts.sample(u, none, mu, r, np.full(mu.shape, -1, dtype=np.int32))
    assert indptr[-1] == data.size == indices.size
    for j in range(4):
        found = np.bincount(data[indices == j], minlength=1)
        found[0] = 40_000 - found[1:].sum()
        expected = nbinom(r[j], r[j] / (r[j] + mean[j])).pmf(np.arange(found.size))
        assert np.abs(found / 40_000 - expected).max() < 0.01


@pytest.mark.parametrize("text", ["n=6000000", "n=0", "nonlinear=2.0", "genes=3"])
def test_unusable_settings_are_refused_in_words(text: str) -> None:
    with pytest.raises(DataError, match="give up to 5,500,000 cells"):
        _ = registered(f"simulated_atlas({text})", discover()).cells
