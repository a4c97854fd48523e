"""Every data set that comes with the package keeps the contract, and its controls control."""

from __future__ import annotations

import hashlib
import importlib
import re
import subprocess
import sys

import numpy as np
import pytest

from downloads import (
    ALL,
    FOLDER,
    HEAVY,
    NAMES,
    SHAPES,
    SIMULATED,
    autoencoder_r2,
    in_memory,
    load,
    module,
    r2_of_pca,
    values,
)
from omicsbench.plugin import DatasetInfo
from omicsbench.validation.check import check

SOME_UNLABELLED = {"g1k_phase1"}


def test_every_file_is_a_data_set_of_its_own_name() -> None:
    assert set(SHAPES) <= set(NAMES)
    for name in NAMES:
        info = module(name).load.info
        assert isinstance(info, DatasetInfo)
        assert info.name == name


@pytest.mark.usefixtures("downloads")
@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_keeps_the_contract(name: str) -> None:
    info = module(name).load.info
    for library in info.needs:
        pytest.importorskip(library)
    adata = in_memory(name)
    if name in SHAPES:
        assert adata.shape == SHAPES[name]
        assert f"{adata.n_obs:,}" in info.summary or info.kind == "simulated"
    assert adata.X.dtype == np.float32
    assert isinstance(adata.X, np.ndarray) or adata.X.format == "csr"
    assert np.isfinite(values(adata.X)).all()
    assert adata.obs_names.is_unique
    assert adata.var_names.is_unique
    assert info.source.startswith("https://")
    assert info.summary.endswith(".")
    assert info.licence
    for file in info.files:
        assert (FOLDER / "data" / file).is_file()
    checked = check(adata, info.label, info.values)
    assert checked.values == info.values
    again = in_memory(name)
    assert abs(adata.X - again.X).sum() == 0, "a data set is the same at every load"
    if info.label is not None:
        assert info.label in adata.obs
        assert name in SOME_UNLABELLED or not adata.obs[info.label].isna().any()
        assert len(checked.label_names) >= 2
        assert adata.obs[info.label].equals(again.obs[info.label])


def test_listing_data_sets_imports_no_heavy_library() -> None:
    code = (
        "import importlib, sys\n"
        f"for name in {ALL}: importlib.import_module('omicsbench.datasets.' + name)\n"
        f"print(*sorted({HEAVY} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_files_shipped_are_those_described_and_used() -> None:
    text = (FOLDER / "data" / "README.md").read_text(encoding="utf-8")
    stated = {name: digest for digest, name in re.findall(r"^([0-9a-f]{64})  (\S+)$", text, re.M)}
    shipped = {path.name: path for path in (FOLDER / "data").glob("*.h5*")}
    used = {
        file
        for name in ALL
        for file in importlib.import_module(f"omicsbench.datasets.{name}").load.info.files
    }
    assert stated.keys() == shipped.keys() == used
    for name, path in shipped.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == stated[name]


def test_scmark_holds_raw_counts() -> None:
    adata = load("scmark_immune")
    assert (adata.X.data == np.round(adata.X.data)).all()
    assert adata.X.data.min() >= 1
    assert check(adata, "cell_type").values == "counts"
    assert adata.obs["cell_type"].value_counts().to_dict() == {
        "T_cells_CD4+": 734,
        "T_cells_CD8+": 720,
        "Macrophages": 546,
    }


def test_pbmc68k_holds_logarithms_of_normalised_counts() -> None:
    adata = load("pbmc68k")
    assert check(adata, "bulk_labels").values == "log"
    for row in adata.X[:20]:  # back from log1p, a cell's values are multiples of its smallest
        normalised = np.expm1(row.data.astype(float))
        multiples = normalised / normalised.min()
        small = multiples[multiples < 10]
        assert np.abs(small - np.round(small)).max() < 0.05


@pytest.mark.parametrize("name", SIMULATED)
def test_simulated_data_depend_on_n_and_seed_only(name: str) -> None:
    first, again, other = load(name, n=70), load(name, n=70), load(name, n=70, seed=1)
    assert first.n_obs == 70
    assert np.array_equal(first.X, again.X)
    assert np.array_equal(first.obsm["latent"], again.obsm["latent"])
    assert not np.array_equal(first.X, other.X)
    signs = np.where(first.obsm["latent"][:, :2] > 0, "+", "-")
    assert list(first.obs["quadrant"]) == ["".join(pair) for pair in signs]


def test_all_that_is_not_noise_in_the_linear_control_is_linear() -> None:
    adata = load("linear_control", n=4000)
    latent, noise = adata.obsm["latent"], 0.5**2
    clean = latent @ np.linalg.lstsq(latent, adata.X, rcond=None)[0]
    assert np.var(adata.X - clean) == pytest.approx(noise, rel=0.02)
    # PCA from other cells leaves hardly more than the noise outside its 10 dimensions.
    best = 1 - 40 * noise / adata.X.var(axis=0).sum()
    assert r2_of_pca(adata.X[:2000], adata.X[2000:]) == pytest.approx(best, abs=0.01)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_in_the_nonlinear_control_an_autoencoder_overtakes_pca() -> None:
    X = load("nonlinear_control").X
    test = X[:1000]
    assert autoencoder_r2(X[1000:1050], test) < r2_of_pca(X[1000:1050], test) - 0.05
    assert autoencoder_r2(X[1000:3000], test) > r2_of_pca(X[1000:3000], test) + 0.05
