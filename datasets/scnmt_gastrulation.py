"""RNA, methylation and accessibility of mouse embryos, Argelaguet et al. 2019. Downloaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

BUNDLE = Remote(
    "https://ftp.ebi.ac.uk/pub/databases/scnmt_gastrulation/scnmt_gastrulation.tar.gz",
    note="about 33 GB, of which four files are read",
)
CELLS = "sample_metadata.txt"
COUNTS = "rna/counts.txt.gz"
PROMOTERS = {
    "methylation": "met/feature_level/prom_2000_2000.tsv.gz",
    "accessibility": "acc/feature_level/prom_2000_2000.tsv.gz",
}
COLUMNS = ("cell", "promoter", "annotation", "high", "sites", "rate")
IDS = {"rna": "id_rna", "methylation": "id_met", "accessibility": "id_acc"}
PASSED = ("pass_rnaQC", "pass_metQC", "pass_accQC")
OBS = {"lineage10x_2": "lineage", "stage": "stage", "embryo": "embryo"}
MIN_SITES = 3  # of a promoter in a cell, for a rate
MIN_CELLS = 0.5  # share of the cells in which a promoter must have a rate


@dataclass(frozen=True)
class _Sites:
    """What a table of promoters says: (n, p) sites covered, and of them methylated or open."""

    cells: pd.Index
    promoters: pd.Index
    sites: NDArray[np.float32]
    high: NDArray[np.float32]


@dataset(
    name="scnmt_gastrulation",
    summary="RNA, DNA methylation and accessibility of mouse embryos, E4.5 to E7.5 (scNMT-seq).",
    source="https://doi.org/10.1038/s41586-019-1825-8",
    licence="not stated by the carrier (EMBL-EBI; raw data: NCBI GEO, GSE121708)",
    modalities={"rna": "counts", "methylation": "rates", "accessibility": "rates"},
    label="lineage",
    provenance="computed",
    unit="embryo",
    remote=(BUNDLE,),
)
def load() -> dict[str, AnnData]:
    """rna: CSR, read counts; methylation, accessibility: dense, rates of promoters, 0 to 1.

    **About 33 GB are downloaded**, of which four files are used; ``scnmt_mesc``, stem cells
    measured in the same way, is the small alternative. The archive is read once, front to back,
    without unpacking it, up to the last of the four. An archive of the four alone, packed under
    the same names and put where the download would lie, is read as well.

    Cells are those that passed the authors' quality control in all three modalities.
    ``obs["lineage"]`` is the authors' assignment (``lineage10x_2``, germ layers and the like;
    missing for some cells). **It was made from the RNA**: by clustering at E4.5 and E5.5, by
    neighbours in a larger RNA atlas at E6.5 and E7.5, so label metrics favour what leans on the
    RNA. ``obs["stage"]``: E4.5 to E7.5; ``obs["embryo"]``: the authors' name, of which three
    are said to speak of mixed embryos.

    A promoter is 2,000 bases on either side of the start of a gene. Its rate in a cell is the
    share of methylated CpG, or of open GpC, among the sites that the cell covers, if they are
    three or more. Promoters are kept that have a rate in half of the cells: a choice by
    coverage, which looks at no rate and no label, but is made on all cells. **Where a promoter
    has no rate in a cell, the cell's own mean over the sites of all its promoters is filled
    in**: no other cell is used, so nothing passes from training to test cells. ``uns`` tells how
    many cells were left out and how much was filled in.

    Stated from the authors' description of the archive and from other people's code that reads
    it, not from the file, which was never at hand: the names of the four files; the columns of
    the cells' table; that counts are tab-separated, genes in rows, cells named by ``id_rna``;
    that tables of promoters hold, in this order and without a header, cell (``id_met``,
    ``id_acc``), promoter, annotation, sites that are methylated or open, sites covered, and
    their percentage, rounded. A header is skipped, and an archive of another layout is refused.
    """
    from omicsbench.plugin import fetch

    return _read(fetch(BUNDLE))


def _read(path: Path) -> dict[str, AnnData]:
    import anndata
    import pandas as pd

    from omicsbench.datasets._paired import REPEATED, damaged
    from omicsbench.plugin import note

    found = _unpack(path)
    every, counts = found[CELLS], found[COUNTS]
    tables: dict[str, _Sites] = {modality: found[name] for modality, name in PROMOTERS.items()}
    measured = {"rna": counts.obs_names} | {name: table.cells for name, table in tables.items()}
    kept = (every[list(PASSED)] == "TRUE").all(axis=1) & every["embryo"].notna()
    for modality, names in measured.items():
        kept &= every[IDS[modality]].isin(names)
    cells = every[kept]
    if cells.empty:
        raise damaged(path, f"no cell that passed in {CELLS} is in all of the other three files")
    if any(cells[column].duplicated().any() for column in ("sample", *IDS.values())):
        raise damaged(path, f"{CELLS}: {REPEATED}")
    notes = [
        f"{len(every) - len(cells):,} of {len(every):,} cells left out: not measured in all "
        "modalities, not passed by the authors, or of no known embryo."
    ]
    obs = cells.set_index("sample")[list(OBS)].rename(columns=OBS)
    obs.index.name = None
    loaded = {"rna": counts[cells[IDS["rna"]]].copy()}
    loaded["rna"].obs = obs
    for modality, table in tables.items():
        rates, filled = _rates(table, cells[IDS[modality]])
        if rates.empty:
            raise damaged(path, f"{PROMOTERS[modality]}: no promoter is covered in enough cells")
        notes.append(f"{filled:.1%} of {modality} filled in with the cell's own mean.")
        loaded[modality] = anndata.AnnData(
            rates.to_numpy(), obs=obs.copy(), var=pd.DataFrame(index=rates.columns)
        )
    note(loaded["rna"], *notes)
    return loaded


def _unpack(path: Path) -> dict[str, Any]:
    """The four files by name, as they are read. Raises DataError."""
    import gzip

    from omicsbench.datasets._paired import damaged, parse_table, read_members

    def unzipped(parse: Callable[[IO[str]], Any]) -> Callable[[IO[bytes]], Any]:
        def read(packed: IO[bytes]) -> Any:
            with gzip.open(packed, "rt", encoding="utf-8") as text:
                return parse(text)

        return read

    readers: dict[str, Callable[[IO[bytes]], Any]] = {
        CELLS: _cells,
        COUNTS: unzipped(lambda text: parse_table(text, "\t")),
        **{name: unzipped(_sites) for name in PROMOTERS.values()},
    }
    found: dict[str, Any] = {}

    def read(name: str, packed: IO[bytes]) -> bool:
        name = name.removeprefix("./")
        if name in readers:
            found[name] = readers[name](packed)
        return len(found) == len(readers)

    read_members(path, "r|gz", read)
    missing = [name for name in readers if name not in found]
    if missing:
        raise damaged(path, f"it ends without {', '.join(missing)}")
    return found


def _cells(content: IO[bytes]) -> pd.DataFrame:
    """The cells' table, all columns as text, NaN where the authors write NA."""
    import io

    import pandas as pd

    cells = pd.read_csv(io.BytesIO(content.read()), sep="\t", dtype=str)  # small, no stream
    missing = {"sample", *IDS.values(), *PASSED, *OBS} - set(cells.columns)
    if missing:
        raise ValueError(f"it has no column {', '.join(sorted(missing))}")
    return cells


