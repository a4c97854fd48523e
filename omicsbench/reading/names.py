"""What names tell: identifiers and symbols of features, barcodes and accessions of cells.

Names that only number ("c0", "sample 7", "V12") tell something by their word, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

NamedThing = Literal["feature", "cell"]
LOOKED_AT = 2_000  # names, spread evenly; a name is matched in some microseconds
MOST = 0.6  # share of the names that must be of a kind
SYMBOLS_NEEDED = 5  # well-known ones among names that look like symbols

_BEFORE, _AFTER = r"(?:^|[^A-Za-z0-9])", r"(?:$|[^A-Za-z0-9])"
# Kinds of names, each as the user is told of them. What stands between word boundaries is found
# beside other parts of a name too: "hg19_ENSG00000141510", "GSM2230757:ACGTACGTACGTACGT-1".
FEATURES = {
    "Ensembl ids": rf"{_BEFORE}ENS[A-Z]{{0,6}}[EGPT][0-9]{{6,}}(?:\.[0-9]+)?{_AFTER}",
    "RefSeq ids": rf"{_BEFORE}[NX][MPR]_[0-9]{{6,}}(?:\.[0-9]+)?{_AFTER}",
    "FlyBase ids": rf"{_BEFORE}FB(?:gn|tr|pp)[0-9]{{7}}{_AFTER}",
    "WormBase ids": rf"{_BEFORE}WBGene[0-9]{{8}}{_AFTER}",
    "ids of Arabidopsis": rf"{_BEFORE}AT[1-5CM]G[0-9]{{5}}(?:\.[0-9]+)?{_AFTER}",
    "ids of rice or maize": r"^(?:LOC_)?(?:Os[0-9]{2}[gt][0-9]{5,7}|Zm[0-9]{5}\w{1,2}[0-9]{6})",
    "ids of yeast": rf"{_BEFORE}Y[A-P][LR][0-9]{{3}}[CW](?:-[A-Z])?{_AFTER}",
    "ids of a gene database": r"^(?:HGNC|MGI|RGD|ZFIN|Entrez|GeneID):|^ZDB-GENE-|^LOC[0-9]{6,}$",
    "UniProt ids": r"^(?:(?:sp|tr)\|)?"
    r"(?:[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2})"
    r"(?:-[0-9]+)?(?:\|.*)?$",
    "probe ids": r"^AFFX-|[0-9A-Za-z]_(?:[a-z]_)?at$|^ILMN_[0-9]+$|^A_[0-9]+_P[0-9]+$"
    r"|^(?:cg|ch\.[0-9XY]+\.)[0-9]{6,}\w*$|^TC[0-9]{8,}\.hg",
    "rs ids": r"^rs[0-9]{3,}(?:_[ACGT0]+)?$",
    "positions in a genome": r"^chr(?:[0-9]{1,2}|[XYM]|MT)[:_-][0-9]+(?:$|[:_-])"
    r"|^(?:[0-9]{1,2}|[XY]|MT):[0-9]{3,}(?:$|[:_-])",
    "microRNAs": r"^(?:hsa|mmu|rno|dre|cel|dme|ath)-(?:mir|let|lin|bantam)",
    "metabolite ids": r"^(?:HMDB[0-9]{5,}|CHEBI:[0-9]+|KEGG:?C[0-9]{5}|LM[A-Z]{2}[0-9]{8,})",
}
CELLS = {
    # Guides have 20 letters, sequences of microbes more: features that nothing tells.
    "barcodes": r"(?:^|[^A-Za-z])(?:(?:[ACGTN]{6,10}[-_.+]){1,3}[ACGTN]{6,10}"
    r"|[ACGTN]{10,19}|[ACGTN]{21,30})[0-9]*(?:$|[^A-Za-z])",
    "TCGA barcodes": r"^TCGA[-.]\w\w[-.]\w{4}",
    "GTEx ids": r"^GTEX[-.]\w{4,5}",
    "sample accessions": r"(?:^|[^A-Za-z0-9])(?:GSM[0-9]{4,}|[DES]R[RSX][0-9]{5,}"
    r"|SAM(?:N|EA|D)[0-9]{5,}|ACH-[0-9]{6}|HG0[0-9]{4}|NA[0-9]{5})(?:$|[^0-9])",
}
WORDS: dict[NamedThing, tuple[str, ...]] = {
    "feature": ("feature", "gene", "transcript", "protein", "probe", "peak", "snp", "cpg"),
    "cell": (
        *("cell", "barcode", "spot", "sample", "patient", "donor", "subject", "individual"),
        *("mouse", "case", "control", "ctrl", "tumor", "tumour", "normal", "healthy", "treated"),
    ),
}
# Expressed or quoted in nearly every study of man or mouse, in capitals.
_SYMBOLS = """
ACTB ACTG1 AFP AKT1 ALB APC APOE APP AR ATM B2M BAX BCL2 BRAF BRCA1 BRCA2 C1QA C1QB CCL2 CCL3
CCL4 CCL5 CCND1 CCR7 CD14 CD19 CD2 CD24 CD27 CD33 CD34 CD38 CD3D CD3E CD3G CD4 CD44 CD47 CD68
CD74 CD79A CD79B CD8A CD8B CDH1 CDK1 CDK2 CDK4 CDKN1A CDKN2A CEACAM5 CHGA CLDN5 COL1A1 COL1A2
COL3A1 CST3 CTLA4 CTNNB1 CXCL10 CXCL12 CXCL8 CXCR4 DCN EEF1A1 EGFR EPCAM ERBB2 ESR1 FCER1A
FCGR3A FGFR1 FN1 FOS FOXP3 FTH1 FTL GAPDH GATA1 GATA2 GATA3 GFAP GNLY GZMA GZMB GZMK HBA1 HBA2
HBB HIF1A HLA-A HLA-B HLA-C HLA-DRA HLA-DRB1 HPRT1 HSP90AA1 HSPA1A IFNG IGHG1 IGHM IGKC IL10
IL1B IL2 IL2RA IL32 IL6 IL7R INS ITGAM ITGAX JAK2 JCHAIN JUN JUNB KIT KLF4 KLRB1 KLRD1 KRAS
KRT14 KRT18 KRT19 KRT5 KRT8 LAG3 LAMP1 LDHA LGALS3 LST1 LTB LYZ MALAT1 MAPK1 MET MKI67 MMP9
MS4A1 MT-ATP6 MT-CO1 MT-CO2 MT-CO3 MT-CYB MT-ND1 MT-ND2 MT-ND4 MTOR MYC NANOG NCAM1 NEAT1 NES
NKG7 NOTCH1 NRAS OLIG2 PAX5 PAX6 PCNA PDCD1 PDGFRA PDGFRB PECAM1 PF4 PGK1 PIK3CA POU5F1 PPBP
PRF1 PTEN PTPRC RB1 RPL13 RPL13A RPL3 RPLP0 RPLP1 RPS18 RPS27 RPS3 RPS4X RPS6 RUNX1 S100A4
S100A8 S100A9 SDHA SNAP25 SOX2 SOX9 SPI1 STAT1 STAT3 TAGLN TBP TERT TGFB1 TIGIT TMSB10 TMSB4X
TNF TOP2A TP53 TRAC TUBA1B TUBB TYROBP UBB UBC VEGFA VIM XIST
"""
SYMBOLS = frozenset(_SYMBOLS.split())
_GENOME = re.compile(r"^(?:hg[0-9]{2}|mm[0-9]{1,2}|GRC[a-z]+[0-9]+)[_:.-]+")
_NUMBERED = re.compile(r"^(\D*?)[ ._-]*[0-9]+$")
_SYMBOL = re.compile(r"^[A-Za-z][A-Za-z0-9]*(?:[-.][A-Za-z0-9]+)*$")


@dataclass(frozen=True)
class NamesTold:
    """What names tell of what they name.

    Attributes
    ----------
    side : a feature or a cell.
    why : with examples, such as "Ensembl ids (ENSG00000141510, ...)".
    """

    side: NamedThing
    why: str


def told_by(names: Sequence[object]) -> NamesTold | None:
    """What most of ``names`` tell, None if nothing; two names or fewer tell nothing."""
    every = [str(name) for name in names]
    if len(every) < 3:
        return None
    places = np.linspace(0, len(every) - 1, min(len(every), LOOKED_AT)).astype(int)
    some = [every[place] for place in places]
    of_genome = [name for name in some if _GENOME.match(name)]
    if len(of_genome) >= MOST * len(some):
        return NamesTold("feature", _with_examples("genes of a genome", of_genome))
    some = [_GENOME.sub("", name) for name in some]
    if _number(some):
        return _by_word(some)
    sides: tuple[tuple[NamedThing, dict[str, str]], ...] = (("cell", CELLS), ("feature", FEATURES))
    for side, kinds in sides:
        found = {kind: [n for n in some if re.search(form, n)] for kind, form in kinds.items()}
        together = set().union(*found.values())
        if sum(name in together for name in some) >= MOST * len(some):
            kind = max(found, key=lambda one: len(found[one]))
            return NamesTold(side, _with_examples(kind, found[kind]))
    return _by_word(some) or _by_symbols(every, some)


def identifies(name: str, side: NamedThing) -> bool:
    """Whether one name alone is an identifier, as ENSG00000141510 is of a feature."""
    forms = (FEATURES if side == "feature" else CELLS).values()
    return any(re.search(form, name) for form in forms)


def _number(names: list[str]) -> bool:
    """Whether the names only number: of one word, or none, and digits. P00001 is no protein."""
    words = _words(names)
    if not words or len(words) > 1:
        return False
    return len(words.pop()) < 2 or not (
        identifies(names[0], "feature") or identifies(names[0], "cell")
    )


def _by_word(names: list[str]) -> NamesTold | None:
    """What words before numbers tell, such as of "Tumor_1" and "Normal_1"."""
    words = _words(names)
    for side, known in WORDS.items():
        if words and all(word.lower().removesuffix("s") in known for word in words):
            return NamesTold(side, f"such as {names[0]}")
    return None


def _words(names: list[str]) -> set[str]:
    """The words of names that are all a word and digits, empty if one is not."""
    found = [_NUMBERED.match(name) for name in names]
    return {one[1] for one in found if one} if all(found) else set()


def _by_symbols(every: list[str], some: list[str]) -> NamesTold | None:
    """Symbols are told by their form and the well-known among them; a form alone tells little."""
    plain = (_GENOME.sub("", name) for name in every)
    known = [name for name in plain if name.upper() in SYMBOLS]  # Actb in mice, actb in zebrafish
    formed = sum(bool(_SYMBOL.match(name)) for name in some)
    few = max(3, len(every) // 2)  # all the symbols of a small panel may be needed
    if len(set(known)) >= min(SYMBOLS_NEEDED, few) and formed >= MOST * len(some):
        return NamesTold("feature", _with_examples("gene symbols", known))
    return None


def _with_examples(kind: str, found: list[str]) -> str:
    return f"{kind} ({', '.join(found[:2])}{', ...' if len(found) > 2 else ''})"
