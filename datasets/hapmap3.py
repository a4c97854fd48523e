"""14,079 SNPs of 957 people of eleven populations, HapMap 3, 2010. Downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omicsbench.plugin import Remote, dataset

if TYPE_CHECKING:
    from anndata import AnnData

FOLDER = (
    "https://raw.githubusercontent.com/gabraham/flashpca/"
    "b8044f13607a072125828547684fde8b081d6191/HapMap3/"
)
BED = Remote(
    f"{FOLDER}HM3_thinned_autosomal_overlap.bed",
    digest="sha256:4e7cbb58b47c05026bce109db4e425f852382ac597735dc32ebfc29e7f84efb8",
)
BIM = Remote(
    f"{FOLDER}HM3_thinned_autosomal_overlap.bim",
    digest="sha256:7db221e0612a19bffcc53fef5c73b7592e425de431221c1985a6fbeecadea26c",
)
FAM = Remote(
    f"{FOLDER}HM3_thinned_autosomal_overlap.fam",
    digest="sha256:d70ddafd3caed0b974e5029f550817a822a8afafe277920633c28766069ec509",
)
POPULATIONS = Remote(
    f"{FOLDER}relationships_w_pops_121708.txt",
    digest="sha256:2f109108a43a4115d7e696a469470999858bfd177df51dc5bf5331bcc7205691",
)
REGIONS = {
    "AFR": ("ASW", "LWK", "MKK", "YRI"),
    "AMR": ("MEX",),
    "EAS": ("CHB", "CHD", "JPT"),
    "EUR": ("CEU", "TSI"),
    "SAS": ("GIH",),
}


@dataset(
    name="hapmap3",
    summary="Genotypes of 957 people of 11 populations at 14,079 SNPs (HapMap 3).",
    source="https://doi.org/10.1038/nature09298",
    licence="GPL-3 (flashpca, which carries the data); HapMap 3 is public without restriction",
    values="genotypes",
    label="population",
    provenance="author",
    remote=(BED, BIM, FAM, POPULATIONS),
)
def load() -> AnnData:
    """X: dense (957, 14079), copies of an allele. ``obs``: population, and region by 1000 Genomes.

    The population is where a person was recruited. ``var``: chromosome, position, the counted and
    the other allele. People are founders of their families; SNPs were thinned by the carrier, so
    that neighbours tell little of each other.
    """
    from omicsbench.datasets._paired import damaged
    from omicsbench.datasets._plink import read_fields, read_plink
    from omicsbench.plugin import fetch, note

    adata, missing = read_plink(fetch(BED), fetch(BIM), fetch(FAM))
    path = fetch(POPULATIONS)
    population_of = {fields[1]: fields[6] for fields in read_fields(path, 7, header=True)}
    region_of = {one: region for region, several in REGIONS.items() for one in several}
    if not all(population_of.get(name) in region_of for name in adata.obs_names):
        raise damaged(path, "it does not tell everybody's population")
    adata.obs["population"] = [population_of[name] for name in adata.obs_names]
    adata.obs["region"] = [region_of[one] for one in adata.obs["population"]]
    note(
        adata,
        f"{missing.mean():.2%} of the genotypes are missing: taken as two copies of the allele "
        "that the file states as the major one, so that nothing is learnt from other people.",
        "564 of these people are in g1k_phase1 too. Populations differ mostly along a few linear "
        "axes, so PCA is expected to do well; the region alone is easy.",
    )
    return adata
