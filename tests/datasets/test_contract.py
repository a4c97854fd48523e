"""Every data set that comes with the package keeps the contract, and its controls control."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import io
import pickle
import re
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from omicsbench import datasets
from omicsbench.contract.checks import check_dataset
from omicsbench.errors import DataError
from omicsbench.inputs import tenx
from omicsbench.inputs.fetch import downloads_folder, local_path
from omicsbench.inputs.validation import check
from omicsbench.plugin import DatasetInfo, Remote
from omicsbench.registry.discover import discover
from omicsbench.stream import CellStream

FOLDER = Path(datasets.__path__[0])
ALL = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
SHAPES = {
    "digits": (1797, 64),
    "khan_srbct": (83, 2308),
    "linear_control": (2000, 50),
    "nci60": (64, 6830),
    "nonlinear_control": (5000, 100),
    "pbmc68k": (700, 765),
    "scmark_immune": (2000, 3000),
}
SIMULATED = ["linear_control", "nonlinear_control"]
HEAVY = {
    "anndata",
    "h5py",
    "matplotlib",
    "pandas",
    "pooch",
    "requests",
    "scanpy",
    "scipy",
    "sklearn",
    "torch",
    "umap",
}
SMALL = 300  # cells of the stand-ins for files that are downloaded


def module(name: str) -> Any:
    return importlib.import_module(f"omicsbench.datasets.{name}")


def load(name: str, **parameters: Any) -> Any:
    return module(name).load(**parameters)


# Those of several modalities: test_multimodal_data.py, test_paired_loaders.py.
NAMES = [name for name in ALL if not module(name).load.info.modalities]
DOWNLOADED = [name for name in NAMES if module(name).load.info.remote]


def accept(path: Path) -> Path:
    """Record a file's sha256 beside it, as a user does who trusts a file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")
    return path


