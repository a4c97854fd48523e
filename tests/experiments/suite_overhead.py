"""How much longer a suite takes than its own work: run it one pipeline at a time and compare.

    python tests/experiments/suite_overhead.py SUITE FOLDER

Prints wall time over the sum of prepare, fit, transform and score (shared stages counted once)
plus one warm-up per pipeline. What is left is starting workers, importing, preparing the data
sets, storing and the harness itself.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from omicsbench.planning.suite import load_suite
from omicsbench.running.runner import run_suite

if __name__ == "__main__":
    suite = load_suite(sys.argv[1]).model_copy(update={"jobs": 1})
    folder = Path(sys.argv[2])
    if folder.exists():
        sys.exit(f"{folder} is there already: a resumed suite measures nothing")
    start = time.perf_counter()
    records = run_suite(suite, folder)
    wall_s = time.perf_counter() - start
    work_s = warm_up_s = 0.0
    for pipeline in {r.spec.pipeline for r in records}:
        own = [r for r in records if r.spec.pipeline == pipeline]
        phases = [r.phases for r in own]
        work_s += sum(p.prepare_s + p.fit_s + p.transform_s + p.score_s for p in phases)
        work_s -= sum(r.reused_s for r in own)
        warm_up_s += max(p.warm_up_s for p in phases)
    print(
        f"{len(records)} runs, wall {wall_s:.1f} s, work {work_s:.1f} s, warm-up {warm_up_s:.1f} s"
    )
    print(f"ratio {wall_s / (work_s + warm_up_s):.3f}")
