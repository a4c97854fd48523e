"""Small files of the layouts that data sets download."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import io
import pickle
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from omicsbench import datasets
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


def values(matrix: Any) -> np.ndarray:
    return matrix.data if sparse.issparse(matrix) else matrix


def in_memory(name: str) -> Any:
    """The data set as an AnnData, whichever of the two its loader gives."""
    loaded = load(name)
    label = module(name).load.info.label or "label"
    return loaded.to_adata(label) if isinstance(loaded, CellStream) else loaded


def r2_of_pca(train: np.ndarray, test: np.ndarray, k: int = 10) -> float:
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:k]
    return float(
        1
        - np.square((test - mean) - (test - mean) @ axes.T @ axes).sum()
        / np.square(test - test.mean(axis=0)).sum()
    )


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
