"""Does a driver's memory grow with the runs that its executor has done?

    python tests/experiments/driver_memory.py FOLDER 100000

The suite of large_store.py is given to an executor that does no run, and writes a made-up record of
each as a node would. Printed is the memory of the driver's process as records come back.
"""

from __future__ import annotations

import random
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from large_store import STORED, alike, suite_of

from omicsbench.planning.plan import make_plan
from omicsbench.records import store
from omicsbench.records.spec import RunRecord, RunSpec, Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import complete

LOOKS = 10  # lines printed


class Seen:
    """What the driver is told, as a progress bar would be: the memory at some of the records."""

    def __init__(self, runs: int) -> None:
        self.every, self.done = runs // LOOKS, 0

    def dataset(self, *_: Any) -> None: ...

    def start(self, todo: Any, done: int) -> None:
        self.tell()

    def record(self, record: RunRecord) -> None:
        self.done += 1
        if self.done % self.every == 0:
            self.tell()

    def tell(self) -> None:
        used = psutil.Process().memory_info().rss / 2**20
        print(f"{self.done:,} runs: {used:,.0f} MiB", flush=True)


class Nodes(ThreadPoolExecutor):
    """Writes each run's record into the folder."""

    def __init__(self, folder: Path, runs: int) -> None:
        super().__init__(max_workers=1)
        self.folder, self.draw = folder, random.Random(0)
        self.plan = {planned.key: planned for planned in make_plan(suite_of(runs), discover())}
        self.model = next(r for r in store.read_records(STORED) if r.status is Status.OK)

    def submit(self, call: Any, chain: Any, *told: Any) -> Future[Any]:  # type: ignore[override]
        return super().submit(self.write, [spec for job in chain for spec, _ in job.runs])

    def write(self, specs: list[RunSpec]) -> None:
        for spec in specs:
            made = alike(self.model, self.plan[spec.key], self.draw)
            path = self.folder / "runs" / f"{spec.key}.json"
            partial = path.with_suffix(f".{threading.get_ident()}")
            partial.write_text(made.model_dump_json() + "\n", encoding="utf-8")
            partial.rename(path)  # unsynced: quick


def main(folder: Path, runs: int) -> None:
    nodes = Nodes(folder, runs)
    complete(suite_of(runs), folder, executor=nodes, observer=Seen(len(nodes.plan)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), int(sys.argv[2]))
