"""What a user waits for besides the methods themselves."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .made_up import costless, metrics, part, rescaled, scored

RECORDS = 200


def track_harness_time_per_run() -> float:
    """Seconds per run that costs nothing, isolated and stored one by one, without worker start."""
    with tempfile.TemporaryDirectory() as folder:
        return costless(Path(folder), 200)[1]


track_harness_time_per_run.unit = "s"  # type: ignore[attr-defined]


def time_list_methods() -> None:
    """Wall time of ``omicsbench list methods`` in a fresh process."""
    command = [sys.executable, "-P", "-m", "omicsbench", "list", "methods"]
    subprocess.run(command, check=True, capture_output=True)


class Prepare:
    """A data set is loaded, normalised, split and written, its features selected."""

    params = ("scmark_immune", "linear_control(n=5000)", "simulated_multimodal(n=1000)")
    param_names = ("dataset",)
    number, repeat, rounds, warmup_time, timeout = 1, (2, 5, 5.0), 1, 0, 120

    def setup(self, name: str) -> None:
        discover = part("registry.discover", "registry").discover
        make_suite = part("planning.suite", "suite").make_suite

        self.registry = discover()
        entry = self.registry.datasets.get(name.partition("(")[0])
        if entry is None:
            raise NotImplementedError(f"this revision has no data set {name}")
        joint = bool(getattr(entry.info, "modalities", ()))
        task = {"task": "integrate"} if joint else {}
        self.suite = make_suite(
            {
                "name": "prepare",
                "pipelines": ["concatenated_pca" if joint else "pca"],
                "datasets": [{"name": name, "sizes": [100]}],
                "repeats": 1,
                **task,
            }
        )
        self.cache = tempfile.TemporaryDirectory()
        os.environ["OMICSBENCH_CACHE"] = self.cache.name

    def teardown(self, name: str) -> None:
        self.cache.cleanup()

    def _prepared(self) -> None:
        make_plan = part("planning.plan", "plan").make_plan

        make_plan(self.suite, self.registry)

    def time_prepare(self, name: str) -> None:
        self._prepared()

    def peakmem_prepare(self, name: str) -> None:
        self._prepared()


class Metrics:
    """Every metric, of 500 scored among 2,000 cells x 500 features."""

    params = metrics()
    param_names = ("metric",)
    number, repeat, rounds, warmup_time, timeout = 1, (3, 5, 2.0), 2, 0, 120
    inputs: Any = None  # made once in a process: asv sets up before every sample
    samples = 0

    def setup(self, name: str) -> None:
        from omicsbench.metrics import METRICS, MetricUndefined

        if name not in METRICS:
            raise NotImplementedError(f"this revision has no metric {name}")
        self.metric = METRICS[name]
        if Metrics.inputs is None:
            predicts = getattr(self.metric, "tasks", ()) == ("predict",)
            try:
                Metrics.inputs = scored(500, 2_000, 500, held_out=predicts)
                self.metric(**Metrics.inputs)  # what is compiled is compiled now
            except (TypeError, MetricUndefined) as error:
                raise NotImplementedError(f"other inputs in this revision: {error}") from error
        Metrics.samples += 1
        self.given = rescaled(Metrics.inputs, Metrics.samples)

    def time_metric(self, name: str) -> None:
        self.metric(**self.given)


class Store:
    """200 run records written, each synced to the disk, and read."""

    number, rounds, warmup_time, timeout = 1, 2, 0, 120
    folder = Path("stored")  # in the folder of what setup_cache leaves, where asv runs the rest

    def setup_cache(self) -> None:
        costless(self.folder, RECORDS)

    setup_cache.timeout = 120  # type: ignore[attr-defined]

    def setup(self) -> None:
        store = part("records.store", "store")

        self.records = store.read_records(self.folder)
        self.fresh = tempfile.TemporaryDirectory()
        store.open_folder(Path(self.fresh.name))

    def teardown(self) -> None:
        self.fresh.cleanup()

    def time_write(self) -> None:
        store = part("records.store", "store")

        for record in self.records:
            store.write_record(Path(self.fresh.name), record)

    def time_read(self) -> None:
        store = part("records.store", "store")

        store.read_records(self.folder)
