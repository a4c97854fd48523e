"""Bacteria of 18 sites of the bodies of 238 people, HMP Consortium 2012. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_BASE = (
    "https://raw.githubusercontent.com/biocore/American-Gut/"
    "68fd6d4b2fa6aeb5b4f5272c6f1006defe5b160e/data/HMP/"
)
COUNTS = Remote(
    _BASE + "HMPv35_100nt_even1k.biom",
    digest="sha256:2702034fe8761b8ee0b20d749c7cb2b367f0721a8796b8d80c9ff7a3c203d6d1",
)
SAMPLES = Remote(
    _BASE + "HMPv35_100nt.txt",
    digest="sha256:07f08aae0883a8b09884a3fe611e10f6e24aa21e89107c2b52800b6d0f2f521c",
)
OBS = {
    "HMPbodysubsite": "site",
    "HMPbodysupersite": "area",
    "hostsubjectid": "subject",
    "RUNCENTER": "centre",
    "sex": "sex",
    "visitno": "visit",
}


@dataset(
    name="hmp_v35",
    summary="16S counts of the bacteria in 5,452 samples of 18 sites of the body, 238 people.",
    source="https://doi.org/10.1038/nature11234",
    licence="Modified BSD (American Gut, which carries the data)",
    values="composition",
    label="site",
    provenance="author",
    unit="subject",
    groups=("centre",),
    batch="centre",
    remote=(COUNTS, SAMPLES),
)
def load() -> AnnData:
    """X: CSR (5452, 5430), reads of each operational taxonomic unit, 1,000 in each sample.

    100 bases of region V3 to V5, matched to Greengenes 13_8 at 97 %, drawn down to 1,000 reads
    by the carrier. ``obs``: site (18), area (5), subject, centre (of sequencing, 4), sex, visit.
    ``var["taxonomy"]`` is the carrier's.
    """
    from omicsbench.datasets._paired import damaged
    from omicsbench.plugin import fetch, note

    adata, path = _read_counts(fetch(COUNTS)), fetch(SAMPLES)
    about = _read_samples(path)
    lacking = int((~adata.obs_names.isin(about.index)).sum())
    if lacking:
        raise damaged(path, f"{lacking:,} of the samples with counts are not in it")
    adata.obs = about.loc[adata.obs_names]
    note(
        adata,
        "A person's samples of several visits, of left and right, and of the three vaginal sites "
        "are near copies of one another: split by subject.",
        "Samples of the urogenital tract are all of women: sex is not to be predicted.",
    )
    return adata


def _read_counts(path: Path) -> AnnData:
    """BIOM 2.1, which is HDF5: ``sample/matrix`` is CSR, samples x features."""
    import anndata
    import h5py
    import numpy as np
    import pandas as pd
    from scipy import sparse

    from omicsbench.datasets._paired import damaged

    try:
        with h5py.File(path) as file:
            samples, units = (file[f"{kind}/ids"].asstr()[:] for kind in ("sample", "observation"))
            data, indices, indptr = (
                file[f"sample/matrix/{part}"][:] for part in ("data", "indices", "indptr")
            )
            ranks = file["observation/metadata/taxonomy"].asstr()[:]
        shape = (len(samples), len(units))
        X = sparse.csr_matrix((data.astype(np.float32), indices, indptr), shape=shape)
        X.check_format(full_check=True)
        taxonomy = ["; ".join(filter(None, names)) for names in ranks]
        return anndata.AnnData(
            X=X,
            obs=pd.DataFrame(index=list(samples)),
            var=pd.DataFrame({"taxonomy": taxonomy}, index=list(units)),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise damaged(path, str(error)) from error


def _read_samples(path: Path) -> pd.DataFrame:
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    try:
        table = pd.read_csv(path, sep="\t", dtype=str, index_col=0)
    except (OSError, ValueError) as error:
        raise damaged(path, str(error)) from error
    lacking = set(OBS) - set(table.columns)
    if lacking or table.index.has_duplicates:
        why = f"it has no column {', '.join(sorted(lacking))}" if lacking else "a sample twice"
        raise damaged(path, why)
    return table[list(OBS)].rename(columns=OBS).rename_axis(None)
