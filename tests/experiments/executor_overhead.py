"""What an executor adds to a run: the same short runs here, by Dask and by SLURM, in turn.

    python tests/experiments/executor_overhead.py [--runs 200] [--rounds 3]

Each executor does one pipeline's runs in one process; the time between its first and its last
record, by the clock of the file system, is shared by the runs between them. Not in it: starting a
cluster or a job, and the seconds until the driver sees a record. SLURM is one controller and one
node on this machine; it is left out where it is not installed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

sys.path.append(str(Path(__file__).parents[1] / "helpers"))

import pytest

from omicsbench.clusters.executors import opened
from omicsbench.planning.suite import make_suite
from omicsbench.records import store
from omicsbench.running.runner import run_suite
from slurm_cluster import slurm_in


def suite(runs: int) -> dict[str, object]:
    return {
        "name": "overhead",
        "pipelines": ["random_projection(2)"],
        "repeats": runs,
        "metrics": ["reconstruction_r2"],
        "threads": 1,
        "memory_gb": 2,
        "datasets": [{"name": "linear_control(n=3000)", "sizes": [50]}],
    }


def seconds_a_run(executor: object, runs: int) -> float:
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "out"
        run_suite(make_suite(suite(runs)), out, executor=executor)  # type: ignore[arg-type]
        times = sorted(path.stat().st_mtime for path in store.loose_files(out))
    return (times[-1] - times[0]) / (len(times) - 1)


@contextmanager
def executors(place: Path) -> Iterator[dict[str, object]]:
    """Those that can be had here, by name; each stays open for all rounds."""
    found: dict[str, object] = {"here": None}
    with suppress(ImportError):
        import distributed

        cluster = distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None
        )
        found["dask"] = distributed.Client(cluster).get_executor(pure=False)
    try:
        with slurm_in(place) as variables:
            os.environ.update(variables)
            yield found | {"slurm": "slurm"}
    except pytest.skip.Exception as reason:
        print(reason, file=sys.stderr)
        yield found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    took: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as where, executors(Path(where)) as known:
        profile = Path(where) / "profile.toml"
        profile.write_text("[slurm]\nminutes = 1440\n")  # one job
        for _ in range(options.rounds):
            for name, executor in known.items():
                settings = profile if executor == "slurm" else None
                with opened(executor, settings) as chosen:  # type: ignore[arg-type]
                    took[name].append(seconds_a_run(chosen, options.runs))
    here = median(took["here"])
    for name, own in took.items():
        each, above = ", ".join(f"{1000 * s:.1f}" for s in own), 1000 * (median(own) - here)
        print(f"{name}: {1000 * median(own):.1f} ms a run ({each}), {above:+.1f} ms above here")