def write_clusters(path: Path, cluster_of: dict[str, str]) -> Path:
    """An archive such as 10x's, the clusters among other members."""
    table = "Barcode,Cluster\n" + "".join(f"{b},{c}\n" for b, c in cluster_of.items())
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (
            ("analysis/pca/projection.csv", "Barcode,PC-1\n"),
            ("analysis/clustering/kmeans_2_clusters/clusters.csv", "Barcode,Cluster\nx,99\n"),
            ("analysis/clustering/graphclust/clusters.csv", table),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


def write_zeisel(path: Path, cells: int = SMALL, genes: int = 40) -> np.ndarray:
    """The layout of expression_mRNA_17-Aug-2014.txt; returns the counts (cells, genes)."""
    counts = np.random.default_rng(0).poisson(0.7, (cells, genes))
    about = {
        name: [f"{name} {i % 4}" for i in range(cells)]
        for name in (
            "tissue",
            "group #",
            "total mRNA mol",
            "well",
            "sex",
            "age",
            "diameter",
            "cell_id",
            "level1class",
            "level2class",
        )
    }
    about["cell_id"] = [f"1772071015_C{i}" for i in range(cells)]
    lines = ["\t".join(["", name, *row]) for name, row in about.items()]
    lines.append("\t".join([""] * (cells + 2)))
    lines += ["\t".join([f"Gene{j}", "1", *map(str, counts[:, j])]) for j in range(genes)]
    path.write_text("\n".join(lines) + "\n")
    return counts


def pickled(content: Any) -> bytes:
    return gzip.compress(pickle.dumps(content))


@pytest.fixture
def downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_10x: Callable[..., Path]
) -> Path:
    """The downloads folder, with a small file of the same layout in place of each download."""
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path))
    folder = downloads_folder()
    for name in ("neurons_1m", "neurons_20k"):
        accept(write_10x(local_path(module(name).COUNTS), SMALL, 30))
    cluster_of = {f"{i:016d}-1": str(1 + i % 3 * 5) for i in reversed(range(SMALL))}
    write_clusters(local_path(module("neurons_1m").ANALYSIS), cluster_of)
    write_zeisel(local_path(module("zeisel").TABLE))
    rng = np.random.default_rng(0)
    kinds = np.array(["rods", "cones", "amacrine"] * (SMALL // 3), dtype=object)
    content = {"pca_50": rng.normal(size=(SMALL, 50)), "CellType1": kinds, "CellType2": kinds}
    made = pickled(content)
    stated = Remote(module("macosko_pcs").PICKLE.url, f"sha256:{hashlib.sha256(made).hexdigest()}")
    monkeypatch.setattr(module("macosko_pcs"), "PICKLE", stated)
    local_path(stated).write_bytes(made)
    return folder


def values(matrix: Any) -> np.ndarray:
    return matrix.data if sparse.issparse(matrix) else matrix


def test_every_file_is_a_data_set_of_its_own_name() -> None:
    assert set(SHAPES) <= set(NAMES)
    for name in NAMES:
        info = module(name).load.info
        assert isinstance(info, DatasetInfo)
        assert info.name == name


def in_memory(name: str) -> Any:
    """The data set as an AnnData, whichever of the two its loader gives."""
    loaded = load(name)
    label = module(name).load.info.label or "label"
    return loaded.to_adata(label) if isinstance(loaded, CellStream) else loaded


@pytest.mark.usefixtures("downloads")
@pytest.mark.parametrize("name", NAMES)
def test_a_data_set_keeps_the_contract(name: str) -> None:
    info = module(name).load.info
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
        assert not adata.obs[info.label].isna().any()
        assert len(checked.label_names) >= 2
        assert (adata.obs[info.label] == again.obs[info.label]).all()


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


def r2_of_pca(train: np.ndarray, test: np.ndarray, k: int = 10) -> float:
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
    return float(
        1
        - np.square((test - mean) - (test - mean) @ axes.T @ axes).sum()
        / np.square(test - test.mean(axis=0)).sum()
    )


def test_all_that_is_not_noise_in_the_linear_control_is_linear() -> None:
    adata = load("linear_control", n=4000)
    latent, noise = adata.obsm["latent"], 0.5**2
    clean = latent @ np.linalg.lstsq(latent, adata.X, rcond=None)[0]
    assert np.var(adata.X - clean) == pytest.approx(noise, rel=0.02)
    # PCA from other cells leaves hardly more than the noise outside its 10 dimensions.
    best = 1 - 40 * noise / adata.X.var(axis=0).sum()
    assert r2_of_pca(adata.X[:2000], adata.X[2000:]) == pytest.approx(best, abs=0.01)


def autoencoder_r2(train: np.ndarray, test: np.ndarray) -> float:
    from sklearn.neural_network import MLPRegressor

    network = MLPRegressor(
        hidden_layer_sizes=(128, 10, 128),
        activation="tanh",
        learning_rate_init=5e-3,
        batch_size=50,
        max_iter=max(20, 10_000 // len(train)),
        random_state=0,
    )
    found = network.fit(train, train).predict(test)
    return float(1 - np.square(found - test).sum() / np.square(test - test.mean(axis=0)).sum())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_in_the_nonlinear_control_an_autoencoder_overtakes_pca() -> None:
    X = load("nonlinear_control").X
    test = X[:1000]
    assert autoencoder_r2(X[1000:1050], test) < r2_of_pca(X[1000:1050], test) - 0.05
    assert autoencoder_r2(X[1000:3000], test) > r2_of_pca(X[1000:3000], test) + 0.05


# Data sets that are downloaded, on small files of the same layout


@pytest.mark.parametrize("name", DOWNLOADED)
def test_the_checks_skip_what_is_not_downloaded_and_pass_what_is(
    name: str, downloads: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    entry = discover().dataset(name)
    checks = list(check_dataset(entry))
    assert len(checks) == 3
    assert [c for c in checks if c.problem or c.skipped] == []
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "empty"))
    (check,) = check_dataset(entry)
    assert f"omicsbench fetch {name} downloads it" in (check.skipped or "")


def test_no_two_downloads_have_one_name() -> None:
    remotes = {remote for name in DOWNLOADED for remote in module(name).load.info.remote}
    assert len({remote.name for remote in remotes}) == len(remotes) == 5
    for remote in remotes:
        assert remote.url.startswith("https://")
        if remote.digest and remote.digest.startswith("md5"):
            assert "guess" in remote.note, "an unconfirmed checksum is said to be one"


@pytest.mark.usefixtures("downloads")
def test_neurons_come_as_a_stream_with_the_published_clusters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tenx, "BLOCK_ROWS", 128)
    stream = load("neurons_1m")
    assert isinstance(stream, CellStream)
    assert [block.shape[0] for block in stream.blocks()] == [128, 128, 44]
    assert stream.label_names == ("1", "6", "11"), "in the order of numbers, not of texts"
    assert stream.labels is not None
    codes = stream.labels()
    np.testing.assert_array_equal(codes, np.arange(SMALL) % 3, "matched by barcode, not by place")
    assert module("neurons_1m").load.info.provenance == "computed"
    assert load("neurons_20k").labels is None


def test_a_cell_in_no_cluster_has_no_label(downloads: Path) -> None:
    analysis = local_path(module("neurons_1m").ANALYSIS)
    analysis.with_name(f"{analysis.name}.sha256").unlink(missing_ok=True)
    write_clusters(analysis, {f"{i:016d}-1": str(i % 2) for i in range(SMALL + 9) if i != 5})
    codes = load("neurons_1m").labels()
    assert codes[5] == -1
    assert (np.delete(codes, 5) == np.delete(np.arange(SMALL) % 2, 5)).all()
    assert len(codes) == SMALL


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: write_clusters(path, {"AAAC-1": "1"}), "of other samples"),
        (lambda path: path.write_bytes(path.read_bytes()[:200]), "cannot be read"),
        (lambda path: path.write_bytes(b"no archive"), "cannot be read"),
        (lambda path: tarfile.open(path, "w:gz").close(), "holds no clustering/graphclust"),
    ],
)
def test_a_broken_archive_of_clusters_is_refused(
    downloads: Path, spoil: Callable[[Path], Any], says: str
) -> None:
    spoil(local_path(module("neurons_1m").ANALYSIS))
    with pytest.raises(DataError, match=says):
        load("neurons_1m").labels()


