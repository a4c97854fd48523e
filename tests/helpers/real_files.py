"""Small files in the layouts of real data of beyond a thousand samples, by name of the file."""

from __future__ import annotations

import bz2
import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import h5py
import numpy as np
import pandas as pd
from scipy import sparse

Files = Mapping[str, bytes]
TYPES = {"CD19+ B": "B cell", "CD34+": "CD34+", "CD56+ NK": "NK cell"}
GENES = [f"ENSG{i:011d}" for i in range(30)]


def facs(**changed: Any) -> Files:
    """Counts of 45 and 12 cells in R's list; ``changed`` parts of it, None to leave one out."""
    from r_files import counts_of, dgc, written

    held: dict[str, Any] = {
        "genes": pd.DataFrame({"ensembl": GENES, "symbol": ["A", "A", *map(str, range(28))]})
    }
    for part, cells in (("", 45), ("_test", 12)):
        types = [list(TYPES)[i % 3] for i in range(cells)]
        barcodes = [f"AC{i:03d}{len(part)}-1" for i in range(cells)]
        names = [f"{b}-{t[:4].lower()}" for b, t in zip(barcodes, types, strict=True)]
        held[f"samples{part}"] = pd.DataFrame(
            {
                "barcode": barcodes,
                "celltype": pd.Categorical(types),
                "subpop": pd.Categorical([TYPES[t] for t in types]),
            }
        )
        held[f"counts{part}"] = dgc(counts_of(cells, cells, len(GENES)), names, GENES)
    held = {name: part for name, part in (held | changed).items() if part is not None}
    return {"pbmc_facs.RData": written(pbmc_facs=held)}


def mutants() -> Files:
    """Variants with 1 to 3 of 12 mutations, sorted by text as the carrier does."""
    rng = np.random.default_rng(0)
    known = [f"{'ACDEFG'[i % 6]}{i * 7 + 3}{'HIKL*N'[i % 6]}" for i in range(12)]
    variants = set()
    while len(variants) < 60:
        chosen = sorted(rng.choice(12, rng.integers(1, 4), replace=False))
        variants.add(",".join(known[i] for i in chosen))
    lines = ["variant\tnum_mutations\tscore\tscore_wt_norm"]
    for variant in sorted(variants):
        score = 3.7 - 0.9 * variant.count(",") + rng.normal(0, 0.1)
        lines.append(f"{variant}\t{variant.count(',') + 1}\t{score:.6f}\t{score - 3.72:.6f}")
    return {"avgfp.tsv": ("\n".join(lines) + "\n").encode()}


def lines_of(count: int) -> list[str]:
    return [f"DS11-{2 + i % 3:02d}{i:03d}" for i in range(count)]


def soy(genotypes: Any = None, **changed: Any) -> Files:
    """50 lines of 3 crosses, 45 of which were grown in 2 environments."""
    from r_files import Matrix, written

    held = np.random.default_rng(0).integers(0, 3, (50, 20)).astype(float)
    markers = [f"Gm{i:02d}_{i * 1000}" for i in range(20)]
    genotypes = held if genotypes is None else genotypes
    traits = ["height", "R8", "lodging", "yield", "protein", "oil", "size"]
    rows = [
        {
            "environ": environment,
            "strain": line,
            "family": int(line[5:7]),
            "set": "2A",
            **{trait: shift + 3.0 * i + j for j, trait in enumerate(traits)},
        }
        for environment, shift in (("IA_2012", 100.0), ("IL_2013", 900.0))
        for i, line in enumerate(lines_of(45))
    ]
    plots = pd.DataFrame(rows).assign(**changed)
    plots["environ"], plots["strain"] = (
        pd.Categorical(plots["environ"]),
        pd.Categorical(plots["strain"]),
    )
    return {
        "soyin.RData": written(**{"gen.in": Matrix(genotypes, lines_of(50), markers)}),
        "soybase.RData": written(**{"data.line.qa": plots}),
    }


SITES = ("Stool", "Saliva", "Throat")


def body(samples: str | None = None, **changed: Any) -> Files:
    """Counts of 8 units in 48 samples of 12 people; their table in another order, with others."""
    ids = [f"SRS{i:03d}.SRX{i % 5}" for i in range(48)]
    counts = np.random.default_rng(0).poisson(2.0, (48, 8)) + 1
    matrix = sparse.csr_matrix(counts)
    csr = {f"sample/matrix/{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")}
    parts = {
        "sample/ids": np.array(ids, dtype=object),
        "observation/ids": np.array([f"{i}3" for i in range(8)], dtype=object),
        "observation/metadata/taxonomy": np.array(
            [["k__Bacteria", f"p__{i}", ""] for i in range(8)], dtype=object
        ),
        **{
            f"sample/matrix/{part}": getattr(matrix, part) for part in ("data", "indices", "indptr")
        },
    }
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        for name, values in (parts | csr | changed).items():
            file.create_dataset(name, data=values)
    header = "#SampleID HMPbodysubsite HMPbodysupersite hostsubjectid RUNCENTER sex visitno other"
    rows = [
        [name, SITES[i % 3], "Oral", f"subject{i % 12}", "AB"[i % 2], "male", "1", "x"]
        for i, name in enumerate([*ids, "SRS999.SRX1"])
    ]
    table = "\n".join(["\t".join(header.split()), *("\t".join(row) for row in rows[::-1])]) + "\n"
    text = table if samples is None else samples
    return {"HMPv35_100nt_even1k.biom": held.getvalue(), "HMPv35_100nt.txt": text.encode()}


# Of each sample: study, subject, body site, what is stated of its disease.
GUTS = [
    *(("A", f"a{i}", "stool", "n" if i % 2 else "obesity") for i in range(20)),
    *(("B", f"a{i}", "stool", "n") for i in range(5)),  # people of A
    *(("B", f"b{i // 2}", "stool", "leaness" if i % 3 else "t2d") for i in range(14)),
    ("A", "a50", "stool", "small_adenoma"),
    ("A", "a51", "skin", "n"),
    ("A", "-", "stool", "nd"),
]


def guts(drop: Sequence[str] = (), text: str | None = None) -> Files:
    """Samples of two studies in columns: rows that tell of them, then clades of several ranks."""
    study, subject, site, stated = zip(*GUTS, strict=True)
    rows: dict[str, Sequence[Any]] = {
        "dataset_name": study,
        "sampleID": [f"s{i}" for i in range(len(GUTS))],
        "subjectID": subject,
        "bodysite": site,
        "disease": stated,
        "age": ["nd"] * len(GUTS),
        "gender": ["male"] * len(GUTS),
        "country": ["italy"] * len(GUTS),
    }
    percent = np.random.default_rng(0).dirichlet(np.ones(4), len(GUTS)) * 100
    rows["k__Bacteria"] = ["100"] * len(GUTS)
    for j in range(4):
        rows[f"k__Bacteria|g__G|s__G_{j}"] = [f"{share:.4f}" for share in percent[:, j]]
        rows[f"k__Bacteria|g__G|s__G_{j}|t__x"] = ["1"] * len(GUTS)
    lines = ["\t".join([name, *row]) for name, row in rows.items() if name not in drop]
    written = "\n".join(lines) + "\n" if text is None else text
    return {"abundance.txt.bz2": bz2.compress(written.encode())}


WRITERS: dict[str, Callable[[], Files]] = {
    "pbmc_facs": cache(facs),
    "avgfp_dms": cache(mutants),
    "soynam": cache(soy),
    "hmp_v35": cache(body),
    "metaml": cache(guts),
}
