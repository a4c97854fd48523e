"""Write batches.json: what scib-metrics and harmonypy give on made-up embeddings.

They are no dependencies, of tests neither (JAX, GPL). In an environment with both:
``python tests/metrics/references/batches.py``
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

CASES = {"mixed": 0.0, "apart": 1.5}  # by how far batches lie apart


def embedding(shift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(240, 5) float32, batches and labels of it: three of each, uneven."""
    rng = np.random.default_rng(0)
    labels, batches = (rng.choice(3, 240, p=[0.5, 0.3, 0.2]) for _ in range(2))
    Z = 2 * rng.normal(size=(3, 5))[labels] + shift * rng.normal(size=(3, 5))[batches]
    return (Z + rng.normal(size=Z.shape)).astype(np.float32), batches, labels


def main() -> None:
    import pandas as pd
    import scib_metrics
    from harmonypy import compute_lisi
    from scib_metrics.nearest_neighbors import NeighborsResults
    from sklearn.neighbors import NearestNeighbors

    def neighbors(Z: np.ndarray, k: int) -> NeighborsResults:
        distances, indices = NearestNeighbors(n_neighbors=k).fit(Z).kneighbors(Z)
        return NeighborsResults(indices=indices, distances=distances)

    made: dict[str, Any] = {
        "versions": {name: version(name) for name in ("scib-metrics", "harmonypy")}
    }
    for case, shift in CASES.items():
        Z, batches, labels = embedding(shift)
        near = neighbors(Z, 91)  # themselves among them
        lisi = scib_metrics.lisi_knn(near, batches, perplexity=30)
        own = labels == 0
        made[case] = {
            "lisi": np.round(lisi, 6).tolist(),
            "ilisi_knn": float(scib_metrics.ilisi_knn(near, batches, perplexity=30)),
            "clisi_knn": float(scib_metrics.clisi_knn(near, labels, perplexity=30)),
            "kbet": float(scib_metrics.kbet(neighbors(Z[own], 10), batches[own])[0]),
            "graph_connectivity": float(scib_metrics.graph_connectivity(neighbors(Z, 16), labels)),
            "harmonypy_lisi": np.round(
                compute_lisi(Z, pd.DataFrame({"batch": batches}), ["batch"], 30)[:, 0], 6
            ).tolist(),
        }
    Path(__file__).with_suffix(".json").write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
