"""What benchmarks measure on: fixed made-up input, alike for every revision of the package.

Used by asv's benchmarks here and by those of pytest-benchmark in ``tests/benchmarks``. It imports
no sibling, and of the package nothing at its top.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
CLASSES = 5


def part(*places: str) -> Any:
    """A module of the package, from the first of ``places`` where this revision has it."""
    for place in places:
        try:
            return importlib.import_module(f"omicsbench.{place}")
        except ModuleNotFoundError:
            continue
    raise NotImplementedError(f"this revision has none of {', '.join(places)}")


def _decorated(folder: Path, decorator: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names that the files of a folder define under a decorator, with its literal arguments."""
    for path in sorted(folder.glob("[!_]*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for call in getattr(node, "decorator_list", ()):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == decorator:
                    known = [k for k in call.keywords if isinstance(k.value, ast.Constant)]
                    yield node.name, {k.arg: k.value.value for k in known}  # type: ignore


def methods(task: str | None = None) -> list[str]:
    """Names of the methods of this checkout, of one task or of all.

    asv numbers the values of a parameter, and an older revision must find the same method under
    the same number. So they are read from the files beside this one and not asked of the
    registry, which is that of the revision measured.
    """
    found = (info for _, info in _decorated(ROOT / "methods", "method"))
    return sorted(i["name"] for i in found if task in (None, i.get("task", "embed")))


@cache
def metrics() -> list[str]:
    """Names of the metrics of this checkout, likewise: asked of it in a process of its own."""
    code = "from omicsbench.metrics import METRICS; print(*sorted(METRICS))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return found.stdout.split()


def cells(n: int, features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """log(1 + counts) (n, features) float32 of ``CLASSES`` kinds of cells, and their codes (n,)."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, CLASSES, n)
    latent = np.eye(CLASSES)[codes] + 0.3 * rng.standard_normal((n, CLASSES))
    rate = np.exp(latent @ rng.standard_normal((CLASSES, features)))
    return np.log1p(rng.poisson(rate)).astype(np.float32), codes


def modalities(n: int) -> dict[str, Any]:
    """Genes, proteins and open chromatin of the same n cells, as methods are given them."""
    from omicsbench.plugin import Modality

    made = {}
    for name, features in (("rna", 200), ("protein", 20)):
        values, _ = cells(n, features)
        counts = np.expm1(values).round()
        made[name] = Modality(values, "negative_binomial", counts, counts.sum(axis=1))
    peaks = (cells(n, 300)[0] > 1).astype(np.float32)
    return made | {"atac": Modality(peaks, "bernoulli", peaks)}


def scored(m: int, b: int, features: int, held_out: bool = False) -> dict[str, Any]:
    """All that metrics may ask for: m scored of b cells, and outputs that are good, not perfect.

    With ``held_out`` the last class has no label, as a class kept out of training. Of the first
    class, few of the scored cells have one, so that it is rare.
    """
    from omicsbench.metrics import Neighbors

    rng = np.random.default_rng(1)
    X, codes = cells(b, features)
    axes = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][:10]
    Z = ((X - X.mean(axis=0)) @ axes.T).astype(np.float32)
    second = (X[:, : features // 2] + rng.normal(size=(b, features // 2))).astype(np.float32)
    outliers = codes[:m] == CLASSES - 1
    certain = np.where(outliers, 1.0, 8.0)[:, None] * np.eye(CLASSES)[codes[:m]]
    P = np.exp(certain + rng.standard_normal((m, CLASSES)))
    labels = np.where(outliers, -1, codes[:m]) if held_out else codes[:m]
    first = np.flatnonzero(labels == 0)
    with_rare = labels.copy()
    with_rare[first[len(first) // 4 :]] = -1
    rebuilt = (Z[:m] @ axes + X.mean(axis=0)).astype(np.float32)
    alone = {"rna": Z[:m], "protein": (Z[:m] + rng.normal(size=(m, 10))).astype(np.float32)}
    near = Neighbors.of(X, min(15, b - 1), m)
    target = rng.standard_normal(m)
    predicted = target + 0.3 * rng.standard_normal(m)
    return {
        "expression": X[:m],
        "reconstruction": rebuilt,
        "gene_neighbors": near,
        "embedding": Z[:m],
        "background": Z,
        "train_embedding": Z,
        "latent": X[:m, :3],
        "train_latent": X[:, :3],
        "mixed_embedding": Z[:m],
        "mixed_batches": rng.integers(0, 2, m),
        "mixed_labels": labels,
        "prediction": predicted,
        "target": target,
        "interval": predicted[:, None] + np.array([-0.5, 0.5]),
        "labels": with_rare,
        "train_labels": codes,
        "probe_labels": labels,
        "probabilities": P / P.sum(axis=1, keepdims=True),
        "outliers": outliers,
        "modality_expression": {"rna": X[:m], "protein": second[:m]},
        "modality_neighbors": {"rna": near, "protein": Neighbors.of(second, near.k, m)},
        "modality_embeddings": alone,
        "cross_modal": {"protein": rebuilt[:, : features // 2]},
    } | _held_out(X, Z, rebuilt, rng)


def _held_out(
    X: np.ndarray, Z: np.ndarray, rebuilt: np.ndarray, rng: np.random.Generator
) -> dict[str, Any]:
    """Molecules and features that methods were not given; the rows scored are the first."""
    from scipy.sparse import csr_matrix

    m, counts = len(rebuilt), np.expm1(X).round().astype(np.int64)
    seen = rng.binomial(counts, 0.5)
    rates = np.expm1(np.clip(rebuilt, 0.01, None))
    other = Z + 0.3 * rng.standard_normal(Z.shape)
    return {
        "molecules": (counts - seen)[:m].astype(np.float32),
        "reference_embedding": Z,
        "reference_counts": csr_matrix(seen.astype(np.float32)),
        "half_embedding": other.astype(np.float32),
        "decoded": rates,
        "validation_molecules": (counts - seen)[:m].astype(np.float32),
        "validation_decoded": rates,
        "held_out_values": X[:m, :3],
        "learning_embedding": Z,
        "learning_values": X[:, :3],
    }


def rescaled(inputs: dict[str, Any], times: int) -> dict[str, Any]:
    """The same inputs with embeddings larger by a little for each of the ``times``.

    Their geometry is unchanged, but a metric that remembers its last few results does not know
    them and works anew.
    """
    factor = np.float32(1 + times * 1e-4)
    names = ["embedding", "background", "train_embedding", "mixed_embedding"]
    names += ["reference_embedding", "half_embedding", "learning_embedding"]
    larger = {name: factor * inputs[name] for name in names}
    alone = {name: factor * Z for name, Z in inputs["modality_embeddings"].items()}
    return inputs | larger | {"modality_embeddings": alone}


class Watch:
    """An observer of a suite that notes when each record arrived, whatever else it is told."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def dataset(self, *_: object) -> None:
        pass

    def start(self, *_: object) -> None:
        pass

    def record(self, record: Any) -> None:
        self.times.append(time.perf_counter())


def costless(folder: Path, runs: int) -> tuple[list[Any], float]:
    """Records of runs that cost nothing, and seconds from one to the next.

    They are isolated and stored one by one; from the first record on, the worker is up and warm.
    """
    run_suite = part("running.runner", "runner").run_suite
    make_suite = part("planning.suite", "suite").make_suite

    suite = make_suite(
        {
            "name": "overhead",
            "pipelines": ["random_embedding"],
            "metrics": [],
            "repeats": runs,
            "datasets": [{"name": "linear_control(n=1000)", "sizes": [50]}],
            "n_components": 2,
        }
    )
    watch = Watch()
    records = run_suite(suite, folder, observer=watch)
    return records, (watch.times[-1] - watch.times[0]) / (runs - 1)
