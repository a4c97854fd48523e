"""What the dear methods of tasks predict and integrate take: seconds and peak memory.

    python tests/experiments/tasks_scale.py bayesian_mlp            # 10,000 x 2,000, 10 classes
    python tests/experiments/tasks_scale.py mofa                    # 20,000 cells
    python tests/experiments/tasks_scale.py multimodal_autoencoder  # 20,000 cells

Each in a process of its own, so that the peak is the method's. Thread counts are those of
OMP_NUM_THREADS.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from omicsbench.plugin import Modality
from omicsbench.registry.discover import discover
from omicsbench.registry.pipeline import resolve
from omicsbench.running import measure

GIB = 2**30


def build(text: str) -> Any:
    return resolve(text, discover(), 10).stages[0].build(0, "cpu")


def classes(n: int = 10_000, features: int = 2_000, kinds: int = 10) -> tuple[Any, Any]:
    """Cells of 10 kinds, their means few standard deviations apart in 50 directions."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, kinds, n)
    centres, axes = rng.standard_normal((kinds, 50)), rng.standard_normal((50, features))
    Z = centres[y] + 0.9 * rng.standard_normal((n, 50))
    X = Z @ axes / 7 + rng.standard_normal((n, features))
    return (X / X.std(axis=0)).astype(np.float32), y


def modalities(n: int = 20_000) -> dict[str, Modality]:
    """2,000 genes, 25 proteins and 5,000 peaks that share 10 factors."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((n, 10)).astype(np.float32)

    def drawn(p: int, mean: float) -> Any:
        rate = np.exp(0.3 * Z @ rng.standard_normal((10, p)).astype(np.float32) + np.log(mean))
        return rng.poisson(rate).astype(np.float32)

    made = {}
    for name, p, mean in (("rna", 2_000, 0.3), ("protein", 25, 20.0)):
        counts = drawn(p, mean)
        depth = counts.sum(axis=1)
        values = np.log1p(counts / np.maximum(depth, 1)[:, None] * 1e4)
        made[name] = Modality(values / values.std(axis=0), "negative_binomial", counts, depth)
    peaks = np.minimum(drawn(5_000, 0.05), 1)
    made["atac"] = Modality(peaks / peaks.std(axis=0), "bernoulli", peaks)
    return made


def main(name: str) -> None:
    start = time.perf_counter()
    if name == "bayesian_mlp":
        X, y = classes(12_000)
        train, test = slice(10_000), slice(10_000, None)
        model = build(name)
        with measure.clock() as spent:
            model.fit(X[train], y[train])
        found = model.classes_[model.predict_proba(X[test]).argmax(axis=1)]
        said = f"accuracy {np.mean(found == y[test]):.3f} of 2,000 unseen cells"
    else:
        cells = modalities()
        model = build(name)
        with measure.clock() as spent:
            model.fit(cells)
        Z = model.transform({k: m[:1_000] for k, m in cells.items()})
        said = f"embedding {Z.shape}, {model.fit_info_}"
    print(
        f"{name}: fit {spent.wall_s:.1f} s ({spent.cpu_s:.0f} s of CPU), peak "
        f"{measure.peak_rss_bytes() / GIB:.2f} GiB with the data; {said}; "
        f"{time.perf_counter() - start:.0f} s in all"
    )


if __name__ == "__main__":
    main(sys.argv[1])
