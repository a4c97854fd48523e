"""RNA and DNA methylation of 77 mouse stem cells, Angermueller et al. 2016. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

EXPERIMENT = Remote(
    "https://raw.githubusercontent.com/bioc/MOFAdata/"
    "d64eaf9b3a41444991e6006643d047126a261b10/data/scMT_data.RData",
    digest="sha256:7581beade0946e038acaa517a6f4a8159c7db005830fa66adb973aa3eb83b610",
)
METHYLATION = {
    "met_enhancers": "Met Enhancers",
    "met_islands": "Met CpG Islands",
    "met_promoters": "Met Promoters",
}
ASSAYS = {"rna": "RNA expression", **METHYLATION}


@dataset(
    name="scmt_mesc",
    summary="RNA and DNA methylation of 77 mouse stem cells, grown in serum or 2i (scM&T-seq).",
    source="https://doi.org/10.1038/nmeth.3728",
    licence="LGPL-3 (R package MOFAdata, which carries the data)",
    modalities={"rna": "continuous", **dict.fromkeys(METHYLATION, "rates")},
    label="culture",
    provenance="author",
    needs=("rdata",),
    remote=(EXPERIMENT,),
)
def load() -> dict[str, AnnData]:
    """rna: dense (77, 5000), normalised and logged by the carrier; methylation of 5,000 CpG sites
    each in enhancers, CpG islands and promoters: dense (77, 5000), from 0 to 1.

    ``obs["culture"]``: Serum or 2i, in which the cells were grown. A site that a cell's reads
    cover is 0 or 1; most are not covered. **There the cell's own mean over its other sites of the
    same kind is filled in**: no other cell is used, so nothing passes from training to test cells.
    Of the file's 87 cells those are kept that passed in both.
    """
    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._rdata import dense_matrix, pick, read_r, texts
    from omicsbench.plugin import fetch, note

    path = fetch(EXPERIMENT)
    found = pick(read_r(path), path, "scMT_data")
    cells = [str(name) for name in pick(found, path, "colData", "rownames")]
    culture = pick(found, path, "colData", "listData", "culture")
    culture_of = dict(zip(cells, texts(culture, len(cells), path), strict=True))
    assays = pick(found, path, "ExperimentList", "listData")
    measured = {
        name: dense_matrix(pick(assays, path, assay, "assayData", "exprs"), path).T
        for name, assay in ASSAYS.items()
    }
    kept = [cell for cell in cells if all(cell in own.obs_names for own in measured.values())]
    if not kept:
        raise damaged(path, "no cell has both RNA and methylation")
    loaded = {name: own[kept].copy() for name, own in measured.items()}
    notes = [
        f"{len(cells) - len(kept)} of {len(cells)} cells left out: not measured in all modalities.",
        "Genes and sites were chosen by the carrier over all cells, test cells included.",
    ]
    for name, adata in loaded.items():
        adata.obs["culture"] = [culture_of[cell] for cell in kept]
        if name in METHYLATION:
            adata.X, filled = _filled(adata.X, path)
            notes.append(
                f"{filled:.1%} of {name} filled in with the cell's own mean, so what is kept and "
                "predicted of it is in large part that mean."
            )
        else:
            adata.X += 0  # the file's -0
    note(loaded["rna"], *notes)
    return loaded


def _filled(rates: Any, path: Path) -> tuple[Any, float]:
    """(n, p) with each NaN replaced by the mean of its row, and the share of NaN."""
    import numpy as np

    from omicsbench.datasets._paired import damaged, fill_in

    covered = ~np.isnan(rates)
    if not covered.any(axis=1).all():
        raise damaged(path, "a cell has no methylation at all")
    own = np.where(covered, rates, 0).sum(axis=1) / covered.sum(axis=1)
    return fill_in(rates, own)
