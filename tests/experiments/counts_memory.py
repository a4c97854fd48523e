"""Does memory stay flat as cells grow, of the methods that read counts by blocks?

    python tests/experiments/counts_memory.py                    # both, at three sizes: minutes
    python tests/experiments/counts_memory.py count_vae 10000    # one, in this process

Cells x 1,000 genes are made up as they are read, each one always alike: a cell of 4,096 simulated
ones, its genes shifted by its number. Each method is fitted on all (``count_vae`` in 510 steps and
a look at held-out cells, ``glm_pca`` in one pass) and places up to 100,000 of them, in a fresh
process. What is printed is the resident high-water mark of that process, libraries included.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import numpy as np

from omicsbench.methods.count_vae import CountVae
from omicsbench.methods.glm_pca import GlmPca
from omicsbench.running import measure
from omicsbench.stream import Counts

SIZES = (10_000, 100_000, 1_300_000)
GENES, KINDS, PLACED = 1_000, 4_096, 100_000
METHODS: dict[str, Any] = {
    "count_vae": lambda: CountVae(10, max_steps=510),
    "glm_pca": lambda: GlmPca(10, max_iter=1),
}


def made_up(n: int) -> Counts:
    """n cells of ten types, depths apart, none of which is held."""
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.full(GENES, 0.3), 10)[rng.integers(0, 10, KINDS)]
    kinds = rng.poisson(shares * rng.lognormal(7, 0.4, (KINDS, 1))).astype(np.float32)
    twice = np.hstack([kinds, kinds])

    def read(places: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, Any]:
        out = np.empty((places.size, GENES), dtype=np.float32)
        for i, cell in enumerate(places):
            shift = cell // KINDS % 8
            out[i] = twice[cell % KINDS, shift : shift + GENES]
        return out

    return Counts(read, kinds.sum(axis=1)[np.arange(n) % KINDS], GENES)


def one(name: str, n: int) -> None:
    X = made_up(n)
    peaks, start = [measure.peak_rss_bytes()], time.perf_counter()
    model = METHODS[name]().fit(X)
    peaks.append(measure.peak_rss_bytes())
    model.transform(X.some(slice(0, PLACED)))
    peaks.append(measure.peak_rss_bytes())
    before, fitted, placed = (f"{peak / 2**20:,.0f}" for peak in peaks)
    print(
        f"{name:10} {n:>9,} cells: peak {before} MiB before, {fitted} MiB after fit, "
        f"{placed} MiB after placing; {time.perf_counter() - start:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        one(sys.argv[1], int(sys.argv[2]))
    else:
        for name in METHODS:
            for n in SIZES:
                subprocess.run([sys.executable, __file__, name, str(n)], check=True)
