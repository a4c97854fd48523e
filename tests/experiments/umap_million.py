"""UMAP and t-SNE of very many cells: what they take and how good they are. Leave the machine alone.

    python tests/experiments/umap_million.py --cells 1300000            # UMAPs
    python tests/experiments/umap_million.py --cells 1300000 --tsne     # t-SNEs
    ... --only umap_rs "umap-learn, spectral start"                     # these alone
    ... --write                                                         # into docs/scale.md too

The rows are 50 principal components of simulated_atlas, the same for all. Each contender has a
process of its own and as many threads as the others; before the clock starts it fits 5,000 rows
and places 500, so that compilation is in nobody's time. Trustworthiness and kNN recall
are omicsbench's own, of 1,000 anchors among 10,000 of the rows fitted and of 500 among 3,000
unseen ones, the same for all. Memory is the resident high-water mark of the process. A contender
that exceeds the limit or dies is told as such.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from into_docs import put

from omicsbench.methods.tsne import Tsne
from omicsbench.methods.tsne_knn import TsneKnn
from omicsbench.methods.umap_rs import UmapRs
from omicsbench.metrics.neighbors import Neighbors
from omicsbench.metrics.structure import knn_recall, trustworthiness
from omicsbench.records.environment import worker_environment
from omicsbench.running import measure

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
COMPONENTS, GIB = 50, 2**30
WARM, PLACED = 5_000, 500
ANCHORS, BACKGROUND = 1_000, 10_000  # of the rows that are fitted
NEW_ANCHORS, NEW = 500, 3_000


class Library:
    """umap-learn as it comes: no seed, so it uses its threads."""

    def __init__(self, init: str) -> None:
        from umap import UMAP

        self.umap = UMAP(init=init)

    def fit(self, X: Any) -> Library:
        self.embedding_ = self.umap.fit(X).embedding_
        return self

    def transform(self, X: Any) -> Any:
        return self.umap.transform(X)


UMAPS: dict[str, Callable[[], Any]] = {
    "umap_rs": UmapRs,
    "umap-learn, spectral start": lambda: Library("spectral"),
    "umap-learn, PCA start": lambda: Library("pca"),
}
TSNES: dict[str, Callable[[], Any]] = {
    "tsne": Tsne,
    "tsne_knn": TsneKnn,
    "tsne(perplexity=350)": lambda: Tsne(perplexity=350),
    "tsne_knn(n_neighbors=175, sampled=15)": lambda: TsneKnn(n_neighbors=175, sampled=15),
}


def quality(X: Any, Z: Any, anchors: int, drawn: int) -> tuple[float, float, float]:
    """Trustworthiness, its standard error, and the kNN recall."""
    some = np.random.default_rng(0).permutation(len(X))[:drawn]
    truth = Neighbors.of(np.asarray(X[some]), 15, min(anchors, len(some)))
    placed = np.asarray(Z[some], dtype=np.float32)
    found = trustworthiness(truth, placed)
    cells = np.asarray(found.per_cell)
    return float(found), float(cells.std() / np.sqrt(len(cells))), float(knn_recall(truth, placed))


def one(name: str, folder: Path) -> None:
    """Fit and place in this process; prints what was measured as JSON."""
    X, new = (np.load(folder / f"{part}.npy") for part in ("train", "new"))
    make = (UMAPS | TSNES)[name]
    make().fit(X[:WARM]).transform(new[:PLACED])
    model = make()
    measure.reset_peaks("cpu")
    with measure.clock() as fitted:
        model.fit(X)
    with measure.clock() as placed:
        Z = model.transform(new)
    told = {
        "fit_s": fitted.wall_s,
        "cpu_s": fitted.cpu_s,
        "place_s": placed.wall_s,
        "peak": measure.peak_rss_bytes() / GIB,
        "fitted": quality(X, model.embedding_, ANCHORS, BACKGROUND),
        "unseen": quality(new, Z, NEW_ANCHORS, NEW),
    }
    print(json.dumps(told))


def rows(n: int, folder: Path) -> None:
    """Principal components of n simulated cells and of unseen ones, left in the folder."""
    from scale import prepared

    from omicsbench.methods.pca import Pca
    from omicsbench.prepare.mapped_rows import ScaledRows
    from omicsbench.prepare.scaling import Scaler

    held = prepared(n + 11_000)
    index, new = np.arange(n), np.arange(NEW)
    own = Scaler.of(*ScaledRows(held.matrices("train")[""].X, index, None).moments())
    X = ScaledRows(held.matrices("train")[""].X, index, own)
    model = Pca(COMPONENTS, solver="gram").fit(X)
    np.save(folder / "train.npy", model.transform(X))
    np.save(folder / "new.npy", model.transform(ScaledRows(held.matrices("test")[""].X, new, own)))


def head(cells: int, threads: int) -> str:
    """The first line of the table."""
    quality = "trustworthiness (s.e.), kNN recall"
    return (
        f"| {cells:,} cells, {threads} threads | fit, s | CPU, s | place {NEW:,}, s | peak, GiB "
        f"| {quality} | of unseen cells |"
    )


def line(name: str, folder: Path, threads: int, limit: float) -> str:
    """One contender's line of the table."""
    command = [sys.executable, __file__, "--one", name, "--folder", str(folder)]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **worker_environment(threads)},
            stdout=subprocess.PIPE,
            text=True,
            timeout=limit,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return f"| `{name}`: more than {limit:,.0f} s in all | | | | | | |"
    except subprocess.CalledProcessError as error:
        return f"| `{name}`: ended with code {error.returncode} | | | | | | |"
    told = json.loads(done.stdout.splitlines()[-1])
    fitted, unseen = (
        "{:.4f} ({:.4f}), {:.3f}".format(*told[part]) for part in ("fitted", "unseen")
    )
    return (
        f"| `{name}` | {told['fit_s']:,.0f} | {told['cpu_s']:,.0f} | {told['place_s']:,.0f} | "
        f"{told['peak']:.1f} | {fitted} | {unseen} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tsne", action="store_true", help="t-SNE in place of UMAP")
    parser.add_argument("--only", nargs="+", choices=[*UMAPS, *TSNES], help="these contenders")
    parser.add_argument("--limit", type=float, default=7_200, help="seconds of one contender")
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        return one(options.one, options.folder)
    first = head(options.cells, options.threads)
    table = [first, "|---" * (first.count("|") - 1) + "|"]
    print("\n".join(table))
    with tempfile.TemporaryDirectory() as made:
        rows(options.cells, Path(made))
        for name in options.only or (TSNES if options.tsne else UMAPS):
            table.append(line(name, Path(made), options.threads, options.limit))
            print(table[-1], flush=True)
    if options.write:
        put(PAGE, "t-SNE at size" if options.tsne else "UMAP at size", "\n".join(table) + "\n")
    return None


if __name__ == "__main__":
    main()
