"""Gut species of people with and without a disease, 13 studies, Pasolli et al. 2016. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from anndata import AnnData
    from numpy.typing import NDArray

TABLE = Remote(
    "https://raw.githubusercontent.com/SegataLab/metaml/"
    "52fbd54a3bf97569be9c54864fc8c6be445a9d8d/abundance.txt.bz2",
    digest="sha256:64b505c930c8801debef1e95202699c13acf8a44f99ebb0700a4622f60ddcc16",
)
OBS = {
    "dataset_name": "study",
    "subjectID": "subject",
    "disease": "stated",
    "country": "country",
    "gender": "sex",
}
NEEDED = ("sampleID", "bodysite", *OBS)
DISEASE = {
    **dict.fromkeys(("n", "leaness"), "no"),
    **dict.fromkeys(
        (
            "t2d",
            "obesity",
            "ibd_ulcerative_colitis",
            "ibd_crohn_disease",
            "cirrhosis",
            "cancer",
            "stec2-positive",
        ),
        "yes",
    ),
}


@dataset(
    name="metaml",
    summary="Gut species of people with one of seven diseases or none: 1,542 samples, 13 studies.",
    source="https://doi.org/10.1371/journal.pcbi.1004977",
    licence="none stated by the carrier (SegataLab/metaml)",
    values="composition",
    label="disease",
    provenance="author",
    unit="subject",
    groups=("study",),
    batch="study",
    remote=(TABLE,),
)
def load() -> AnnData:
    """X: CSR (1542, 1291), per cent of each species, by MetaPhlAn; samples of stool.

    ``obs["disease"]``: yes for diabetes (type 2), obesity, inflammatory bowel disease,
    cirrhosis, colorectal cancer and infection with E. coli O104, no where the carrier
    says healthy or lean; ``obs["stated"]`` is its word. Left out, and told: what is between
    (adenomas, impaired glucose tolerance, relatives) or unknown. Of a person whom several studies
    list, and may label otherwise, the samples of the first study in the file are kept.
    """
    from omicsbench.plugin import fetch

    return _read(fetch(TABLE))


def _read(path: Path) -> AnnData:
    import anndata
    import pandas as pd
    from scipy import sparse

    from omicsbench.datasets._paired import damaged
    from omicsbench.plugin import note

    about, species, percent = _unpack(path)
    stool = about["bodysite"] == "stool"
    told = about["disease"].isin(DISEASE)
    first = about["subjectID"].map(about[stool & told].groupby("subjectID")["dataset_name"].first())
    kept = (stool & told & (about["dataset_name"] == first)).to_numpy()
    if not kept.any():
        raise damaged(path, "it holds no sample of stool of which a disease is told")
    about = about[kept]
    obs = about[list(OBS)].rename(columns=OBS)
    obs.insert(0, "disease", obs["stated"].map(DISEASE))
    names = about["dataset_name"] + "." + about["sampleID"]
    adata = anndata.AnnData(
        X=sparse.csr_matrix(percent[kept]),
        obs=obs.set_axis(names.tolist()),
        var=pd.DataFrame({"clade": species}, index=[s.rpartition("|s__")[2] for s in species]),
    )
    adata.obs_names_make_unique()
    note(
        adata,
        f"{int((stool & ~told).sum()):,} samples of stool left out: no disease, or none that is "
        "plainly there or not, is told of them.",
        f"{int((stool & told).sum()) - adata.n_obs:,} samples left out: of people whom an earlier "
        "study lists too.",
        "A study has its own diseases, people and laboratory: what tells diseases apart may tell "
        "studies apart. Split by study too.",
    )
    return adata


def _unpack(path: Path) -> tuple[pd.DataFrame, list[str], NDArray[np.float32]]:
    """What is told of each sample (n, columns), names of species, per cent (n, species).

    The table has samples in columns; rows that tell of them stand above those of clades, of all
    ranks, of which species are taken.
    """
    import bz2

    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    told: dict[str, list[str]] = {}
    species: list[str] = []
    rows: list[NDArray[np.float32]] = []
    try:
        with bz2.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                name, _, rest = line.rstrip("\r\n").partition("\t")
                if name in NEEDED:
                    told[name] = rest.split("\t")
                elif "|s__" in name and "|t__" not in name:
                    species.append(name)
                    rows.append(np.array(rest.split("\t"), dtype=np.float32))
        lacking = set(NEEDED) - set(told)
        if lacking or not rows:
            raise ValueError(f"it has no row {', '.join(sorted(lacking)) or 'of a species'}")
        about, percent = pd.DataFrame(told), np.column_stack(rows)
        if len(about) != len(percent):
            raise ValueError("its rows differ in length")
        return about, species, percent
    except (OSError, EOFError, ValueError) as error:
        raise damaged(path, str(error)) from error
