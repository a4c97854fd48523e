"""5,150 soybean lines of 39 crosses, genotypes and traits of the field, SoyNAM. Downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.plugin import DataError, Remote, dataset

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

_BASE = (
    "https://raw.githubusercontent.com/cran/SoyNAM/34b1c01912ba6b95b67b78d98667b50d0602904b/data/"
)
GENOTYPES = Remote(
    _BASE + "soyin.RData",
    digest="sha256:6831559984b7607d6f4b1cf21679ac13bb6a4539300343043ac2791e796c5b59",
)
PLOTS = Remote(
    _BASE + "soybase.RData",
    digest="sha256:e8b78f9fb4fe44012f1221c113d6d63233c21ac01b196da6eb3704a8631b062d",
)
TRAITS = ("yield", "height", "R8", "lodging", "protein", "oil", "size")


@dataset(
    name="soynam",
    summary="SNP genotypes and traits measured in the field of 5,150 soybean lines of 39 crosses.",
    source="https://doi.org/10.1534/g3.118.200332",
    licence="GPL-3 (R package SoyNAM, which carries the data); soybase.org's own not stated there",
    values="genotypes",
    unit="family",
    target="trait",
    needs=("rdata",),
    remote=(GENOTYPES, PLOTS),
)
def load(trait: str = "yield") -> AnnData:
    """X: dense (5150, 4240), copies of an allele, 0, 1 or 2, imputed by the carrier.

    ``obs["trait"]``: how far a line's plots lie, in the mean, from the mean of all lines' plots in
    the same environment (place and year). ``obs["family"]``: the cross it comes from.

    Parameters
    ----------
    trait : ``yield``, ``height``, ``R8`` (days to maturity), ``lodging``, ``protein``, ``oil`` or
        ``size`` of seeds, in the units of soybase. Lines without it are left out.
    """
    from omicsbench.plugin import fetch, note

    if trait not in TRAITS:
        raise DataError(f"soynam has no trait {trait!r}: use one of {', '.join(TRAITS)}.")
    genotypes = _read_genotypes(fetch(GENOTYPES))
    lines = _read_plots(fetch(PLOTS), trait)
    kept = genotypes.obs_names.isin(lines.index)
    if not kept.any():
        raise DataError(f"{PLOTS.name} and {GENOTYPES.name} name no line in common.")
    adata = genotypes[kept].copy()
    adata.obs = lines.loc[adata.obs_names]
    note(
        adata,
        f"trait is {trait}, a line's mean deviation from the mean of its environments.",
        f"{int((~kept).sum()):,} of {genotypes.n_obs:,} lines left out: {trait} was not measured.",
        "Most of what a random split lets predict are means of families: split by family too.",
        "Missing genotypes were imputed by the carrier from all lines, those of the test included.",
    )
    return adata


def _read_genotypes(path: Path) -> AnnData:
    import anndata
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._rdata import pick, read_r

    found: Any = pick(read_r(path), path, "gen.in")
    try:
        lines, markers = ([str(n) for n in found.coords[f"dim_{i}"].values] for i in (0, 1))
        X = np.asarray(found.values, dtype=np.float32)
    except (AttributeError, KeyError, ValueError) as error:
        raise damaged(path, "gen.in is no table of genotypes with names") from error
    if not np.isin(X, (0, 1, 2)).all():
        raise damaged(path, "a genotype is none of 0, 1 and 2")
    return anndata.AnnData(X, obs=pd.DataFrame(index=lines), var=pd.DataFrame(index=markers))


def _read_plots(path: Path, trait: str) -> pd.DataFrame:
    """Of each line of which ``trait`` was measured: ``trait``, ``family``."""
    import pandas as pd

    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._rdata import frame, read_r

    plots = frame(read_r(path), path, ("environ", "strain", "family", trait), "data.line.qa")
    plots = plots.dropna()
    strain, environment = plots["strain"].astype(str), plots["environ"].astype(str)
    measured = plots[trait].astype(float)
    deviation = measured - measured.groupby(environment).transform("mean")
    families = plots["family"].astype(int).astype(str).groupby(strain)
    if (families.nunique() > 1).any():
        raise damaged(path, "a line is of two families")
    return pd.DataFrame(
        {"trait": deviation.groupby(strain).mean(), "family": families.first()}
    ).rename_axis(None)
