"""Small files of several modalities, in the layouts of their downloads."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from omicsbench.errors import DataError
from omicsbench.inputs.fetch import local_path
from omicsbench.plugin import Remote

NAMES = ("pbmc_cite_5k", "pbmc_cite_10k", "cbmc_cite", "pbmc_multiome_10k", "scnmt_mesc")
CELLS = 40


def poisson(mean: float, shape: tuple[int, int]) -> np.ndarray:
    """Counts that are the same whichever tests ran before."""
    return np.random.default_rng(0).poisson(mean, shape)


def module(name: str) -> Any:
    return importlib.import_module(f"omicsbench.datasets.{name}")


def place(remote: Remote, content: bytes) -> Path:
    """Put a file where a download would lie, accepted as a user does who trusts it."""
    path = local_path(remote)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n")
    return path


def refused(name: str) -> str:
    with pytest.raises(DataError) as caught:
        module(name).load()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def dense(adata: Any) -> np.ndarray:
    return adata.X.toarray() if sparse.issparse(adata.X) else adata.X


def table(
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    separator: str,
    corner: str | None = "",
    quote: str = "",
) -> bytes:
    """A gzipped table with features in rows; no ``corner``: a header one field shorter."""
    header = [*([] if corner is None else [corner]), *columns]
    lines = [separator.join(f"{quote}{name}{quote}" for name in header)]
    for name, row in zip(rows, values, strict=True):
        lines.append(separator.join([f"{quote}{name}{quote}", *(f"{v:g}" for v in row)]))
    return gzip.compress(("\n".join(lines) + "\n").encode())


def tenx(names: Sequence[str], kinds: Sequence[str], counts: np.ndarray) -> bytes:
    """A 10x file, version 3: (cells, features) counts, features of several kinds mixed."""
    matrix = sparse.csr_matrix(counts)
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array([f"AAC{i:03d}-1" for i in range(len(counts))], dtype="S")
        group["shape"] = np.array(counts.shape[::-1], dtype=np.int32)
        for part in ("data", "indices", "indptr"):
            group[part] = getattr(matrix, part)
        group["features/id"] = np.array([f"id_{name}" for name in names], dtype="S")
        group["features/name"] = np.array(names, dtype="S")
        group["features/feature_type"] = np.array(kinds, dtype="S")
    return held.getvalue()


ANTIBODIES = (
    "CD3_TotalSeqB",
    "IgG1_control_TotalSeqB",
    "CD19_TotalSeqB",
    "IgG2a_control_TotalSeqB",
    "IgG2b_control_TotalSeqB",
)


def place_cite_5k() -> np.ndarray:
    counts = poisson(1.0, (CELLS, 11))
    counts[:, [0, 6]] += 1  # no cell without any
    kinds = ["Gene Expression"] * 6 + ["Antibody Capture"] * 5
    names = [*(f"G{j}" for j in range(5)), "G0", *ANTIBODIES]
    place(module("pbmc_cite_5k").COUNTS, tenx(names, kinds, counts))
    return counts


def place_multiome() -> np.ndarray:
    counts = poisson(0.8, (CELLS, 12))
    counts[:, 0] += 1  # no cell without any
    counts[:, 5] += 3
    kinds = ["Gene Expression", "Peaks"] * 6
    names = [f"G{j}" if j % 2 == 0 else f"chr1:{j}00-{j}50" for j in range(12)]
    place(module("pbmc_multiome_10k").COUNTS, tenx(names, kinds, counts))
    return counts


def h5ad(tmp_path: Path, proteins: Any, counts: Any = None, **uns: Any) -> None:
    counts = poisson(1.0, (CELLS, 7)) if counts is None else counts
    adata = anndata.AnnData(
        sparse.csr_matrix(counts.astype(np.float32)),
        obs=pd.DataFrame({"n_genes": 1}, index=[f"c{i}" for i in range(CELLS)]),
        obsm={} if proteins is None else {"protein_expression": proteins},
        uns=uns,
    )
    adata.write_h5ad(tmp_path / "written.h5ad")
    place(module("pbmc_cite_10k").TABLE, (tmp_path / "written.h5ad").read_bytes())


PROTEINS = poisson(5.0, (CELLS, 3)).astype(np.int64)
STAINS = ["CD3", "CD4", "CD8a"]


def place_cite_10k(tmp_path: Path) -> np.ndarray:
    counts = 1 + poisson(1.0, (CELLS, 7))
    index = [f"c{i}" for i in range(CELLS)]
    h5ad(tmp_path, pd.DataFrame(PROTEINS, index=index, columns=STAINS), counts)
    return counts


ADT = ("CD3", "CCR5", "CD19", "CCR7", "CD10")


def place_cbmc(order: Sequence[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """RNA and antibodies, features x cells; the antibodies' cells in another order."""
    genes = [f"{'MOUSE' if j % 3 == 0 else 'HUMAN'}_gene_{j}" for j in range(9)]
    cells = [f"CTG{i:03d}" for i in range(CELLS)]
    counts, stained = 1 + poisson(1.0, (9, CELLS)), poisson(20.0, (5, CELLS))
    order = np.arange(CELLS)[::-1] if order is None else np.asarray(order)
    place(module("cbmc_cite").RNA, table(genes, cells, counts, ",", quote='"'))
    mixed = table(ADT, [cells[i] for i in order], stained[:, order], ",")
    place(module("cbmc_cite").ANTIBODIES, mixed)
    return counts, stained


