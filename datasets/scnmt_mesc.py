"""RNA, methylation and accessibility of mouse stem cells, Clark et al. 2018. Downloaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

FOLDER = "https://ftp.ncbi.nlm.nih.gov/geo/series/GSE109nnn/GSE109262/suppl/"
COUNTS = {
    "ESC": Remote(f"{FOLDER}GSE109262_ESC_RNA_counts.txt.gz"),
    "EB": Remote(f"{FOLDER}GSE109262_EB_RNA_counts.txt.gz"),
}
SITES = Remote(f"{FOLDER}GSE109262_RAW.tar")
MEMBER = re.compile(r"GSM\d+_(?P<cell>.+)_(?P<kind>CpG-met|GpC-acc)_processed\.tsv\.gz")
KINDS = {"methylation": "CpG-met", "accessibility": "GpC-acc"}
WINDOW = 10_000  # bases
MIN_SITES = 5  # of a window in a cell, for a rate
MIN_CELLS = 0.8  # share of the cells in which a window must have a rate
MIN_DEPTH = 0.1  # of the median cell: fewer counts or sites than that, and a cell has failed
X_CODE = 100  # after all numbers of chromosomes
PLACES = 100_000  # windows that a chromosome may have


@dataclass(frozen=True)
class _Cell:
    """What one table of sites says: rate by window where there are enough sites, in the table's
    unit; number of sites, mean and highest of their rates."""

    rates: pd.Series[Any]
    sites: int
    mean: float
    highest: float


@dataset(
    name="scnmt_mesc",
    summary="RNA, DNA methylation and accessibility of about 100 mouse stem cells (scNMT-seq).",
    source="https://doi.org/10.1038/s41467-018-03149-4",
    licence="not stated by the carrier (NCBI GEO, GSE109262)",
    modalities={"rna": "counts", "methylation": "rates", "accessibility": "rates"},
    label="culture",
    provenance="author",
    remote=(*COUNTS.values(), SITES),
)
def load() -> dict[str, AnnData]:
    """rna: CSR, read counts; methylation, accessibility: dense, mean rates of windows, 0 to 1.

    ``obs["culture"]``: ESC, embryonic stem cells, or EB, from embryoid bodies into which they
    differentiate, as the files are named. The two were also measured in batches of their own, so
    the label holds the batch as well.

    A window is 10,000 bases of the genome (chromosomes by number and X), fixed beforehand, so no
    annotation is needed. Its rate in a cell is the mean over the CpG (methylation) or GpC
    (accessibility) sites that the cell covers, if they are five or more. Windows are kept that
    have a rate in 80 % of the cells: a choice by coverage, which looks at no rate and no label,
    but is made on all cells. **Where a window has no rate in a cell, the cell's own mean over
    all its sites is filled in**: no other cell is used, so nothing passes from training to test
    cells. Cells are those that all three were measured of, except for those with less than a tenth
    of the median depth in one of them, such as the authors' empty controls. ``uns`` tells how many
    were left out and how much was filled in.

    Stated from other people's code that reads these files, not from the files: the names of the
    archive's members, their columns (chromosome, position, rate), and that cells are named alike
    in the tables of counts and in the archive. A file that is otherwise is refused. Controls
    without accessibility (scM&T-seq) are left out only where they bear another name.
    Several gigabytes are read, table by table: that takes minutes.
    """
    from omicsbench.plugin import fetch

    return _read({culture: fetch(remote) for culture, remote in COUNTS.items()}, fetch(SITES))


def _read(counts: dict[str, Path], sites: Path) -> dict[str, AnnData]:
    import anndata
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged, read_table
    from omicsbench.plugin import note

    tables = {culture: read_table(path, "\t") for culture, path in counts.items()}
    rna = anndata.concat(tables, label="culture")  # the genes that all tables have
    if not rna.obs_names.is_unique or not rna.n_vars:
        raise damaged(counts["EB"], "its cells or genes do not go with those of the other table")
    measured = _measure(sites, set(rna.obs_names))
    cells = [name for name in rna.obs_names if all(name in found for found in measured.values())]
    if not cells:
        raise damaged(sites, "no cell has a table of CpG, one of GpC and counts of RNA")
    depths = [np.asarray(rna[cells].X.sum(axis=1)).ravel()]
    depths += [np.array([found[name].sites for name in cells]) for found in measured.values()]
    deep = np.all([depth >= max(MIN_DEPTH * np.median(depth), 1) for depth in depths], axis=0)
    notes = [
        f"{rna.n_obs - deep.sum():,} of {rna.n_obs:,} cells left out: not measured in all "
        "modalities, or too shallow."
    ]
    cells = [name for name, kept in zip(cells, deep, strict=True) if kept]
    loaded = {"rna": rna[cells].copy()}
    highest = max(cell.highest for found in measured.values() for cell in found.values())
    scale = 100.0 if highest > 1 else 1.0  # per cent, unless all are shares
    for modality, found in measured.items():
        rates, filled = _rates([found[name] for name in cells], scale)
        if rates.empty:
            raise damaged(sites, f"no window of {modality} is covered in enough cells")
        notes.append(f"{filled:.1%} of {modality} filled in with the cell's own mean.")
        loaded[modality] = anndata.AnnData(
            rates.to_numpy(dtype=np.float32),
            obs=loaded["rna"].obs.copy(),
            var=pd.DataFrame(index=rates.columns),
        )
    note(loaded["rna"], *notes)
    return loaded


def _measure(path: Path, wanted: set[str]) -> dict[str, dict[str, _Cell]]:
    """By modality and cell: what :func:`_windows` gives. Raises DataError."""
    import gzip

    from omicsbench.datasets._paired import read_members

    measured: dict[str, dict[str, _Cell]] = {modality: {} for modality in KINDS}
    modality_of = {kind: modality for modality, kind in KINDS.items()}

    def read(name: str, packed: IO[bytes]) -> bool:
        found = MEMBER.fullmatch(Path(name).name)
        if found and found["cell"] in wanted:
            with gzip.open(packed, "rt", encoding="utf-8") as table:
                measured[modality_of[found["kind"]]][found["cell"]] = _windows(table)
        return False  # a cell more may follow

    read_members(path, "r|", read)
    return measured


def _windows(table: IO[str]) -> _Cell:
    """``table`` : open text, a site a line: chromosome, position, rate; a header or none."""
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import read_rows

    parts, highest = [], 0.0
    for sites in read_rows(table, ("chromosome", "position", "rate"), text=("chromosome",)):
        position, rate = sites["position"], sites["rate"]
        if not (rate.between(0, 100) & position.between(0, WINDOW * (PLACES - 1))).all():
            raise ValueError("a rate is not from 0 to 100, or a position is on no chromosome")
        chromosome = sites["chromosome"].cat  # few names, many sites
        codes = np.array([_code(name) for name in chromosome.categories])
        code = codes[chromosome.codes.to_numpy()]
        window = (code * PLACES + position.astype("int64") // WINDOW)[code >= 0]
        parts.append(rate[code >= 0].groupby(window).agg(["sum", "count"]))
        highest = max(highest, float(rate.max()))
    by_window = pd.concat(parts).groupby(level=0).sum()  # a window may lie in two parts
    total, sites_covered = by_window["sum"].sum(), int(by_window["count"].sum())
    enough = by_window[by_window["count"] >= MIN_SITES]
    rates = (enough["sum"] / enough["count"]).astype("float32")
    return _Cell(rates, sites_covered, float(total / max(sites_covered, 1)), highest)


def _code(chromosome: str) -> int:
    """A chromosome's number, X in the last place; -1 for all that is left out."""
    name = chromosome.removeprefix("chr")
    return X_CODE if name == "X" else int(name) if re.fullmatch(r"[1-9]\d?", name) else -1


def _rates(cells: list[_Cell], scale: float) -> tuple[pd.DataFrame, float]:
    """Cells x windows, rates from 0 to 1, none missing; and the share that was filled in."""
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import fill_in

    windows, measured_in = np.unique(
        np.concatenate([cell.rates.index for cell in cells]), return_counts=True
    )
    kept = windows[measured_in >= MIN_CELLS * len(cells)]
    rates = np.array([cell.rates.reindex(kept).to_numpy() for cell in cells])
    rates, filled = fill_in(rates, np.array([cell.mean for cell in cells], dtype=np.float32))
    names = [_name(window) for window in kept]
    return pd.DataFrame(rates / np.float32(scale), columns=names), filled


def _name(window: int) -> str:
    """``7:30000-40000``: chromosome, and bases from the first to before the last."""
    code, place = divmod(int(window), PLACES)
    return f"{'X' if code == X_CODE else code}:{place * WINDOW}-{(place + 1) * WINDOW}"
