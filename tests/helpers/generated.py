"""Inputs of a seeded generator that knows what is in them: tables, AnnData and 10x files."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.io import mmwrite

from omicsbench.reading.own import OwnData

CLASSES = (
    ("T cell", "B cell", "NK"),
    ("1", "2", "3"),
    ("Ödem", "Größe", "naïve"),
    ('a "quoted" one', "one, two", "semi; colon"),
    ("case", "control"),
)
ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "utf-16")


@dataclass(frozen=True)
class Example:
    """A file, what the user says of it, and what is in it.

    Attributes
    ----------
    own : the file with its options.
    features : measured features.
    labels : of every cell with any value, its class; None where it has none.
    plain : nothing about it is in doubt, so that it has to be accepted.
    traps : what was put in to be taken wrongly.
    total : of all values, where they are counts.
    """

    own: OwnData
    features: tuple[str, ...]
    labels: tuple[str | None, ...]
    plain: bool
    traps: tuple[str, ...] = ()
    total: float | None = None


@dataclass
class _Cohort:
    """Cells x features with labels, before they are written."""

    values: np.ndarray
    cells: list[str]
    genes: list[str]
    labels: list[str | None]
    traps: list[str] = field(default_factory=list)

    @property
    def known(self) -> tuple[str | None, ...]:
        full = self.values.sum(axis=1) > 0
        return tuple(label for label, has in zip(self.labels, full, strict=True) if has)


def _cohort(rng: Any, least: int = 40) -> _Cohort:
    n, p = int(rng.integers(least, 80)), int(rng.integers(12, 50))
    classes = CLASSES[rng.integers(len(CLASSES))]
    of = rng.integers(0, len(classes), n)
    of[:6] = [0, 0, 1, 1, 0, 1]
    rates = rng.gamma(1.5, 4.0, (len(classes), p))[of] * rng.gamma(5.0, 0.2, (n, 1))
    values = rng.poisson(rates + 0.3).astype(float)
    values[0, 0] = max(values.max(), 9)  # counts beyond doubt
    values[:, 0] += 1  # no cell without any
    if rng.random() < 0.15:
        values[rng.integers(1, n)] = 0
    cells = [f"{('cell', 'AAACCTGAGAAAC')[n % 2]}{i:03d}" for i in range(n)]
    symbols = [f"{('GENE', 'Sox', 'KRT')[p % 3]}{j + 1}" for j in range(p)]
    genes = [f"ENSG{j:011d}" for j in range(p)] if rng.random() < 0.4 else symbols
    labels: list[str | None] = [classes[k] for k in of]
    if rng.random() < 0.3:
        for i in rng.integers(6, n, 3):
            labels[i] = None
    return _Cohort(values, cells, genes, labels)


def _values(rng: Any, made: _Cohort) -> np.ndarray:
    """Its values as they are written: counts, or made of them so that somebody has to be asked."""
    kind = str(rng.choice(["counts", "log", "fractions", "scaled"], p=[0.7, 0.1, 0.1, 0.1]))
    if kind == "counts":
        return made.values
    made.traps.append(kind)
    if kind == "log":
        totals = np.maximum(made.values.sum(axis=1, keepdims=True), 1)
        return np.log1p(1e4 * made.values / totals).round(4)
    if kind == "fractions":
        return np.maximum(made.values - rng.uniform(0, 0.4, made.values.shape), 0).round(3)
    spread = made.values.std(axis=0)
    return ((made.values - made.values.mean(axis=0)) / np.where(spread, spread, 1)).round(4)


def parquet(rng: Any, folder: Path) -> Example:
    """A Parquet table with columns of several types of numbers."""
    made = _cohort(rng)
    kinds = ["int64", "int16", "float32", "float64", "Int64", "Float64", "uint32"]
    frame = pd.DataFrame(made.values, index=made.cells, columns=made.genes)
    frame = frame.astype({gene: str(rng.choice(kinds)) for gene in made.genes})
    labels = LABEL_TYPES[str(rng.choice(list(LABEL_TYPES)))](made.labels)
    frame["cell_type"] = labels
    if rng.random() < 0.3:
        name = str(rng.choice([name for name in ODD if name != "empty"]))
        frame[name] = ODD[name](rng, len(frame))
        made.traps.append(name)
    named = rng.random() < 0.5
    if not named:
        frame = frame.reset_index(names="cell")
    frame.to_parquet(folder / "x.parquet")
    return Example(
        OwnData(folder / "x.parquet", label="cell_type"),
        tuple(made.genes),
        made.known,
        plain=not made.traps,
        traps=tuple(made.traps),
        total=made.values.sum(),
    )


# Of each: a column beside the features that is none, by name.
ODD: dict[str, Callable[[Any, int], Any]] = {
    "leiden": lambda rng, n: rng.integers(0, 6, n),
    "seurat_clusters": lambda rng, n: rng.integers(0, 9, n),
    "percent_mito": lambda rng, n: rng.uniform(0, 0.2, n).round(4),
    "n_counts": lambda rng, n: rng.integers(900, 30_000, n),
    "nCount_RNA": lambda rng, n: rng.integers(900, 30_000, n),
    "sample_id": lambda rng, n: np.arange(1001, 1001 + n),
    "age": lambda rng, n: rng.integers(20, 90, n),
    "batch": lambda rng, n: rng.choice(["b1", "b2"], n),
    "donor": lambda rng, n: rng.choice(["d1", "d2", "d3"], n),
    "doublet": lambda rng, n: rng.random(n) < 0.1,
    "empty": lambda rng, n: [""] * n,
}


def table(rng: Any, folder: Path) -> Example:
    """A text table in some dialect, perhaps with columns that are no features, or tokens."""
    made = _cohort(rng)
    shown = _values(rng, made)
    suffix = rng.choice([".csv", ".tsv", ".txt", ".csv.gz"])
    separator = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".txt": "\t"}[str(suffix)]
    dialect = rng.random() < 0.3
    if dialect and separator == ",":
        separator = ";"
    comma = separator == ";" and bool(rng.random() < 0.5)
    rows = [[f"{v:g}".replace(".", "," if comma else ".") for v in row] for row in shown]
    header = ["", *made.genes, "cell_type"]
    body = [[c, *row, t or ""] for c, row, t in zip(made.cells, rows, made.labels, strict=True)]
    chosen = [str(name) for name in rng.permutation(list(ODD))[: rng.integers(0, 3)]]
    for name in chosen if rng.random() < 0.5 else []:
        place = int(rng.integers(1, len(header) + 1))
        header.insert(place, name)
        for line, value in zip(body, ODD[name](rng, len(body)), strict=True):
            line.insert(place, str(value).replace(".", "," if comma else "."))
        made.traps.append(name)
    if rng.random() < 0.1:
        column = header.index(made.genes[1])
        for line in body[:2]:
            line[column] = str(rng.choice(["<LOD", "n.d.", "below"]))
        made.traps.append("token")
    turned = rng.random() < 0.12
    if turned:
        header, *body = [list(line) for line in zip(header, *body, strict=True)]
        made.traps.append("turned")
    options: dict[str, Any] = {"transpose": True} if turned and rng.random() < 0.5 else {}
    path = folder / f"table{suffix}"
    _write(rng, path, [header, *body], separator, dialect)
    traps = tuple(made.traps)
    return Example(
        OwnData(path, label="cell_type", **options),
        tuple(made.genes),
        tuple(made.labels) if "scaled" in traps else made.known,  # none of it is empty
        plain=not traps or set(traps) <= {"batch", "donor"},
        traps=traps,
        total=made.values.sum(),
    )


def _write(rng: Any, path: Path, rows: list[list[str]], separator: str, odd: bool) -> None:
    """As text; ``odd``: in a dialect that few expect."""
    encoding, ends, quoting, comments = "utf-8", "\n", csv.QUOTE_MINIMAL, ""
    if odd:
        encoding = str(rng.choice(ENCODINGS))
        ends = str(rng.choice(["\n", "\r\n"]))
        quoting = int(rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        comments = str(rng.choice(["", "", "# made by a pipeline", "#by\n#hand"]))
    form = str(rng.choice(["whole", "trailing", "short"])) if odd else "whole"
    if form == "trailing":
        rows = [[*row, ""] for row in rows]
    elif form == "short":  # as R writes it
        rows = [rows[0][1:], *rows[1:]]
    held = io.StringIO()
    held.write(comments.replace("\n", ends) + ends if comments else "")
    csv.writer(held, delimiter=separator, lineterminator=ends, quoting=quoting).writerows(rows)
    content = held.getvalue().encode(encoding, errors="replace")
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def _as_ints(labels: list[str | None]) -> Any:
    """As nullable whole numbers, where they are numbers."""
    if not all(label is None or label.isdigit() for label in labels):
        return pd.array(labels, dtype=object)
    return pd.array([None if label is None else int(label) for label in labels], dtype="Int64")


LABEL_TYPES: dict[str, Callable[[list[str | None]], Any]] = {
    "object": lambda labels: pd.array(labels, dtype=object),
    "categorical": lambda labels: pd.Categorical(labels),
    "unused": lambda labels: pd.Categorical(labels).add_categories(["never"]),
    "string": lambda labels: pd.array(labels, dtype="string"),
    "ints": _as_ints,
    "categories of ints": lambda labels: pd.Categorical(_as_ints(labels)),
}


def stored(rng: Any, folder: Path) -> Example:
    """An AnnData of some type of numbers and storage, with layers, raw and odd annotations."""
    made = _cohort(rng)
    kind = str(rng.choice(["counts", "counts", "log", "layer", "raw", "turned"]))
    held: Any = made.values.astype(str(rng.choice(["float32", "float64", "int32", "int64"])))
    totals = np.maximum(made.values.sum(axis=1, keepdims=True), 1)
    logs = np.log1p(1e4 * made.values / totals).astype(np.float32)
    X = logs if kind in ("log", "layer", "raw") else held
    storage = str(rng.choice(["dense", "csr", "csc"]))
    if storage != "dense":
        X = (sparse.csr_matrix if storage == "csr" else sparse.csc_matrix)(X)
    labels = LABEL_TYPES[str(rng.choice(list(LABEL_TYPES)))](made.labels)
    obs = pd.DataFrame({"cell_type": labels}, index=made.cells)
    obs["n_counts"] = made.values.sum(axis=1)
    adata = anndata.AnnData(X, obs, pd.DataFrame(index=made.genes))
    if kind == "layer":
        adata.layers["counts"] = held
    if kind == "raw":
        adata.raw = anndata.AnnData(held, obs, adata.var)
    if kind in ("log", "layer", "raw"):
        adata.uns["log1p"] = {"base": None}
    if kind == "turned":
        adata = adata.T.copy()
    path = folder / str(rng.choice(["x.h5ad", "x.h5ad.gz", "x.zarr"]))
    if path.suffix == ".zarr":
        adata.write_zarr(path)
    else:
        plain = path.with_name("plain.h5ad")
        adata.write_h5ad(plain)
        content = plain.read_bytes()
        path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    turned = kind == "turned"
    asked = turned and rng.random() < 0.5
    counted = kind in ("counts", "layer") or asked
    return Example(
        OwnData(path, label="cell_type" if not asked else None, transpose=asked),
        tuple(made.genes),
        made.known if not asked else (None,) * len(made.known),
        plain=not turned,
        traps=("turned",) if turned else (),
        total=made.values.sum() if counted else None,
    )


def tenx(rng: Any, folder: Path) -> Example:
    """A 10x file of version 2 or 3, with one genome or two, and one kind of feature or several."""
    made = _cohort(rng)
    p = len(made.genes)
    version = int(rng.integers(2, 4))
    genomes, kinds = ["GRCh38"] * p, ["Gene Expression"] * p
    traps, options = [], {}
    if version == 3 and rng.random() < 0.4:
        for j in range(p - 4, p):
            kinds[j] = "Antibody Capture"
        traps.append("kinds")
        if rng.random() < 0.5:
            options["feature_type"] = str(rng.choice(["Gene Expression", "Antibody Capture"]))
    if rng.random() < 0.25:
        genomes[: p // 2] = ["mm10"] * (p // 2)
        traps.append("genomes")
        if rng.random() < 0.6:
            options["genome"] = "mm10"
    path = folder / "x.h5"
    names = [
        f"{'mm10_' if g == 'mm10' else ''}{n}" for g, n in zip(genomes, made.genes, strict=True)
    ]
    with h5py.File(path, "w") as file:
        if version == 3:
            _group_v3(file, made, names, kinds, genomes)
        else:
            for genome in dict.fromkeys(genomes):
                own = np.array([g == genome for g in genomes])
                _group_v2(file, genome, made, names, own)
    wanted = options.get("feature_type", "Gene Expression")
    kept = np.array([k == wanted for k in kinds])
    if "genome" in options:
        kept &= np.array([g == "mm10" for g in genomes])
    features = tuple(name for name, keep in zip(names, kept, strict=True) if keep)
    full = made.values[:, kept].sum(axis=1) > 0
    return Example(
        OwnData(path, **options),
        features,
        (None,) * int(full.sum()),
        plain=not traps,
        traps=tuple(traps),
        total=made.values[:, kept].sum(),
    )


def mtx(rng: Any, folder: Path) -> Example:
    """A folder as Cell Ranger writes it, version 2 or 3, whose files may be packed."""
    made = _cohort(rng)
    p, version = len(made.genes), int(rng.integers(2, 4))
    ending = ".gz" if rng.random() < 0.5 else ""
    kinds = ["Gene Expression"] * p
    if version == 3 and rng.random() < 0.3:
        kinds[-3:] = ["Antibody Capture"] * 3
    kept = np.array([kind == "Gene Expression" for kind in kinds])
    lines = [f"ENSG{j:011d}\t{gene}" for j, gene in enumerate(made.genes)]
    if version == 3:
        lines = [f"{line}\t{kind}" for line, kind in zip(lines, kinds, strict=True)]
    held = io.BytesIO()
    mmwrite(held, sparse.coo_matrix(made.values.T.astype(np.int32)))
    named = "features.tsv" if version == 3 else "genes.tsv"
    files = {
        "matrix.mtx": held.getvalue(),
        named: "\n".join([*lines, ""]).encode(),
        "barcodes.tsv": "\n".join([*made.cells, ""]).encode(),
    }
    for name, content in files.items():
        packed = gzip.compress(content) if ending else content
        (folder / f"{name}{ending}").write_bytes(packed)
    values = made.values[:, kept]
    return Example(
        OwnData(folder),
        tuple(gene for gene, keep in zip(made.genes, kept, strict=True) if keep),
        (None,) * int((values.sum(axis=1) > 0).sum()),
        plain=bool(kept.all()),
        total=values.sum(),
    )


def _group_v3(
    file: Any, made: _Cohort, names: list[str], kinds: list[str], genomes: list[str]
) -> None:
    group = file.create_group("matrix")
    _matrix(group, made.values, made.cells)
    ids = [f"ENSG{j:011d}" for j in range(len(names))]
    for part, words in {
        "id": ids,
        "name": names,
        "feature_type": kinds,
        "genome": genomes,
    }.items():
        group[f"features/{part}"] = np.array(words, dtype="S")


def _group_v2(file: Any, genome: str, made: _Cohort, names: list[str], own: np.ndarray) -> None:
    group = file.create_group(genome)
    _matrix(group, made.values[:, own], made.cells)
    group["genes"] = np.array([f"ENSG{j:011d}" for j in np.flatnonzero(own)], dtype="S")
    group["gene_names"] = np.array([names[j] for j in np.flatnonzero(own)], dtype="S")


def _matrix(group: Any, values: np.ndarray, cells: list[str]) -> None:
    matrix = sparse.csr_matrix(values.astype(np.int32))
    for part in ("data", "indices", "indptr"):
        group[part] = getattr(matrix, part)
    group["shape"] = np.array(values.shape[::-1])
    group["barcodes"] = np.array(cells, dtype="S")


KINDS: dict[str, Callable[[Any, Path], Example]] = {
    "table": table,
    "parquet": parquet,
    "stored": stored,
    "10x": tenx,
    "mtx": mtx,
}