def test_zeisel_is_read_as_the_authors_wrote_it(downloads: Path) -> None:
    path = local_path(module("zeisel").TABLE)
    counts = write_zeisel(path)
    adata = load("zeisel")
    np.testing.assert_array_equal(adata.X.toarray(), counts)
    assert list(adata.var_names[:2]) == ["Gene0", "Gene1"]
    assert list(adata.obs_names[:2]) == ["1772071015_C0", "1772071015_C1"]
    assert list(adata.obs["level1class"][:2]) == ["level1class 0", "level1class 1"]
    assert "level2class" in adata.obs


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[: len(text) - 400], "Line 51"),
        (lambda text: text.replace("level1class", "level9class"), "not the table"),
        (lambda text: "", "not the table"),
        (lambda text: "<html>\n<body>gone</body>\n", "Line 1 "),
    ],
)
def test_a_broken_table_is_refused(downloads: Path, spoil: Callable[[str], str], says: str) -> None:
    path = local_path(module("zeisel").TABLE)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(DataError, match=says):
        load("zeisel")


class Harmful:
    """Pickles to a call that creates a file when read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_is_not_read_before_its_checksum_holds(downloads: Path, tmp_path: Path) -> None:
    stated = module("macosko_pcs").PICKLE
    local_path(stated).write_bytes(pickled(Harmful(tmp_path / "harm")))
    accept(local_path(stated))
    with pytest.raises(DataError, match="sha256"):
        load("macosko_pcs")
    assert not (tmp_path / "harm").exists()


def test_a_pickle_of_anything_but_arrays_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in (Harmful(tmp_path / "harm"), {"pca_50": np.zeros((3, 2))}, [1, 2]):
        (tmp_path / "a.pkl.gz").write_bytes(pickled(content))
        with pytest.raises(DataError, match="cannot be read"):
            module("macosko_pcs")._read(tmp_path / "a.pkl.gz")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("old", [False, True])
def test_arrays_pickled_by_any_numpy_are_read(tmp_path: Path, protocol: int, old: bool) -> None:
    kinds = np.array(["rods", "cones", "rods"], dtype=object)
    content = {"pca_50": np.arange(6.0).reshape(3, 2), "CellType1": kinds, "CellType2": kinds}
    made = pickle.dumps(content, protocol)
    if old and protocol < 4:  # with names by line; later protocols put their length before them
        made = made.replace(b"cnumpy._core.", b"cnumpy.core.")
    (tmp_path / "a.pkl.gz").write_bytes(gzip.compress(made))
    adata = module("macosko_pcs")._read(tmp_path / "a.pkl.gz")
    np.testing.assert_array_equal(adata.X, content["pca_50"])
    assert list(adata.obs["CellType2"]) == list(kinds)
