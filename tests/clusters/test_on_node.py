"""What a node tells of a load: whether its job had too little memory for what the suite allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import builders
from omicsbench.clusters.on_node import _wants_memory
from omicsbench.records import store
from omicsbench.records.facts import Limits
from omicsbench.records.spec import Cause, Status
from omicsbench.running.job import Conditions, Job

GIB = 2**30
SUITE, JOB = (Limits(timeout_s=60, memory_bytes=gib * GIB) for gib in (16, 2))
LEFT_OUT = {"status": Status.SKIPPED, "cause": Cause.PREDICTED}


@pytest.mark.parametrize(
    ("ended", "wants"),
    [
        ({"status": Status.OK}, False),
        ({"status": Status.TIMEOUT}, False),
        ({"status": Status.OUT_OF_MEMORY}, True),
        ({"status": Status.SKIPPED, "cause": Cause.LOST}, False),
        (LEFT_OUT | {"predicted": {"peak_rss_bytes_low": 3.0 * GIB}}, True),
        (LEFT_OUT | {"predicted": {"wall_s_low": 61.0}}, False),
    ],
)
def test_more_is_wanted_where_memory_was_in_the_way(
    tmp_path: Path, ended: dict[str, Any], wants: bool
) -> None:
    for limits, wanted in ((JOB, wants), (SUITE, False)):
        (tmp_path / "runs").mkdir(exist_ok=True)
        record = builders.record(**ended, limits=limits)
        store.write_record(tmp_path, record)
        conditions = Conditions("tiny", str(tmp_path), "scratch", SUITE, 60)
        job = Job(conditions, "p", "simple", False, ((record.spec, "/nowhere/d"),))
        assert _wants_memory(job) is wanted
