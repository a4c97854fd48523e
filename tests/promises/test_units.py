"""Sampling error over test cells, and the donors or batches that are its unit."""

from __future__ import annotations

from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omicsbench.errors import DataError
from omicsbench.metrics import Estimate
from omicsbench.metrics.structure import distance_spearman
from omicsbench.prepare.scored import GROUPS, units
from omicsbench.validation.check import check


@given(
    st.lists(st.floats(-5, 5), min_size=8, max_size=60),
    st.integers(1, 7),
    st.integers(0, 2**31),
)
def test_units_share_out_the_value(values: list[float], groups: int, seed: int) -> None:
    per_cell = np.array(values)
    per_cell[::5] = np.nan
    found = Estimate(float(np.nanmean(per_cell)), per_cell)
    of = np.random.default_rng(seed).permutation(np.arange(len(values)) % groups)
    parts = found.by_unit(of)
    assert parts is not None
    assert len(parts) == groups
    assert parts.mean() == pytest.approx(float(found), abs=1e-9)


def test_a_unit_each_is_the_plain_standard_error() -> None:
    found = Estimate.mean(np.random.default_rng(0).normal(size=200))
    parts = found.by_unit(np.arange(200))
    assert parts is not None
    assert parts.std(ddof=1) / 200**0.5 == pytest.approx(found.se)


def test_cells_alike_within_a_unit_have_a_larger_error() -> None:
    """20 donors of 50 cells, all variation between donors: the error is that of 20 numbers."""
    donors = np.repeat(np.arange(20), 50)
    own = np.random.default_rng(0).normal(size=20)
    found = Estimate.mean(own[donors])
    parts = found.by_unit(donors)
    assert parts is not None
    assert found.se is not None
    np.testing.assert_allclose(parts, own)
    assert parts.std(ddof=1) / 20**0.5 > 6 * found.se


def test_error_of_the_distance_correlation_is_that_of_fresh_cells() -> None:
    rng = np.random.default_rng(0)
    values, stated = [], []
    for _ in range(60):
        genes = rng.normal(size=(150, 8)) + 2 * rng.integers(0, 3, (150, 1))
        found = distance_spearman(genes, genes[:, :2] + rng.normal(size=(150, 2)))
        values.append(float(found))
        stated.append(found.se)  # type: ignore[attr-defined]
    assert np.mean(stated) == pytest.approx(np.std(values, ddof=1), rel=0.25)


def test_random_groups_are_even_and_donors_are_numbered() -> None:
    assert np.bincount(units(None, 310)).tolist() == [16] * 10 + [15] * (GROUPS - 10)
    assert units(None, 6).max() == 2
    codes = np.array([7, 7, 3, 9, 3, 1])
    assert units(codes, 5).tolist() == [1, 1, 0, 2, 0]


def cells(donor: list[object]) -> anndata.AnnData:
    counts = np.random.default_rng(0).poisson(1.0, (len(donor), 12)).astype(np.float32) + 1
    obs = pd.DataFrame({"donor": donor}, index=[f"c{i}" for i in range(len(donor))])
    return anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=[f"g{i}" for i in range(12)]))


@pytest.mark.parametrize(
    ("donor", "unit", "says"),
    [
        (["a"] * 30, "donor", "has 1 values"),
        ([f"d{i}" for i in range(30)], "donor", "has 30 values"),
        (["a"] * 15 + [None] * 15, "donor", "15 cells of no 'donor'"),
        (["a"] * 15 + ["b"] * 15, "patient", "no unit column 'patient'"),
    ],
)
def test_a_unit_that_cannot_be_one_is_refused(donor: list[object], unit: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        check(cells(donor), None, "counts", unit)


def test_a_donor_number_in_a_table_is_no_feature(tmp_path: Path) -> None:
    from omicsbench.reading.own import OwnData
    from omicsbench.reading.readers import read

    table = pd.DataFrame({"gene": range(6), "donor": [1, 1, 2, 2, 3, 3]})
    table.to_csv(tmp_path / "a.csv", index=False)
    found = read(OwnData(tmp_path / "a.csv", unit="donor"))
    assert list(found.var_names) == ["gene"]
    assert found.obs["donor"].tolist() == [1, 1, 2, 2, 3, 3]
    with pytest.raises(DataError, match="no unit column 'patient'"):
        read(OwnData(tmp_path / "a.csv", unit="patient"))


def test_donors_of_a_file_reach_the_records(tmp_path: Path) -> None:
    from omicsbench import run
    from omicsbench.reading.own import OwnData
    from omicsbench.records.store import read_records

    rng = np.random.default_rng(0)
    adata = cells([f"d{i}" for i in rng.integers(0, 6, 1_100)])
    adata.write_h5ad(tmp_path / "own.h5ad")
    run(
        "quick",
        data=OwnData(tmp_path / "own.h5ad", unit="donor", values="counts"),
        pipelines=["pca(3)"],
        sizes=[100],
        repeats=1,
        metrics=["knn_recall"],
        features=12,
        out=tmp_path / "out",
    )
    (record,) = read_records(tmp_path / "out")
    assert record.unit == "donor"
    parts = record.scores_by_unit["knn_recall"]
    assert len(parts) == 6
    assert np.mean(parts) == pytest.approx(record.scores["knn_recall"], rel=1e-4)
