"""Small files in the layouts of real data of beyond a thousand samples, by name of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

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


def mutants(text: str | None = None) -> Files:
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
    return {"avgfp.tsv": (text or "\n".join(lines) + "\n").encode()}


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


WRITERS: dict[str, Callable[[], Files]] = {
    "pbmc_facs": cache(facs),
    "avgfp_dms": cache(mutants),
    "soynam": cache(soy),
}
