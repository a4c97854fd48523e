"""Small PLINK files, and what stands beside them, by name of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

Files = Mapping[str, bytes]
PEOPLE, SNPS = 42, 9  # the last byte of a SNP holds two people only
STEMS = {
    "hapmap3": "HM3_thinned_autosomal_overlap",
    "g1k_phase1": "1kg.ref.phase1_release_v3.20101123_thinned_autosomal_overlap",
}
POPULATIONS = ("ASW", "CEU", "CHB")
PANEL = "integrated_call_samples_v3.20130502.ALL.panel"


def genotypes(missing: bool) -> np.ndarray:
    """People x SNPs: copies of the first allele, some of them NaN."""
    rng = np.random.default_rng(0)
    copies = rng.integers(0, 3, (PEOPLE, SNPS)).astype(float)
    if missing:
        copies[rng.random(copies.shape) < 0.1] = np.nan
    return copies


def packed(copies: np.ndarray) -> bytes:
    """A .bed, SNP by SNP: 00 two copies, 01 missing, 10 one, 11 none; the first person lowest."""
    codes = np.where(np.isnan(copies), 1, np.array([3, 2, 0])[np.nan_to_num(copies).astype(int)])
    held = bytearray(b"\x6c\x1b\x01")
    for snp in codes.T:
        for start in range(0, len(snp), 4):
            held.append(sum(int(code) << 2 * i for i, code in enumerate(snp[start : start + 4])))
    return bytes(held)


def plink(name: str, copies: np.ndarray, **changed: Any) -> dict[str, bytes]:
    people = [f"NA{i:05d}" for i in range(PEOPLE)]
    held = {
        "bed": packed(copies),
        "bim": "".join(f"{1 + j // 4}\trs{j}\t0\t{1000 * j}\tA\tG\n" for j in range(SNPS)),
        "fam": "".join(f"{i // 2} {one} 0 0 1 -9\n" for i, one in enumerate(people)),
    } | changed
    return {
        f"{STEMS[name]}.{kind}": text.encode() if isinstance(text, str) else text
        for kind, text in held.items()
    }


def hapmap(told: int = PEOPLE, **changed: Any) -> Files:
    """People in the file of populations in another order, and others among them."""
    lines = [f"{i // 2}\tNA{i:05d}\t0\t0\t1\t0\t{POPULATIONS[i % 3]}" for i in range(told)]
    lines.insert(3, "77\tNA99999\t0\t0\t2\t0\tYRI")
    table = "\n".join(["FID\tIID\tdad\tmom\tsex\tpheno\tpopulation", *reversed(lines)])
    files = plink("hapmap3", genotypes(missing=True), **changed)
    return {**files, "relationships_w_pops_121708.txt": table.encode()}


def thousand(missing: bool = False, **changed: Any) -> Files:
    """The first four people are not in the panel, whose lines end in blanks."""
    lines = [
        f"NA{i:05d}\t{POPULATIONS[i % 3]}\t{('AFR', 'EUR', 'EAS')[i % 3]}\tmale\t\t"
        for i in range(4, PEOPLE + 5)
    ]
    table = "\n".join(["sample\tpop\tsuper_pop\tgender", *lines]) + "\n"
    return {**plink("g1k_phase1", genotypes(missing), **changed), PANEL: table.encode()}


WRITERS: dict[str, Callable[[], Files]] = {"hapmap3": cache(hapmap), "g1k_phase1": cache(thousand)}