def _sites(table: IO[str]) -> _Sites:
    """``table`` : open text, a promoter of a cell a line. Lines of the same two are added up."""
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from omicsbench.datasets._paired import read_rows

    cells: dict[str, int] = {}
    promoters: dict[str, int] = {}
    parts = []
    for part in read_rows(table, COLUMNS, text=COLUMNS[:3]):
        possible = (part["sites"] >= 1) & part["high"].between(0, part["sites"])
        if not (possible & part["rate"].between(0, 100)).all():
            raise ValueError("a rate is not from 0 to 100, or is of more sites than are covered")
        # 16 bytes a line, of which there may be tens of millions
        places = (_places(part["cell"], cells), _places(part["promoter"], promoters))
        parts.append((*places, *(part[name].to_numpy(np.float32) for name in ("sites", "high"))))
    rows, columns, sites, high = (np.concatenate(same) for same in zip(*parts, strict=True))
    shape = (len(cells), len(promoters))

    def dense(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return sparse.coo_matrix((values, (rows, columns)), shape=shape).toarray()

    return _Sites(pd.Index(list(cells)), pd.Index(list(promoters)), dense(sites), dense(high))


def _places(names: pd.Series[Any], known: dict[str, int]) -> NDArray[np.int32]:
    """Place of each name among those ``known``, to which new ones are added."""
    import numpy as np

    of = np.array([known.setdefault(name, len(known)) for name in names.cat.categories], np.int32)
    return of[names.cat.codes]


def _rates(table: _Sites, cells: pd.Series[str]) -> tuple[pd.DataFrame, float]:
    """Cells x promoters, rates from 0 to 1, none missing; and the share that was filled in."""
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import fill_in

    places = table.cells.get_indexer(cells)
    sites, high = table.sites[places], table.high[places]
    kept = (sites >= MIN_SITES).mean(axis=0) >= MIN_CELLS
    own = high.sum(axis=1, dtype=np.float64) / sites.sum(axis=1, dtype=np.float64)
    sites, high = sites[:, kept], high[:, kept]
    rates = np.where(sites >= MIN_SITES, high / np.maximum(sites, 1), np.float32(np.nan))
    filled, share = fill_in(rates, own)
    return pd.DataFrame(filled, columns=table.promoters[kept]), share
