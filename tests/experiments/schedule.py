"""100 methods on 50 data sets at 8 sizes, 10 repeats, on 64 nodes: a simulated schedule.

    python tests/experiments/schedule.py            # prints the tables
    python tests/experiments/schedule.py --write    # and puts them into docs/cluster.md

Costs are wall times of the committed runs. Each pipeline that ran at three sizes or more gets a law
n^b, fitted within data sets, and beyond its largest measured n at least a linear one. The hundred
methods are drawn from these pipelines; a data set has a factor of its own for all of them, and each
pair another. A run beyond the limit is censored, as `omicsbench plan` would have it. Memory is
taken never to bind.
"""

from __future__ import annotations

import argparse
import heapq
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from into_docs import put

from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.planned import planned_records
from omicsbench.records.spec import RunRecord, Status

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cluster.md"
SUITES = ("answer", "predict", "regress", "integrate", "batch")
METHODS, DATASETS, REPEATS = 100, 50, 10
SIZES = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000)
NODES, CORES = 64, 16
LIMIT_S = 3_600.0  # of one run
JOBS_MIN = (5, 20, 40, 60)  # length of a job, in minutes
START_S = 30.0  # of one job: queue, container, imports; measured by nobody here, so varied
PRICE = 0.05  # US dollars per core and hour, as in suite `gpu`
RUN_BYTES = 6_000  # of a packed record: results/answer holds 6,240 runs in 38.5 MB


@dataclass(frozen=True)
class Law:
    """Log seconds of one run: ``a`` + ``b`` log n, from ``top`` on at least in proportion to n."""

    a: float
    b: float
    top: float  # log of the largest n measured

    def seconds(self, n: float) -> float:
        x = np.log(n)
        beyond = max(x - self.top, 0.0)
        return float(np.exp(self.a + self.b * (x - beyond) + max(self.b, 1.0) * beyond))


def run_s(r: RunRecord) -> float:
    """Wall seconds of a run without import and warm-up, which runs of a worker share."""
    p = r.phases
    return sum(x or 0.0 for x in (p.prepare_s, p.fit_s, p.transform_s, p.score_s)) if p else 0.0


def measured(results: Path) -> tuple[list[Law], float, float, float]:
    """Laws of pipelines; scatter of data sets and of pairs, in log seconds; seconds of a start."""
    of: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    warm = []
    for suite in SUITES:
        if not (results / suite / PACKED_FILE).is_file():
            continue
        for r in planned_records(results / suite)[0]:
            if r.status is Status.OK and r.phases and not r.is_control:
                row = r.spec.dataset, float(np.log(r.spec.size)), float(np.log(max(run_s(r), 1e-3)))
                of[r.spec.pipeline].append(row)
                warm.append((r.phases.import_s or 0.0) + (r.phases.warm_up_s or 0.0))
    laws, left = [], []
    for pipeline, rows in of.items():
        table = pd.DataFrame(rows, columns=["dataset", "x", "y"])
        if table["x"].nunique() < 3:
            continue
        x, y = (table[c] - table.groupby("dataset")[c].transform("mean") for c in ("x", "y"))
        b = float(np.clip((x * y).sum() / (x**2).sum(), 0.0, 2.0))
        a = float((table["y"] - b * table["x"]).mean())
        laws.append(Law(a, b, float(table["x"].max())))
        rest = (table["y"] - a - b * table["x"]).groupby(table["dataset"]).mean()
        left.append(rest.rename(pipeline))
    wide = pd.concat(left, axis=1)
    own = wide.mean(axis=1)
    pairs = wide.sub(own, axis=0).stack()
    return laws, float(own.std()), float(pairs.std()), float(np.median(warm))


@dataclass(frozen=True)
class Cell:
    """All repeats of one method on one data set at one size: what a job takes whole."""

    seconds: float  # of one run
    censored: bool


def cells(laws: list[Law], own: float, pair: float, rng: np.random.Generator) -> list[list[Cell]]:
    """Of each (method, data set) its sizes, the smallest first."""
    shifts = rng.normal(0, own, DATASETS)
    made = []
    for law in (laws[i] for i in rng.integers(len(laws), size=METHODS)):
        for shift in shifts + rng.normal(0, pair, DATASETS):
            row, over = [], False
            for n in SIZES:
                s = law.seconds(n) * float(np.exp(shift))
                over = over or s > LIMIT_S
                row.append(Cell(s, over))
            made.append(row)
    return made


def jobs_of(rows: list[list[Cell]], minutes: float, warm_s: float) -> list[float]:
    """Core seconds of each job: runs of one method are grouped until it is long enough."""
    jobs = []
    for start in range(0, len(rows), DATASETS):
        left = START_S + warm_s
        for row in rows[start : start + DATASETS]:
            for cell in row:
                for _ in range(0 if cell.censored else REPEATS):
                    left += cell.seconds
                    if left >= 60 * minutes:
                        jobs.append(left)
                        left = START_S + warm_s
        if left > START_S + warm_s:
            jobs.append(left)
    return jobs


def makespan_s(jobs: list[float], slots: int, longest_first: bool) -> float:
    """Greedy: a free core takes the next job."""
    free = [0.0] * slots
    for job in sorted(jobs, reverse=True) if longest_first else jobs:
        heapq.heappush(free, heapq.heappop(free) + job)
    return max(free)


def tables(results: Path) -> str:
    rng = np.random.default_rng(0)
    laws, own, pair, warm_s = measured(results)
    rows = cells(laws, own, pair, rng)
    every = [cell for row in rows for cell in row]
    done = [cell for cell in every if not cell.censored]
    runs, skipped = REPEATS * len(done), REPEATS * (len(every) - len(done))
    work = REPEATS * sum(cell.seconds for cell in done)
    top = sorted((cell.seconds for cell in done), reverse=True)
    share = sum(top[: len(top) // 10]) / sum(top)
    lines = [
        f"Laws of {len(laws)} measured pipelines; a data set's factor has a standard deviation of "
        f"{own:.2f} in log seconds, that of a pair {pair:.2f}; {warm_s:.1f} s of import and "
        f"warm-up a job. Of {REPEATS * len(every):,} runs {skipped:,} are predicted to exceed "
        f"{LIMIT_S / 3600:g} h and are stored as censored; the other {runs:,} take "
        f"{work / 3600:,.0f} core hours ({PRICE * work / 3600:,.0f} at {PRICE:g} US dollars each). "
        f"The dearest tenth of the cells takes {share:.0%} of it.",
        "",
        f"| jobs of at least | jobs | core hours with starts | makespan on {NODES} nodes of "
        f"{CORES} cores, longest first | in any order | cores at runs |",
        "|---" * 6 + "|",
    ]
    for minutes in JOBS_MIN:
        jobs = jobs_of(rows, minutes, warm_s)
        total, slots = sum(jobs), NODES * CORES
        first, order = (makespan_s(jobs, slots, by) for by in (True, False))
        lines.append(
            f"| {minutes} min | {len(jobs):,} | {total / 3600:,.0f} | {first / 3600:.1f} h | "
            f"{order / 3600:.1f} h | {work / slots / first:.0%} |"
        )
    lines += ["", f"Packed records: {runs * RUN_BYTES / 1e9:.1f} GB at {RUN_BYTES:,} bytes a run."]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=ROOT / "results")
    parser.add_argument("--write", action="store_true", help="into docs/cluster.md")
    options = parser.parse_args()
    text = tables(options.results)
    print(text)
    if options.write:
        put(PAGE, "schedule", text)
