"""Names of cells and of features as studies have them, in any number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_SYMBOLS = """
ACTB GAPDH MALAT1 CD3D CD3E CD8A MS4A1 NKG7 LYZ CD14 PPBP CST3 FCGR3A GNLY IL7R CCR7 S100A4
CD79A CD79B HLA-DRA B2M TP53 KRAS EGFR MYC RPL13 RPS18 MT-CO1 FTL TMSB4X AAMP ZNF202 LINC00115
"""
SYMBOLS = _SYMBOLS.split()


def _lettered(count: int) -> list[str]:
    return [f"{'ABCDEFGH'[i % 8]}{i // 8:02d}" for i in range(count)]


def _barcode(number: int) -> str:
    return "".join("ACGT"[(number >> (2 * place)) & 3] for place in range(16))


def _shuffled(names: list[str]) -> list[str]:
    return [names[i] for i in np.random.default_rng(0).permutation(len(names))]


FEATURES: dict[str, Callable[[int], list[str]]] = {
    "Ensembl": lambda n: [f"ENSG{100_000 + 7 * i:011d}" for i in range(n)],
    "Ensembl with versions": lambda n: [f"ENSMUSG{31 * i:011d}.{i % 9}" for i in range(n)],
    "zebrafish": lambda n: [f"ENSDARG{3 * i:011d}" for i in range(n)],
    "RefSeq": lambda n: [f"NM_{100_000 + 7 * i:06d}.2" for i in range(n)],
    "flies": lambda n: [f"FBgn{11 * i:07d}" for i in range(n)],
    "worms": lambda n: [f"WBGene{11 * i:08d}" for i in range(n)],
    "Arabidopsis": lambda n: [f"AT{1 + i % 5}G{10 * i:05d}" for i in range(n)],
    "yeast": lambda n: [f"Y{'ABCDEFGH'[i % 8]}{'LR'[i % 2]}{i:03d}W" for i in range(n)],
    "UniProt": lambda n: [
        f"{'PQO'[i % 3]}{i % 10}{'AB3'[i % 3]}{i % 7}Z{i % 10}" for i in range(n)
    ],
    "Affymetrix": lambda n: [f"{200_000 + i}_{'s_' if i % 3 else ''}at" for i in range(n)],
    "Illumina": lambda n: [f"ILMN_{1_700_000 + i}" for i in range(n)],
    "methylation": lambda n: [f"cg{50_000 + i:08d}" for i in range(n)],
    "variants": lambda n: [f"rs{1_000 + 13 * i}" for i in range(n)],
    "peaks": lambda n: [f"chr{1 + i % 22}:{900 * i}-{900 * i + 500}" for i in range(n)],
    "symbols": lambda n: (SYMBOLS + [f"ZNF{i}L" for i in range(n)])[:n],
    "symbols of mice": lambda n: [s.capitalize() for s in FEATURES["symbols"](n)],
    "symbols of zebrafish": lambda n: [s.lower() for s in FEATURES["symbols"](n)],
    "symbols in any order": lambda n: _shuffled(FEATURES["symbols"](n)),
    "ids and symbols": lambda n: [f"ENSG{7 * i:011d}_GENE{i}" for i in range(n)],
    "of genomes": lambda n: [f"{'hg19' if i % 2 else 'mm10'}_G{i}" for i in range(n)],
    "numbered": lambda n: [f"gene{i}" for i in range(n)],
    "numbered, capitals": lambda n: [f"GENE_{i}" for i in range(n)],
}
CELLS: dict[str, Callable[[int], list[str]]] = {
    "10x": lambda n: [f"{_barcode(7_919 * i)}-1" for i in range(n)],
    "10x of samples": lambda n: [f"pbmc{i % 3}_{_barcode(7_919 * i)}-1" for i in range(n)],
    "Drop-seq": lambda n: [_barcode(7_919 * i)[:12] for i in range(n)],
    "GEO": lambda n: [f"GSM{3_587_900 + i}" for i in range(n)],
    "GEO and barcodes": lambda n: [f"GSM22307{i % 9}_{_barcode(31 * i)}" for i in range(n)],
    "SRA": lambda n: [f"SRR{1_551_000 + i}" for i in range(n)],
    "TCGA": lambda n: [f"TCGA-{'AB'[i % 2]}8-A{i:03d}-01A" for i in range(n)],
    "TCGA read by R": lambda n: [f"TCGA.{'AB'[i % 2]}8.A{i:03d}.01A" for i in range(n)],
    "GTEx": lambda n: [f"GTEX-1117F-{i:04d}-SM-5GZZ7" for i in range(n)],
    "numbered": lambda n: [f"cell{i}" for i in range(n)],
    "samples": lambda n: [f"Sample_{i}" for i in range(n)],
    "two groups": lambda n: [f"{'Tumor' if i % 2 else 'Normal'}_{i // 2}" for i in range(n)],
    "split-pool": lambda n: ["_".join([_barcode(31 * i)[:8]] * 3) for i in range(n)],
    "patients": lambda n: [f"patient {i}" for i in range(n)],
}
UNTOLD: dict[str, Callable[[int], list[str]]] = {
    "numbers": lambda n: [str(i) for i in range(n)],
    "c0": lambda n: [f"c{i}" for i in range(n)],
    "V1": lambda n: [f"V{i + 1}" for i in range(n)],
    "P00001": lambda n: [f"P{i:05d}" for i in range(n)],
    "wells": _lettered,
    "guides": lambda n: [f"{_barcode(7_919 * i)}ACGT" for i in range(n)],
    "sequences": lambda n: [f"{_barcode(7_919 * i)}{'ACGT' * 60}" for i in range(n)],
    "hospital": lambda n: [f"KL{i % 9}-{i:03d}x" for i in range(n)],
    "dates": lambda n: [f"2021-0{1 + i % 9}-{10 + i}" for i in range(n)],
    "donor and number": lambda n: [f"{i % 5}_{1_000 + i}" for i in range(n)],
}
