"""Is an autoencoder trained in mixed precision as good, and how much sooner is it done?

    python tests/experiments/bf16.py              # ten repeats, a quarter of an hour on two cores
    python tests/experiments/bf16.py --repeats 2 --datasets scmark_immune
    python tests/experiments/bf16.py --out FOLDER --write      # from there on; into docs/scale.md

Each network is trained in float32, by ``autoencoder``, and in mixed precision, by
``bfloat16_autoencoder``, on the same rows with the same seed, until it stops early. Told are the
mean scores on test rows, the mean paired difference with its 95 % interval and whether that lies
within the margin (shown equal), and the ratio of the seconds of a fit a step; this also of a wide
network, at 50 steps.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from into_docs import put
from scipy import stats

from omicsbench.planning.suite import Suite, make_suite
from omicsbench.records.spec import RunRecord, Status
from omicsbench.running.runner import run_suite

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
WIDE = ", batch_size=1024, width=1024, max_steps=50"  # whose pace alone is told
METRICS = ("knn_transfer_balanced_accuracy", "knn_recall", "reconstruction_r2")
MARGIN = 0.01
SIZES = {"scmark_immune": 1_000, "pbmc_facs": 2_656, "simulated_atlas(n=12000)": 5_000}
HEAD = ("data set, n", "network", *(f"`{name}`" for name in METRICS), "time of a step")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--datasets", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--out", type=Path, help="results folder, to go on from")
    parser.add_argument("--write", action="store_true", help="into docs/scale.md")
    asked = parser.parse_args()
    if asked.write and (asked.repeats, asked.datasets) != (10, list(SIZES)):
        parser.error("the page tells of ten repeats on all data sets")
    with tempfile.TemporaryDirectory() as folder:
        suite = suite_of(asked.repeats, asked.datasets)
        records = run_suite(suite, asked.out or Path(folder), tell=print)
    failed = [record.reason for record in records if record.status is not Status.OK]
    if failed:
        raise SystemExit(f"{len(failed)} runs failed: {failed[0]}")
    narrow = (r for r in records if "width=" not in r.spec.pipeline)
    if any(not told["stopped_early"] for r in narrow for told in r.fit_info.values()):
        raise SystemExit("A training that should stop early ended by its budget.")
    table = [row(HEAD), "|---" * len(HEAD) + "|"]
    for name in asked.datasets:
        for more in ("", WIDE):
            plain, mixed = (
                sorted(
                    (r for r in records if r.spec.dataset == name and written(r, kind, more)),
                    key=lambda r: r.spec.repeat,
                )
                for kind in ("", "bfloat16_")
            )
            told = ["" if more else told_of(metric, plain, mixed) for metric in METRICS]
            network = f"`autoencoder(depth=2{more})`"
            table.append(row((f"`{name}`, {SIZES[name]:,}", network, *told, pace(plain, mixed))))
    print("\n".join(table))
    if asked.write:
        put(PAGE, "mixed precision", "\n".join(table) + "\n")


def suite_of(repeats: int, datasets: list[str]) -> Suite:
    return make_suite(
        {
            "name": "bf16",
            "pipelines": [
                f"{kind}autoencoder(depth=2{more})"
                for more in ("", WIDE)
                for kind in ("", "bfloat16_")
            ],
            "repeats": repeats,
            "n_components": 10,
            "features": 1_000,
            "metrics": list(METRICS),
            "threads": 1,
            "jobs": 2,
            "timeout_s": 1_800,
            "datasets": [{"name": name, "sizes": [SIZES[name]]} for name in datasets],
        }
    )


def row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def written(record: RunRecord, kind: str, more: str) -> bool:
    """Records name parameters in an order of their own."""
    name = record.spec.pipeline
    return name.startswith(f"{kind}autoencoder(") and ("width=" in name) == bool(more)


def told_of(metric: str, plain: list[RunRecord], mixed: list[RunRecord]) -> str:
    own, other = (np.array([one.scores[metric] for one in side]) for side in (plain, mixed))
    gain = other - own
    half = stats.t.ppf(0.975, len(gain) - 1) * gain.std(ddof=1) / len(gain) ** 0.5
    low, high = gain.mean() - half, gain.mean() + half
    equal = "equal" if low > -MARGIN and high < MARGIN else "not shown"
    return f"{own.mean():.3f}, {gain.mean():+.4f} ({low:+.4f} to {high:+.4f}): {equal}"


def pace(plain: list[RunRecord], mixed: list[RunRecord]) -> str:
    own, other = (
        np.median([one.phases.fit_s / steps_of(one) for one in side]) for side in (plain, mixed)
    )
    return f"{other / own:.2f}"


def steps_of(record: RunRecord) -> int:
    (told,) = record.fit_info.values()
    return int(told["steps"]) + int(told.get("refit_steps", 0))


if __name__ == "__main__":
    main()
