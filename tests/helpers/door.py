"""Small inputs that are easily read wrongly: values of known make, written in odd ways."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

N, P = 90, 60
KINDS = np.arange(N) % 3
CELL_NAMES = [f"cell{i:03d}" for i in range(N)]
GENES = [f"GENE{j}" for j in range(P)]
LABEL = "cell_type"


def counts(seed: int = 0) -> np.ndarray:
    """(cells, genes) counts of three types, cells of different depth."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(1.5, 4.0, (3, P))[KINDS] * rng.gamma(4.0, 0.25, (N, 1))
    return rng.poisson(rates + 0.05)


def logged(base: float = np.e) -> np.ndarray:
    """Logarithms of counts per 10,000."""
    found = counts()
    return np.log1p(1e4 * found / found.sum(axis=1, keepdims=True)) / np.log(base)


def table(values: Any = None, **more: Any) -> pd.DataFrame:
    """One cell a row, the label last; ``more`` are columns behind it."""
    made = pd.DataFrame(counts() if values is None else values, index=CELL_NAMES, columns=GENES)
    return made.assign(cell_type=[f"T{kind}" for kind in KINDS], **more)


def h5ad(path: Path, values: Any, **more: Any) -> None:
    made = anndata.AnnData(
        np.asarray(values, dtype=np.float32),
        table()[[LABEL]],
        pd.DataFrame(index=[f"G{j}" for j in range(P)]),
    )
    for name, value in more.items():
        setattr(made, name, value)
    made.write_h5ad(path)


def numeric_id(path: Path) -> None:
    made = table().rename(columns={LABEL: "diagnosis"})
    made.insert(0, "sample_id", np.arange(1001, 1001 + N))
    made.to_csv(path, index=False)


def cluster_number(path: Path) -> None:
    noise = np.random.default_rng(1).poisson(3.0, (N, P))
    table(noise, leiden=(KINDS + (np.arange(N) % 7 == 0)) % 3).to_csv(path)


def fraction_beside_counts(path: Path) -> None:
    table(percent_mito=np.random.default_rng(2).uniform(0, 0.2, N).round(4)).to_csv(path)


def genes_in_rows(path: Path) -> None:
    made = pd.DataFrame(
        counts().T,
        index=[f"ENSG{j:011d}" for j in range(P)],
        columns=[f"AAACCTGAGAAACC{i:02d}-1" for i in range(N)],
    )
    made.to_csv(path)


def corrected_counts(path: Path) -> None:
    found = np.random.default_rng(3).binomial(counts(4), 0.25)
    h5ad(
        path, np.maximum(0, found - np.random.default_rng(3).uniform(0, 0.4, found.shape)).round(2)
    )


def estimated_counts(path: Path) -> None:
    rng = np.random.default_rng(4)
    shares = rng.choice([0.0, 0.25, 0.33, 0.5], counts().shape)
    table(counts() * 8 + shares).to_csv(path)


def normalized_only(path: Path) -> None:
    found = counts()
    h5ad(path, 54 * found / found.sum(axis=1, keepdims=True))


def base_two(path: Path) -> None:
    h5ad(path, logged(2.0), uns={"log1p": {"base": 2.0}})


def as_scanpy_logs(path: Path) -> None:
    """``sc.pp.log1p`` notes a base of None, which is stored as a dataset without a size."""
    h5ad(path, logged(), uns={"log1p": {"base": None}})


def array_intensities(path: Path) -> None:
    rng = np.random.default_rng(5)
    level = rng.uniform(3, 13, 150)
    found = level + rng.normal(0, 0.5, (N, 150)) + rng.normal(0, 1.5, (3, 150))[KINDS]
    found = np.sort(found, axis=1)[0][found.argsort(axis=1).argsort(axis=1)]  # as RMA leaves them
    made = pd.DataFrame(
        found.clip(2.5, 14.9).round(3),
        index=[f"GSM{i:06d}" for i in range(N)],
        columns=[f"{200000 + j}_at" for j in range(150)],
    )
    made.assign(diagnosis=[f"D{kind}" for kind in KINDS]).to_csv(path)


def truth_values(path: Path) -> None:
    made = table()
    for gene in GENES[:2]:
        made[gene] = made[gene] > 3
    made.to_csv(path)


def decimals(path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = table().reset_index(names="cell")
    kinds = {gene: pa.decimal128(9, 2) for gene in GENES}
    made[GENES] = made[GENES].map(Decimal)
    arrays = [pa.array(made[c].tolist(), kinds.get(c, pa.string())) for c in made]
    pq.write_table(pa.table(arrays, names=list(made)), path)


def tokens(path: Path) -> None:
    made = table(logged()).astype(dict.fromkeys(GENES, object))
    for j, gene in enumerate(GENES[:20]):
        made.loc[CELL_NAMES[j], gene] = "<LOD"
    made.to_csv(path)


def na_classes(path: Path) -> None:
    made = table()
    made[LABEL] = [["NA", "None", "T"][kind] for kind in KINDS]
    made.to_csv(path)


def comment_line(path: Path) -> None:
    path.write_text("# produced by pipeline 1.2\n" + table().to_csv(sep="\t"))


def decimal_commas(path: Path) -> None:
    table(logged().round(3)).to_csv(path, sep=";", decimal=",")


def trailing_commas(path: Path) -> None:
    path.write_text("".join(f"{line},\n" for line in table().to_csv().splitlines()))


def two_genomes(path: Path) -> None:
    matrix = sparse.csr_matrix(counts())
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array(CELL_NAMES, dtype="S")
        group["shape"] = np.array([P, N])
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(matrix, part)
        genomes = ["hg19"] * (P // 2) + ["mm10"] * (P // 2)
        for part, words in {
            "id": [f"ENS{j}" for j in range(P)],
            "name": GENES,
            "feature_type": ["Gene Expression"] * P,
            "genome": genomes,
        }.items():
            group[f"features/{part}"] = np.array(words, dtype="S")


def scaled(path: Path) -> None:
    found = logged()
    made = anndata.AnnData(
        ((found - found.mean(axis=0)) / found.std(axis=0)).astype(np.float32),
        table()[[LABEL]],
        pd.DataFrame(index=[f"G{j}" for j in range(P)]),
    )
    made.raw = anndata.AnnData(counts().astype(np.float32), made.obs, made.var)
    made.write_h5ad(path)


Write = Callable[[Path], None]
