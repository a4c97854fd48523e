"""14,079 SNPs of 1,092 people of fourteen populations, 1000 Genomes, 2012. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

STEM = (
    "https://raw.githubusercontent.com/gabraham/flashpca/"
    "b8044f13607a072125828547684fde8b081d6191/HapMap3/"
    "1kg.ref.phase1_release_v3.20101123_thinned_autosomal_overlap"
)
BED = Remote(
    f"{STEM}.bed",
    digest="sha256:fb6559281a206abb3a552f8dcd6078d069b48bb364b54eea4694d16c1ca67b66",
)
BIM = Remote(
    f"{STEM}.bim",
    digest="sha256:ded8b5e781b9941722498eb8972efa705b87ab9e4b37cd6cd51652cc7a300ca4",
)
FAM = Remote(
    f"{STEM}.fam",
    digest="sha256:3403df66dca6a3241e75c371ebfe9ac98e5c3a130b6ae21eae343909aca5a3e1",
)
PANEL = Remote(
    "https://raw.githubusercontent.com/boxiangliu/locuscompare/"
    "f6a3a6ef44163cfbd05d01cdbf666f12893cb5fb/data/integrated_call_samples_v3.20130502.ALL.panel",
    digest="sha256:0fdfdc392ee0480b3e321b6bf28f64afa1983db314f79bd412498490dc7a0f4b",
)


@dataset(
    name="g1k_phase1",
    summary="Genotypes of 1,092 people of 14 populations at 14,079 SNPs (1000 Genomes, phase 1).",
    source="https://doi.org/10.1038/nature11632",
    licence="GPL-3 (flashpca) and GPL (locuscompare), which carry the data; 1000 Genomes is public "
    "without restriction",
    values="genotypes",
    label="population",
    provenance="author",
    remote=(BED, BIM, FAM, PANEL),
)
def load() -> AnnData:
    """X: dense (1092, 14079), copies of an allele. ``obs``: population, region; 59 without either.

    SNPs and counted alleles are those of ``hapmap3``, in an order of their own: match by name.
    """
    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._plink import read_fields, read_plink
    from omicsbench.plugin import fetch, note

    adata, missing = read_plink(path := fetch(BED), fetch(BIM), fetch(FAM))
    if missing.any():
        raise damaged(path, "genotypes are missing")
    told = {fields[0]: fields[1:3] for fields in read_fields(fetch(PANEL), 4, header=True)}
    known = [told.get(name, [None, None]) for name in adata.obs_names]
    adata.obs["population"], adata.obs["region"] = map(list, zip(*known, strict=True))
    unknown = int(adata.obs["population"].isna().sum())
    note(
        adata,
        f"{unknown} of {adata.n_obs:,} people are not in the panel of phase 3, and have no label.",
        "564 of these people are in hapmap3 too. Populations differ mostly along a few linear "
        "axes, so PCA is expected to do well.",
    )
    return adata
