"""Is an autoencoder trained in mixed precision as good, and how much sooner is it done?

    python tests/experiments/bf16.py              # ten repeats, half an hour on two cores
    python tests/experiments/bf16.py --repeats 2 --datasets scmark_immune

Each network is trained as it is, and with torch's autocast to bfloat16 (weights and their updates
stay float32; cells are embedded in float32), on the same rows with the same seed, until it stops
early. Told are the mean scores on test rows, the mean paired difference with its 95 % interval, and
the ratio of seconds a step. ``equal`` means that the interval lies within the margin.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from scipy import stats

from omicsbench.planning.suite import make_suite
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite

PLUGIN = """
import torch
from omicsbench.methods.autoencoder import Autoencoder
from omicsbench.plugin import method

@method(name="mixed_autoencoder", family="deep", summary="An autoencoder in bfloat16.",
        source="https://doi.org/10.1126/science.1127647", accepts_sparse=True, streams=True,
        invertible=True, needs=("torch",))
class Mixed(Autoencoder):
    "Products of matrices in bfloat16, sums in float32."
    def fit(self, X):
        # Within one block torch would keep the weights that it has rounded, and never learn.
        with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
            return super().fit(X)
"""
NETWORKS = ("", ", batch_size=1024, width=1024")
METRICS = ("knn_transfer_balanced_accuracy", "knn_recall", "reconstruction_r2")
MARGIN = 0.01
SIZES = {"scmark_immune": 1_000, "pbmc_facs": 2_656, "simulated_atlas(n=32000)": 20_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--datasets", nargs="+", default=list(SIZES))
    asked = parser.parse_args()
    suite = make_suite(
        {
            "name": "bf16",
            "pipelines": [
                f"{kind}autoencoder(depth=2{more})" for more in NETWORKS for kind in ("", "mixed_")
            ],
            "repeats": asked.repeats,
            "n_components": 10,
            "features": 1_000,
            "metrics": list(METRICS),
            "threads": 1,
            "jobs": 2,
            "timeout_s": 1_800,
            "datasets": [{"name": name, "sizes": [SIZES[name]]} for name in asked.datasets],
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        plugins = Path(folder) / "plugins"
        plugins.mkdir()
        (plugins / "mixed.py").write_text(PLUGIN)
        records = run_suite(suite, Path(folder) / "out", registry=discover([plugins]))
    failed = [record.reason for record in records if record.status is not Status.OK]
    if failed:
        raise SystemExit(f"{len(failed)} runs failed: {failed[0]}")
    print("| data set | network | metric | float32 | bfloat16 less float32 | equal |")
    print("|---|---|---|---|---|---|")
    for name in asked.datasets:
        for more in NETWORKS:
            plain, mixed = (
                [one for one in records if one.spec.dataset == name and written(one, kind, more)]
                for kind in ("", "mixed_")
            )
            show(name, f"autoencoder(depth=2{more})", plain, mixed)


def written(record: RunRecord, kind: str, more: str) -> bool:
    """Records name parameters in an order of their own."""
    name = record.spec.pipeline
    return name.startswith(f"{kind}autoencoder(") and ("width=" in name) == bool(more)


def steps_of(record: RunRecord) -> int:
    (told,) = record.fit_info.values()
    return int(told["steps"]) + int(told.get("refit_steps", 0))


def show(name: str, network: str, plain: list[RunRecord], mixed: list[RunRecord]) -> None:
    for metric in METRICS:
        own, other = (
            np.array([one.scores[metric] for one in sorted(side, key=lambda r: r.spec.repeat)])
            for side in (plain, mixed)
        )
        gain = other - own
        half = stats.t.ppf(0.975, len(gain) - 1) * gain.std(ddof=1) / len(gain) ** 0.5
        low, high = gain.mean() - half, gain.mean() + half
        equal = "yes" if low > -MARGIN and high < MARGIN else "not shown"
        print(
            f"| {name} | {network} | {metric} | {own.mean():.3f} "
            f"| {gain.mean():+.4f} ({low:+.4f} to {high:+.4f}) | {equal} |"
        )
    pace = [
        np.median([one.phases.fit_s / steps_of(one) for one in side]) for side in (plain, mixed)
    ]
    print(f"{name}, {network}: bfloat16 takes {pace[1] / pace[0]:.2f} of the time of a step")


if __name__ == "__main__":
    main()
