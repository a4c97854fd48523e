"""From a data set to what methods are given: normalised, genes selected, split, on disk.

Normalisation is per cell; genes are selected on the training pool: no step sees a test
row. The result is a folder of memory-mapped ``.npy`` arrays, written beside and renamed
when whole, named by the hash of everything it was made from.
"""

from __future__ import annotations

import contextlib
import errno
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from omicsbench import split as splitting
from omicsbench.environment import cache_folder
from omicsbench.errors import DataError, StoreError
from omicsbench.plugin import Values
from omicsbench.spec import digest

if TYPE_CHECKING:
    from omicsbench.sources import Source

PREPARE_VERSION = 1  # raise it when prepared values change
TARGET_SUM = 1e4
CLIP = 10.0  # standard deviations from the mean, as scanpy's max_value
Matrix = Any  # CSR or dense, float32


@dataclass(frozen=True)
class Prepared:
    """A prepared split on disk: (cells, features) float32 plus row numbers and labels."""

    folder: Path

    @cached_property
    def meta(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "meta.json").read_text(encoding="utf-8")))

    def _array(self, name: str) -> NDArray[Any]:
        return np.load(self.folder / f"{name}.npy", mmap_mode="r")  # type: ignore[no-any-return]

    @cached_property
    def X(self) -> Matrix:
        """All cells x selected features, log-normalised but unscaled, memory-mapped."""
        if not self.meta["sparse"]:
            return self._array("X")
        from scipy.sparse import csr_matrix

        parts = (self._array("data"), self._array("indices"), self._array("indptr"))
        return csr_matrix(parts, shape=tuple(self.meta["shape"]), copy=False)

    @cached_property
    def split(self) -> splitting.Split:
        return splitting.Split(*(self._array(part) for part in ("train", "validation", "test")))

    @cached_property
    def labels(self) -> NDArray[np.int32] | None:
        """Label code of every cell, -1 where missing; None without labels."""
        return self._array("labels") if self.meta["info"]["label_names"] else None

    def scaler(self) -> Scaler:
        """The fixed space in which every size is scored: scaled by the training pool."""
        return Scaler(self._array("sd"), self._array("mean"), bool(self.meta["scale"]))


@dataclass(frozen=True)
class Scaler:
    """Unit variance, clipped at 10 standard deviations from the mean; zeros stay zeros.

    Nothing is centred: a sparse matrix stays sparse, and methods centre for themselves.
    """

    sd: NDArray[np.float32]
    mean: NDArray[np.float32]
    on: bool = True

    @classmethod
    def fit(cls, X: Matrix, on: bool = True) -> Scaler:
        """Learn from ``X`` (n, p). A feature without variance is left as it is."""
        mean, sd = _moments(X)
        return cls(sd, mean, on)

    def transform(self, X: Matrix) -> Matrix:
        """A scaled copy of ``X`` (n, p), CSR or dense as given."""
        if not self.on:
            return X.copy()
        high = self.mean / self.sd + CLIP
        if not isinstance(X, np.ndarray):
            X = X.copy()
            X.data /= self.sd[X.indices]
            np.minimum(X.data, high[X.indices], out=X.data)
            return X
        return np.clip(X / self.sd, self.mean / self.sd - CLIP, high)

    def inverse(self, X: NDArray[np.float32]) -> NDArray[np.float32]:
        return X * self.sd if self.on else X


