"""A chain of jobs done by a Dask worker, maybe on another machine.

Nothing of the driver's can follow there but the results folder, which both see. So the claim on
it stands for the driver: where that is lost the chain ends. A scheduler may hand the same chain
out again, after a worker was lost or seemed to be: what the first try finished is not done again.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.owned.scratch import scratch
from omicsbench.records.claim import is_claimed
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.store import read_record
from omicsbench.running.job import Job
from omicsbench.running.supervisor import supervise

LOOK_S = 2.0  # how often the driver's claim is looked at


def supervise_elsewhere(jobs: Sequence[Job], token: str) -> list[RunRecord]:
    """Do what is not done of some jobs; returns the records of all their runs.

    ``token`` is that of the driver's claim. Raises Stopped if it is lost, StoreError if the
    results folder cannot be written from here.
    """
    out = Path(jobs[0].conditions.out)
    if not out.is_dir():
        raise StoreError(
            f"{socket.gethostname()} does not see {out}: name a results folder that all Dask "
            "workers see, by the same path, with --out."
        )
    records: list[RunRecord] = []
    todo: list[Job] = []
    for job in jobs:
        done = {spec.key: found for spec, _ in job.runs if (found := _finished(job, spec.key))}
        records += done.values()
        left = tuple(run for run in job.runs if run[0].key not in done)
        if left:
            todo.append(replace(job, runs=left))
    if not todo:
        return records
    with scratch("node") as own, _while_claimed(out, token) as stop:
        here = [replace(job, conditions=replace(job.conditions, scratch=str(own))) for job in todo]
        supervise(here, records.append, stop)
    return records


def _finished(job: Job, key: str) -> RunRecord | None:
    """The record of a run that an earlier try of the same chain has finished, if it has."""
    with contextlib.suppress(FileNotFoundError, StoreError):
        record = read_record(Path(job.conditions.out) / "runs" / f"{key}.json")
        return record if record.status is Status.OK else None
    return None


@contextlib.contextmanager
def _while_claimed(out: Path, token: str) -> Iterator[threading.Event]:
    """An event that is set once the driver has lost its claim, or let it go."""
    stop, end = threading.Event(), threading.Event()

    def look() -> None:
        while not end.wait(LOOK_S):
            if not is_claimed(out, token):
                stop.set()
                return

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield stop
    finally:
        end.set()
        looking.join()
