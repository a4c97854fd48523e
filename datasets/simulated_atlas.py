"""A simulated atlas of any size, with the statistics of real counts and a truth that is known."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from omicsbench.plugin import dataset
from omicsbench.stream import BLOCK_ROWS, CellStream

if TYPE_CHECKING:
    from omicsbench.datasets._atlas import Array, Atlas

REAL = "scmark_immune.h5ad"
MAX_CELLS = 5_500_000
THREADS, AHEAD = 2, 4  # blocks drawn at a time, blocks drawn before they are asked for


@dataset(
    name="simulated_atlas",
    summary="Simulated: counts fitted to scmark_immune, 30 types in a hierarchy, trajectories.",
    source="https://doi.org/10.1101/2021.12.08.471773",
    licence="MIT",
    values="counts",
    kind="simulated",
    label="cell_type",
    provenance="simulated",
    version="1",
    needs=("numba", "sklearn"),
    files=(REAL,),
)
def load(n: int = 10_000, genes: int = 2_000, nonlinear: float = 0.3, seed: int = 0) -> CellStream:
    """n cells x genes, raw counts, drawn block by block: never whole, n up to 5.5 million.

    The first n cells are the same for every n. Gene means, dispersions and library sizes are
    fitted to the real counts of ``scmark_immune``; 30 cell types in 6 lineages, the
    rarest with 0.02 % of the cells, continuous trajectories between some; a share ``nonlinear``
    of the gene programs bends. ``obsm["latent"]``: the true coordinates, (n, 12).
    """
    if not 1 <= n <= MAX_CELLS or genes < 50 or not 0 <= nonlinear <= 1:
        raise ValueError(
            f"n={n}, genes={genes}, nonlinear={nonlinear}: give up to {MAX_CELLS:,} cells, at "
            "least 50 genes and a share from 0 to 1"
        )
    settings = (genes, float(nonlinear), seed)
    return CellStream(
        shape=(n, genes),
        features=tuple(f"gene{j}" for j in range(genes)),
        blocks=lambda: blocks(settings, n),
        labels=lambda: _truth(settings, n)[0],
        label_names=tuple(f"type{i:02d}" for i in range(30)),
        obsm={"latent": lambda: _truth(settings, n)[1]},
        notes=("These cells are simulated.",),
    )


@cache
def _atlas(genes: int, nonlinear: float, seed: int) -> Atlas:
    import anndata

    from omicsbench.datasets import _atlas as model

    counts = anndata.read_h5ad(Path(__file__).parent / "data" / REAL).X
    return model.Atlas(model.fit(counts, genes, seed), nonlinear, seed)


def blocks(settings: tuple[int, float, int], n: int, rows: int = BLOCK_ROWS) -> Iterator[Any]:
    """Counts of the first ``n`` cells, CSR blocks of ``rows`` cells, however they were drawn."""
    from scipy.sparse import csr_matrix, vstack

    held: list[Any] = []
    for _, _, (data, indices, indptr) in _drawn(settings, n):
        shape = (indptr.size - 1, settings[0])
        held.append(csr_matrix((data, indices.astype(np.int32), indptr), shape=shape))
        while sum(part.shape[0] for part in held) >= rows:
            joined = vstack(held, format="csr")
            yield joined[:rows]
            held = [joined[rows:]] if joined.shape[0] > rows else []
    if held:
        yield vstack(held, format="csr")


def _drawn(settings: tuple[int, float, int], n: int) -> Iterator[tuple[Any, Any, Any]]:
    """The model's blocks in order, some drawn ahead by other threads."""
    from omicsbench.datasets._atlas import BLOCK

    atlas, wanted = _atlas(*settings), -(-n // BLOCK)
    with ThreadPoolExecutor(THREADS) as pool:
        waiting: list[Future[Any]] = []
        for number in range(wanted + AHEAD):
            if number < wanted:
                waiting.append(pool.submit(atlas.block, number, min(BLOCK, n - number * BLOCK)))
            if number >= AHEAD and waiting:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


@cache
def _truth(settings: tuple[int, float, int], n: int) -> tuple[Array, Array]:
    """Types (n,) int16 and latent coordinates (n, 12) float32, without the counts."""
    from omicsbench.datasets._atlas import BLOCK

    atlas = _atlas(*settings)
    parts = [atlas.truth(number) for number in range(-(-n // BLOCK))]
    kinds, Z = (np.concatenate([part[i] for part in parts])[:n] for i in (0, 1))
    return kinds, Z