def _moments(X: Matrix) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each column (1 where there is no variance)."""
    if isinstance(X, np.ndarray):
        mean, variance = X.mean(axis=0, dtype=np.float64), X.var(axis=0, dtype=np.float64)
    else:
        from sklearn.utils.sparsefuncs import mean_variance_axis

        mean, variance = mean_variance_axis(X, axis=0)
    sd = np.sqrt(variance)
    # A constant column has a variance of rounding errors, not of zero.
    sd[sd <= 1e-6 * np.maximum(np.abs(mean), 1e-6)] = 1.0
    return mean.astype(np.float32), sd.astype(np.float32)


def prepare(
    source: Source, repeats: Sequence[int], *, seed: int, features: int, per_size: bool
) -> dict[int, Prepared]:
    """Prepared split of each repeat, made where the cache does not hold it yet.

    A hold-out has one split for all repeats. With ``per_size`` all features are kept:
    the selection happens on the n rows of each run.
    Raises DataError if the data cannot be used.
    """
    made: dict[int, Prepared] = {}
    cohort: bool | None = None
    for repeat in repeats:
        if cohort is False:
            made[repeat] = made[repeats[0]]
            continue
        key = [PREPARE_VERSION, source.identity, seed, features, per_size]
        single = cache_folder() / "prepared" / f"{source.slug}-{digest(key)}"
        folder = single if _whole(single) else single.with_name(f"{single.name}-{repeat}")
        if not _whole(folder):
            cohort = splitting.kind(source.checked.adata.n_obs) == "kfold"
            folder = folder if cohort else single
            _make(folder, source, repeat, seed, features, per_size)
        cohort = folder is not single
        made[repeat] = Prepared(folder)
    return made


def _whole(folder: Path) -> bool:
    """Whether the folder is there and can be read; a damaged one is removed, to be made again."""
    if not (folder / "meta.json").is_file():
        return False
    try:
        prepared = Prepared(folder)
        _ = prepared.meta, prepared.X, prepared.split, prepared.labels, prepared.scaler()
    except (OSError, ValueError, EOFError, KeyError):
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return True


def _make(
    folder: Path, source: Source, repeat: int, seed: int, features: int, per_size: bool
) -> None:
    start = time.perf_counter()
    checked = source.checked
    codes = checked.codes if checked.label_names else None
    X = normalize(checked.adata.X, checked.values)
    parts = splitting.split(codes, X.shape[0], repeat, seed)
    pool = X[np.sort(np.concatenate([parts.train, parts.validation]))]
    kept = usable(pool) if per_size else select(pool, checked.values, features)
    X, pool = X[:, kept], pool[:, kept]
    mean, sd = _moments(pool)
    sparse = not isinstance(X, np.ndarray)
    arrays: dict[str, Any] = {
        "train": parts.train, "validation": parts.validation, "test": parts.test,
        "mean": mean, "sd": sd, "features": kept,
    }  # fmt: skip
    if sparse:
        X.sort_indices()
        arrays |= {"data": X.data, "indices": X.indices, "indptr": X.indptr}
    else:
        arrays["X"] = X
    if codes is not None:
        arrays["labels"] = codes
    meta = {
        "id": digest([PREPARE_VERSION, source.identity, seed, features, per_size]),
        "shape": list(X.shape),
        "sparse": sparse,
        "scale": source.scale,
        "nonnegative": bool((X.data if sparse else X).min(initial=0) >= 0),
        "split": splitting.kind(X.shape[0]),
        "info": {
            **source.describe,
            "values": checked.values,
            "n_cells": int(X.shape[0]),
            "n_features": int(checked.adata.n_vars),
            "n_selected": len(kept),
            "label_names": list(checked.label_names),
            "notes": list(checked.notes),
        },
        "dataset_prepare_s": time.perf_counter() - start,
    }
    try:
        _write(folder, arrays, json.dumps(meta))
    except OSError as error:  # numpy tells of a full disk without saying so
        raise StoreError(
            f"Cannot write prepared data to {folder.parent}: "
            f"{error.strerror or 'is the disk full'}? Free some space or set OMICSBENCH_CACHE to "
            "another folder. Finished runs are kept."
        ) from error


def _write(folder: Path, arrays: dict[str, Any], meta: str) -> None:
    """Write the folder beside its place and rename it when whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for stale in folder.parent.glob(f".{folder.name}-*"):
        if time.time() - stale.stat().st_mtime > 86_400:
            shutil.rmtree(stale, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)
        (temporary / "meta.json").write_text(meta, encoding="utf-8")
        # A loser of the race finds the winner's folder, which holds the same.
        with contextlib.suppress(FileExistsError):
            temporary.rename(folder)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:  # the other word for the same race
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def normalize(X: Matrix, values: Values) -> Matrix:
    """Counts to log(1 + counts per 10,000), per cell; other values unchanged. float32 copy."""
    X = X.astype(np.float32)
    if values != "counts":
        return X
    totals = np.asarray(X.sum(axis=1), dtype=np.float64).ravel()
    factor = (TARGET_SUM / totals).astype(np.float32)
    if isinstance(X, np.ndarray):
        return np.log1p(X * factor[:, None])
    X.data *= np.repeat(factor, np.diff(X.indptr))
    np.log1p(X.data, out=X.data)
    return X


def usable(pool: Matrix) -> NDArray[np.int64]:
    """Features that vary within the training pool."""
    if isinstance(pool, np.ndarray):
        varies = np.ptp(pool, axis=0) > 0
    else:
        varies = np.ravel((pool.max(axis=0) - pool.min(axis=0)).toarray()) > 0
    kept = np.flatnonzero(varies)
    if kept.size == 0:
        raise DataError("No feature varies between the training cells; check the file's values.")
    return kept


def select(rows: Matrix, values: Values, features: int) -> NDArray[np.int64]:
    """Column numbers of the ``features`` most variable features of ``rows`` (n, p), sorted.

    Log-normalised data: dispersion normalised for the mean (scanpy's ``seurat`` flavour,
    10.1038/nbt.3192); continuous data: variance.
    """
    kept = usable(rows)
    if kept.size <= features:
        return kept
    if values == "continuous":
        score = _moments(rows[:, kept])[1]
    else:
        import warnings

        import pandas as pd
        import scanpy as sc
        from anndata import AnnData

        names = pd.DataFrame(index=kept.astype(str))
        adata = AnnData(rows[:, kept], var=names, uns={"log1p": {"base": None}})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scanpy's notes on pandas and on few cells
            table = sc.pp.highly_variable_genes(
                adata, flavor="seurat", n_top_genes=features, inplace=False
            )
        score = table["dispersions_norm"].fillna(-np.inf).to_numpy()
    top = np.argsort(-score, kind="stable")[:features]
    return np.sort(kept[top])
