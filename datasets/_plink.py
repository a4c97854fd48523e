"""Reader of PLINK 1 files (.bed, .bim, .fam): people x SNPs, copies of an allele."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anndata import AnnData
    from numpy.typing import NDArray

MAGIC = b"\x6c\x1b\x01"  # the last byte: SNP by SNP, four people a byte
MISSING = 255
COPIES = (2, MISSING, 1, 0)  # of the first allele, by the two bits that stand for them
SNP = ("chromosome", "name", "morgans", "position", "counted", "other")  # columns of a .bim
PERSON = ("family", "name", "father", "mother", "sex", "phenotype")  # columns of a .fam


def read_plink(bed: Path, bim: Path, fam: Path) -> tuple[AnnData, NDArray[Any]]:
    """Copies of the first allele, and which of them are missing.

    X is dense, (people, SNPs) float32: 0, 1 or 2. ``var`` has the chromosome, position, and the
    two alleles, ``counted`` and ``other``. Where a genotype is missing, True in the second array,
    X is 0: two copies of the second allele, which is the major one as PLINK writes these files.
    No other person is looked at. Raises DataError.
    """
    import anndata
    import numpy as np
    import pandas as pd

    from omicsbench.datasets._paired import damaged

    snps = pd.DataFrame(read_fields(bim, len(SNP)), columns=list(SNP)).set_index("name")
    people = pd.DataFrame(read_fields(fam, len(PERSON)), columns=list(PERSON)).set_index("name")
    for path, named in ((bim, snps), (fam, people)):
        if not named.index.is_unique:
            raise damaged(path, "a name occurs more than once")
    held = bed.read_bytes()
    if not held.startswith(MAGIC):
        raise damaged(bed, "it does not begin as a .bed does that holds SNP by SNP")
    if len(held) != len(MAGIC) + len(snps) * -(-len(people) // 4):
        raise damaged(bed, f"it does not hold {len(people):,} people and {len(snps):,} SNPs")
    packed = np.frombuffer(held, dtype=np.uint8, offset=len(MAGIC)).reshape(len(snps), -1)
    bits = np.stack([(packed >> shift) & 3 for shift in (0, 2, 4, 6)], axis=2)
    genotypes = bits.reshape(len(snps), -1)[:, : len(people)].T
    copies = np.ascontiguousarray(np.array(COPIES, dtype=np.uint8)[genotypes])
    missing = copies == MISSING
    adata = anndata.AnnData(
        np.where(missing, 0, copies).astype(np.float32),
        obs=people[[]],
        var=snps[["chromosome", "position", "counted", "other"]],
    )
    return adata, missing


def read_fields(path: Path, number: int, header: bool = False) -> list[list[str]]:
    """The lines of a text file, each of ``number`` fields with blanks between; without a header.

    Raises DataError.
    """
    from omicsbench.datasets._paired import damaged

    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except ValueError as error:
        raise damaged(path, str(error)) from error
    found = [line.split() for line in lines]
    wrong = next((i for i, fields in enumerate(found, 1) if len(fields) != number), None)
    if wrong or len(found) <= header:
        raise damaged(path, f"line {wrong or 1} does not hold {number} fields")
    return found[header:]
