"""What a store of very many runs costs to resume, report on and export, in processes of their own.

    python tests/experiments/large_store.py make FOLDER 100000    # its suite, plan and records
    python tests/experiments/large_store.py time FOLDER           # seconds and peak memory
    python tests/experiments/large_store.py pack FOLDER           # then time the packed store

The runs are those of a made-up suite on simulated data, so that the suite resumes; each record is a
stored one of ``results/answer``, of a pipeline of the same family, with other scores and times.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.resume import limits_of
from omicsbench.planning.suite import Suite, dump, make_suite
from omicsbench.records import store
from omicsbench.records.facts import Limits
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import Ending, RunRecord, Status
from omicsbench.registry.discover import discover

STORED = Path(__file__).parents[2] / "results" / "answer"
SIZES = [20, 30, 45, 70, 100, 150, 220, 330, 500, 750]
REPEATS = 25
FAILED = 0.02  # share of runs
PIPELINES = [  # twenty, half of them deep
    *(f"autoencoder(depth={depth})" for depth in range(10)),
    *("pca", "factor_analysis", "random_projection"),
    *(f"pca({k}) > pca(10)" for k in (11, 12, 13, 14, 15)),
    *("random_embedding", "label_oracle"),
]
RUNS_OF_DATASET = len(SIZES) * REPEATS * len(PIPELINES)
COMMANDS = {
    "resume": ["run", "{suite}", "--out", "{folder}", "--no-report"],
    "report": ["report", "{folder}"],
    "export": ["export", "{folder}", "{folder}/table.parquet"],
}


def suite_of(runs: int) -> Suite:
    """A suite of at least so many runs, on data sets that differ in their seed."""
    seeds = range(-(-runs // RUNS_OF_DATASET))
    return make_suite(
        {
            "name": "large",
            "repeats": REPEATS,
            "sizes": SIZES,
            "threads": 1,
            "pipelines": PIPELINES,
            "datasets": [{"name": f"linear_control(seed={seed})"} for seed in seeds],
            "analysis": {"reference": "pca"},
        }
    )


def make(folder: Path, runs: int) -> None:
    """The suite, its plan and a loose record of each run, as if it had been run."""
    store.open_folder(folder)
    suite = suite_of(runs)
    (folder / "suite.toml").write_text(_toml(suite), encoding="utf-8")
    plan = make_plan(suite, discover())
    write_plan(folder, dump(suite), [planned.spec.key for planned in plan], "made up")
    models: dict[str, list[RunRecord]] = defaultdict(list)
    for record in store.read_records(STORED):
        if record.status is Status.OK:
            models[record.family].append(record)
    draw, limits = random.Random(0), limits_of(suite)
    for planned in plan:
        model = draw.choice(models[planned.pipeline.family])
        failed = draw.random() < FAILED
        record = timeout(model, planned, limits) if failed else alike(model, planned, draw)
        path = folder / "runs" / f"{record.key}.json"
        path.write_text(record.model_dump_json() + "\n", encoding="utf-8")  # unsynced: quick
    print(f"{len(plan):,} runs in {folder}")


def alike(model: RunRecord, planned: Planned, draw: random.Random) -> RunRecord:
    """A record of the planned run, with the numbers of another one, a little moved."""

    def moved(scores: dict[str, float]) -> dict[str, float]:
        return {name: value + draw.gauss(0, 0.01) for name, value in scores.items()}

    spent = model.phases
    factor = draw.lognormvariate(0, 0.3)
    return model.model_copy(
        update={
            "key": planned.spec.key,
            "spec": planned.spec,
            "is_control": planned.pipeline.is_control,
            "scores": moved(model.scores),
            "validation": moved(model.validation),
            "phases": spent.model_copy(update={"fit_s": spent.fit_s * factor}),
            "dataset_info": planned.prepared.facts,
            "suite": "large",
        }
    )


def timeout(model: RunRecord, planned: Planned, limits: Limits) -> RunRecord:
    """A record of the planned run that took too long, where the model ran."""
    return RunRecord.unfinished(
        planned.spec,
        planned.pipeline,
        Ending(Status.TIMEOUT, f"took longer than {limits.timeout_s:g} s"),
        dataset_info=planned.prepared.facts,
        environment=model.environment,
        suite="large",
        limits=limits,
        started_at=model.started_at,
    )


def _toml(suite: Suite) -> str:
    """The entries of ``suite_of`` as TOML."""
    names = "\n".join(f'[[datasets]]\nname = "{one.name}"' for one in suite.datasets)
    lists = f"sizes = {SIZES}\npipelines = {list(PIPELINES)}".replace("'", '"')
    return (
        f'name = "{suite.name}"\nrepeats = {REPEATS}\nthreads = 1\n{lists}\n'
        f'[analysis]\nreference = "pca"\n{names}\n'
    )


def measure(folder: Path) -> None:
    """Run each command; print its seconds and the peak memory of its process."""
    filled = {"suite": str(folder / "suite.toml"), "folder": str(folder)}
    for name, words in COMMANDS.items():
        command = [sys.executable, "-m", "omicsbench.cli.main", *words]
        start = time.perf_counter()
        child = subprocess.Popen([word.format(**filled) for word in command], stdout=sys.stderr)
        _, code, used = os.wait4(child.pid, 0)
        spent = time.perf_counter() - start
        cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
        print(f"{name}: {spent:.1f} s, {cpu:.1f} s of CPU, peak {peak:.2f} GiB, exit code {code}")


def pack(folder: Path) -> None:
    """Pack the store."""
    from omicsbench.api import pack

    start = time.perf_counter()
    print(f"{pack(folder)}: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    arguments: list[Any] = sys.argv[1:]
    match arguments:
        case ["make", folder, runs]:
            make(Path(folder), int(runs))
        case ["time", folder]:
            measure(Path(folder))
        case ["pack", folder]:
            pack(Path(folder))
        case _:
            sys.exit(__doc__)
