"""Suites of hostile plug-ins beside honest ones, and whether what came of each is as expected."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hostility import MORE_ROWS, ROWS, Kind
from omicsbench.records import store
from omicsbench.records.spec import RunRecord, Status
from omicsbench.registry.discover import Registry, discover
from watched import Watched

PLUGINS = Path(__file__).parents[1] / "plugins"
GROUPS = sorted(path.stem.removeprefix("hostile_") for path in PLUGINS.glob("hostile_*.py"))
OF_METHODS = [group for group in GROUPS if group not in ("metrics", "datasets")]
MEMORY_OF_DRIVER = 600 * 2**20  # bytes, of which about 250 MiB are imports
LIMIT_S = 3600.0
SETTINGS: dict[str, object] = {
    "name": "hostile",
    "repeats": 1,
    "timeout_s": 10,
    "warm_up_timeout_s": 20,
    "memory_gb": 0.75,
    "threads": 1,
    "jobs": 2,
}
EMBED = """
task = "embed"
n_components = 2
metrics = ["knn_recall", "knn_transfer_balanced_accuracy", "reconstruction_r2"]
[[datasets]]
name = "linear_control(n=300)"
"""
PREDICT = """
task = "predict"
metrics = ["balanced_accuracy", "log_loss"]
[[datasets]]
name = "linear_classes(n=300)"
"""
HONEST = {"embed": "honest_method", "predict": "honest_predictor"}
BESIDE = {"embed": "pca", "predict": "class_prior"}  # an honest one of the package
Runs = dict[str, dict[int, RunRecord]]  # by method, by size


def plugins(folder: Path, groups: Iterable[str] = GROUPS) -> Path:
    """A plug-in folder of these files."""
    made = folder / "plugins"
    made.mkdir(parents=True, exist_ok=True)
    for group in {*groups, "raising"}:  # where the honest one is
        shutil.copy(PLUGINS / f"hostile_{group}.py", made)
    return made


def registry(folder: Path) -> Registry:
    found = discover([folder])
    assert not found.broken, found.broken
    return found


def kinds(known: Registry, group: str) -> dict[str, Kind]:
    """What is expected of each method of a file."""
    return {
        name: entry.make.kind
        for name, entry in known.methods.items()
        if entry.path.stem == f"hostile_{group}" and hasattr(entry.make, "kind")
    }


@dataclass(frozen=True)
class Outcome:
    """What came of a suite: its exit code, what it said, its runs, and what it left."""

    code: int
    words: str
    runs: Runs  # by name of the first method
    by_pipeline: Runs
    planned: int
    stored: int
    peak_bytes: int
    processes: list[str]
    files: list[str]

    def problems(self) -> Iterator[str]:
        """What is wrong with the suite, whatever its runs are."""
        if self.code not in (0, 1):
            yield f"exit code {self.code}: {self.words[-1000:]}"
        if "Traceback" in self.words:
            yield f"a traceback: {self.words[-1000:]}"
        if self.stored != self.planned:
            yield f"{self.stored} files of records, {self.planned} runs"
        if self.peak_bytes > MEMORY_OF_DRIVER:
            yield f"the driver took {self.peak_bytes / 2**20:.0f} MiB"
        if self.processes:
            yield f"processes are left: {self.processes}"
        if self.files:
            yield f"temporary files are left: {self.files}"


def run(
    folder: Path, pipelines: Iterable[str], plugins: Path, task: str = "embed", **more: object
) -> Outcome:
    """Run pipelines and the honest one of the task; ``more`` are entries of the suite."""
    suite, out = folder / "hostile.toml", folder / "out"
    folder.mkdir(parents=True, exist_ok=True)
    named = [*dict.fromkeys([HONEST[task], *pipelines])]
    sizes = more.pop("sizes", [ROWS, MORE_ROWS])
    given = (EMBED if task == "embed" else PREDICT) + f"sizes = {sizes}\n"
    if "metrics" in more:
        given = "\n".join(line for line in given.splitlines() if not line.startswith("metrics"))
    entries = SETTINGS | {"pipelines": named} | more
    head = "".join(f"{name} = {json.dumps(value)}\n" for name, value in entries.items())
    suite.write_text(head + given)
    command = Watched(folder, "run", suite, "--plugins", plugins, "--out", out, "--no-report")
    try:
        code = command.wait(LIMIT_S)
        runs: Runs = {}
        whole: Runs = {}
        for record in store.stored(out).values():
            pipeline = record.spec.pipeline
            whole.setdefault(pipeline, {})[record.spec.size] = record
            if " > " not in pipeline:
                runs.setdefault(pipeline.partition("(")[0], {})[record.spec.size] = record
        stored = len(list((out / "runs").iterdir())) if out.is_dir() else 0
        planned = len(named) * len(sizes)  # type: ignore[arg-type]
        words, left, files = command.words(), command.left(), command.files()
        peak = command.peak_bytes
        return Outcome(code, words, runs, whole, planned, stored, peak, left, files)
    finally:
        command.end()


def wrong(kind: Kind, runs: dict[int, RunRecord], honest: dict[int, RunRecord]) -> Iterator[str]:
    """Where the runs of a hostile method are not what is expected of it."""
    for size, expected in ((ROWS, kind.status), (MORE_ROWS, kind.then)):
        record = runs.get(size)
        if record is None:
            yield f"no record of {size} rows"
            continue
        if record.status not in expected.split("|"):
            yield f"{size} rows: {record.status}, not {expected} ({record.reason})"
        if record.status is not Status.OK and not record.reason:
            yield f"{size} rows: no reason"
        if record.status is not Status.OK and record.scores:
            yield f"{size} rows: a failure has scores"
        scores = {name: record.scores.get(name) for name in honest[size].scores}
        if record.status is Status.OK and kind.same and scores != honest[size].scores:
            yield f"{size} rows: scores {scores}, not {honest[size].scores}"
    first = runs.get(ROWS)
    if first is not None:
        ok = first.status is Status.OK
        said = " ".join(
            [*first.notes, *first.skipped_metrics.values()] if ok else [first.reason or ""]
        )
        if kind.says not in said:
            yield f"{ROWS} rows: it says {said[:300]!r}, not {kind.says!r}"
        if len(said) > 5000:
            yield f"{ROWS} rows: it says {len(said)} letters"