def spoil_rna(content: Callable[[bytes], bytes]) -> None:
    place_cbmc()
    remote = module("cbmc_cite").RNA
    place(remote, content(local_path(remote).read_bytes()))


Sites = dict[tuple[str, str], str]
WELLS = {"ESC": [f"ESC_A{i:02d}" for i in range(14)], "EB": [f"EB_P1B{i:02d}" for i in range(12)]}
KINDS = ("CpG-met", "GpC-acc")


def sites_of(cell: int, shift: float) -> list[tuple[str, int, float]]:
    """Six sites in each of three windows: the rates 0 or 100, more of them in later cells."""
    found = []
    for chromosome, window in (("1", 0), ("1", 7), ("X", 3)):
        for j in range(6):
            high = j < (cell + int(window + shift)) % 7
            found.append((chromosome, window * 10_000 + 17 * j + 1, 100.0 * high))
    return found


def text_of(sites: Sequence[tuple[str, int, float]], header: bool = True) -> str:
    lines = ["chr\tpos\trate"] if header else []
    return "\n".join([*lines, *(f"{c}\t{p}\t{r:g}" for c, p, r in sites)]) + "\n"


def all_sites() -> Sites:
    cells = [*WELLS["ESC"], *WELLS["EB"]]
    return {
        (cell, kind): text_of(sites_of(i, shift), header=i % 2 == 0)
        for i, cell in enumerate(cells)
        for shift, kind in enumerate(KINDS)
    }


def place_scnmt(sites: Sites | None = None) -> dict[str, np.ndarray]:
    data = module("scnmt_mesc")
    genes = [f"ENSMUSG{j:03d}" for j in range(8)]
    counts = {}
    for culture, wells in WELLS.items():
        counts[culture] = poisson(30.0, (8, len(wells)))
        corner = "ESC_ens_id" if culture == "ESC" else None
        place(data.COUNTS[culture], table(genes, wells, counts[culture], "\t", corner))
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for number, ((cell, kind), text) in enumerate((sites or all_sites()).items()):
            packed = gzip.compress(text.encode())
            member = tarfile.TarInfo(f"GSM29360{number:02d}_{cell}_{kind}_processed.tsv.gz")
            member.size = len(packed)
            archive.addfile(member, io.BytesIO(packed))
    place(data.SITES, held.getvalue())
    return counts


def mean_rates(shift: int) -> np.ndarray:
    rows = [sites_of(i, shift) for i in range(26)]
    return (
        np.array([[np.mean([r for _, _, r in row[k : k + 6]]) for k in (0, 6, 12)] for row in rows])
        / 100
    )


def place_all(tmp_path: Path) -> None:
    place_cite_5k()
    place_cite_10k(tmp_path)
    place_cbmc()
    place_multiome()
    place_scnmt()
