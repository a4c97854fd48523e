"""What the harness reaches at scale, each figure by one command. Leave the machine alone meanwhile.

    python tests/experiments/scale.py prepare 1300000    # draw and prepare simulated_atlas
    python tests/experiments/scale.py pca 1300000        # pca(solver='gram') and scanpy's default
    python tests/experiments/scale.py training 100000    # cells/s from the store and from memory
    python tests/experiments/scale.py metrics 1300000    # scoring one run: seconds, peak memory
    python tests/experiments/scale.py slopes results/million

Memory is the process's resident high-water mark. ``prepare`` uses a cache folder of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.prepare.parts import NAMES
from omicsbench.running import measure

GIB = 2**30


def prepared(n: int) -> Any:
    """simulated_atlas with ``n`` cells, prepared as suites do."""
    from omicsbench.inputs.source import registered
    from omicsbench.prepare.prepared import prepare
    from omicsbench.registry.discover import discover

    source = registered(f"simulated_atlas(n={n})", discover())
    return prepare(source, [0], seed=0, features=2_000, per_size=False)[0]


def rows(n: int) -> Any:
    """``n`` training rows of an atlas just large enough, scaled, as methods get them."""
    from omicsbench.prepare.mapped_rows import ScaledRows
    from omicsbench.prepare.scaling import Scaler

    held = prepared(n + 11_000 if n > 20_000 else n * 2)
    X, index = held.matrices("train")[""].X, np.arange(n)
    own = Scaler.of(*ScaledRows(X, index, None).moments())
    return ScaledRows(X, index, own)


def time_prepare(n: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OMICSBENCH_CACHE"] = folder
        measure.reset_peaks("cpu")
        with measure.clock() as elapsed:
            made = prepared(n)
        size = sum(path.stat().st_size for path in made.folder.rglob("*.npy"))
        values = sum(made.matrices(name)[""].X.data.size for name in NAMES)
    peak = measure.peak_rss_bytes() / GIB
    print(
        f"{n:,} cells x {made.contents.shape[1]:,} genes, {values:,} values: "
        f"{elapsed.wall_s:.1f} s, peak {peak:.2f} GiB, {size / GIB:.2f} GiB on disk"
    )


def time_pca(n: int, k: int = 50) -> None:
    """Both on the same matrix in the same process, each warmed up on a few rows of it."""
    import scanpy as sc
    from anndata import AnnData

    from omicsbench.methods.pca import Pca

    X = rows(n)
    few = X[:500]
    Pca(k, solver="gram").fit(few)
    sc.pp.pca(AnnData(few), n_comps=k)
    with measure.clock() as gram:
        ours = Pca(k, solver="gram").fit(X)
    held = AnnData(X.tocsr())
    with measure.clock() as library:
        sc.pp.pca(held, n_comps=k)
    variance = held.uns["pca"]["variance"]
    theirs, own = held.uns["pca"]["variance_ratio"], ours.pca_.explained_variance_ratio_
    axes = held.varm["PCs"].T
    print(
        f"{n:,} x {X.shape[1]:,}, {held.X.nnz:,} values, {k} components: "
        f"gram {gram.wall_s:.1f} s, scanpy {library.wall_s:.1f} s, "
        f"ratio {library.wall_s / gram.wall_s:.1f}"
    )
    print(
        f"explained variance ratio: ours {own.sum():.6f}, scanpy {theirs.sum():.6f}, largest "
        f"difference of a component {np.abs(own - theirs).max():.1e}"
    )
    gaps = -np.diff(variance) / variance[:-1]
    for first in range(0, k, 10):
        last = first + 10 if first + 10 < k else k
        cosines = np.linalg.svd(axes[first:last] @ ours.pca_.components_[first:last].T)[1]
        print(
            f"components {first + 1} to {last}: least subspace cosine {cosines.min():.5f}, "
            f"gap behind them {gaps[last - 1] if last < k else np.nan:.4f}"
        )
    whole = np.linalg.svd(axes @ ours.pca_.components_.T)[1]
    print(f"all {k}: least subspace cosine {whole.min():.5f}")


def time_training(n: int, seconds: float = 60.0) -> None:
    """The same network, from the mapped store and from batches that lie dense in memory."""
    import torch

    from omicsbench.methods import _torch, _training
    from omicsbench.methods.autoencoder import Autoencoder

    X, batch = rows(n), 1_024
    made = Autoencoder(50, depth=8, batch_size=batch, max_steps=10).fit(X)  # the network; warm
    in_memory = X[:: max(1, n // (20 * batch))][: 20 * batch]
    order = np.random.default_rng(0)
    ready = [torch.from_numpy(in_memory[i : i + batch]) for i in range(0, 20 * batch, batch)]
    optimiser = torch.optim.AdamW(made.net_.parameters(), lr=1e-3, fused=True)
    made.net_.train()

    def step(x: torch.Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        torch.nn.functional.mse_loss(made.net_(x), x).backward()
        optimiser.step()

    def rate(kind: str) -> float:
        batches = _training._batches(np.arange(n), n // batch, order)
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds / 6:
            step(ready[done % 20] if kind == "memory" else _torch._tensor(X, next(batches), "cpu"))
            done += 1
        return done * batch / (time.perf_counter() - start)

    rates = {kind: [] for kind in ("memory", "store")}
    for kind in ("memory", "store", "store", "memory", "memory", "store"):
        rates[kind].append(rate(kind))
    memory, store = (np.mean(rates[kind]) for kind in ("memory", "store"))
    print(
        f"{made.fit_info_['widths']}, batches of {batch}, {torch.get_num_threads()} threads: "
        f"from memory {memory:,.0f} cells/s, from the store {store:,.0f} cells/s, "
        f"{store / memory:.1%}"
    )


def time_metrics(n: int) -> None:
    """One run of PCA, scored by every metric, those of what is held out of methods included."""
    import resource

    from omicsbench.planning.suite import load_suite, make_suite
    from omicsbench.running.runner import run_suite

    suite = load_suite("million").model_dump(exclude_unset=True)
    suite |= {"repeats": 1, "fewer_repeats": {}, "pipelines": ["pca(solver='gram')"]}
    suite |= {"hold_out": True, "jobs": 1, "sizes": [n], "timeout_s": 3_600}
    suite |= {"datasets": [{"name": f"simulated_atlas(n={n + 11_000})"}]}
    with tempfile.TemporaryDirectory() as folder:
        (record,) = run_suite(make_suite(suite), Path(folder))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / GIB
    print(
        f"n = {n:,}: {len(record.scores)} metrics, of test, validation and training rows: "
        f"{record.phases.score_s:.1f} s; the largest process of the run took {peak:.2f} GiB"
    )


def slopes(folder: str, low: int = 10_000) -> None:
    """Log-log slope of each phase of the harness against n, medians over all runs from ``low``."""
    from omicsbench.records.store import read_records

    records = [r for r in read_records(Path(folder)) if r.status == "ok" and r.spec.size >= low]
    for phase in ("prepare_s", "score_s"):
        sizes = sorted({r.spec.size for r in records})
        spent = [
            np.median([getattr(r.phases, phase) for r in records if r.spec.size == size])
            for size in sizes
        ]
        slope = np.polyfit(np.log(sizes), np.log(spent), 1)[0]
        shown = ", ".join(f"{size:,}: {s:.2f} s" for size, s in zip(sizes, spent, strict=True))
        print(f"{phase}: slope {slope:.2f} ({shown})")
    sizes = [10_000, 30_000, 100_000, 300_000, 1_300_000]
    spent = []
    for n in sizes:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["OMICSBENCH_CACHE"] = cache
            spent.append(prepared(n).contents.dataset_prepare_s or 0.0)
    slope = np.polyfit(np.log(sizes), np.log(spent), 1)[0]
    shown = ", ".join(f"{size:,}: {s:.1f} s" for size, s in zip(sizes, spent, strict=True))
    print(f"drawing and preparing the data set: slope {slope:.2f} ({shown})")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    commands: dict[str, Any] = {
        "prepare": time_prepare,
        "pca": time_pca,
        "training": time_training,
        "metrics": time_metrics,
        "slopes": slopes,
    }
    argument: Any = sys.argv[2]
    with suppress(ValueError):
        argument = int(argument)
    commands[sys.argv[1]](argument)
