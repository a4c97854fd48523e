"""Every contestant runs on real data, or says beforehand why it does not."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from omicsbench.inputs.fetch import local_path
from omicsbench.planning.suite import make_suite
from omicsbench.plugin import Task
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.registry.discover import Registry, discover, unavailable
from omicsbench.running.runner import run_suite

pytestmark = pytest.mark.promise
# Real data of each task; the first that is here. Images, for nets that take nothing else.
REAL = {
    "embed": ["scmark_immune"],
    "predict": ["scmark_immune"],
    "integrate": ["eccite_pbmc", "nutrimouse"],
    "regress": ["soynam", "avgfp_dms"],
    "batch": ["symphony_pbmc", "cell_lines"],
}
IMAGES = "digits"
# What data can lack, as the plan says it, or the machine: a card.
LACKING = (
    "no cuda device",
    "reads counts, and",
    "the data set ",
    "uses the batch",
    "needs ",
    "has no ",
    "takes ",
    "50 dimensions need",
)
SIZE = 80
SMALL = ("nutrimouse",)


def real(task: str, registry: Registry) -> str | None:
    for name in REAL[task]:
        entry = registry.datasets[name]
        files = entry.info.remote
        if not unavailable(entry.info) and all(local_path(file).is_file() for file in files):
            return name
    return None


def runs(task: str, data: str, pipelines: list[str], out: Path, of: Registry) -> list[RunRecord]:
    suite = make_suite(
        {
            "name": "every",
            "task": task,
            "pipelines": pipelines,
            "datasets": [{"name": data, "sizes": ["all" if data in SMALL else SIZE]}],
            "repeats": 1,
            "n_components": 2,
            "features": 64,
            "scored": 50,
            "background": 100,
            "threads": 1,
            "jobs": 2,
            "timeout_s": 240,
        }
    )
    return run_suite(suite, out, registry=of)


@pytest.mark.slow
@pytest.mark.parametrize("task", get_args(Task))
def test_every_contestant_runs_on_real_data(task: str, tmp_path: Path) -> None:
    registry = discover()
    data = real(task, registry)
    if data is None:
        pytest.skip(f"no real data of task {task} is downloaded: omicsbench fetch brings it")
    every = [e for e in registry.methods.values() if e.info.task == task]
    known = {e.info.name: signature(e.make).parameters for e in every}
    images = [f"{name}(image=(8, 8))" for name, own in known.items() if "image" in own]
    # What has no embedding of its own to be given is not tried.
    plain = [name for name, own in known.items() if not {"image", "key"} & own.keys()]
    done = runs(task, data, plain, tmp_path / "plain", registry)
    if images:
        done += runs(task, IMAGES, images, tmp_path / "images", registry)
    assert len(done) == len(plain) + len(images)
    for record in done:
        if record.status is Status.SKIPPED:
            assert record.cause is Cause.CANNOT_RUN
            name = record.spec.pipeline.partition("(")[0]
            entry = registry.methods[name]
            reason = unavailable(entry.info, entry.make) or record.reason
            assert reason
            assert reason.startswith(LACKING), record.reason
            continue
        assert record.status is Status.OK, (record.spec.pipeline, record.reason)
        assert np.isfinite(list(record.scores.values())).all()
    assert sum(record.status is Status.OK for record in done) > len(plain) / 2
