"""A chain of jobs done on another machine, by Dask or SLURM.

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
from omicsbench.planning.resume import do_again
from omicsbench.records.claim import is_claimed
from omicsbench.records.spec import Status
from omicsbench.records.store import read_record
from omicsbench.running.job import Job
from omicsbench.running.supervisor import supervise

LOOK_S = 2.0  # how often the driver's claim is looked at


def supervise_elsewhere(jobs: Sequence[Job], token: str, since: str) -> None:
    """Do what is not done of some jobs, and store their records.

    ``since`` is when they were first handed out, in ISO 8601: how a run ended from then on stands,
    unless it may take more now.

    ``token`` is that of the driver's claim. Raises Stopped if it is lost, StoreError if the
    results folder cannot be written from here.
    """
    out = Path(jobs[0].conditions.out)
    if not out.is_dir():
        raise StoreError(
            f"{socket.gethostname()} does not see {out}: name a results folder that all its nodes "
            "see, by the same path, with --out."
        )
    todo: list[Job] = []
    for job in jobs:
        left = tuple(run for run in job.runs if not _finished(job, run[0].key, since))
        if left:
            todo.append(replace(job, runs=left))
    if not todo:
        return
    with scratch("node") as own, _while_claimed(out, token) as stop:
        here = [replace(job, conditions=replace(job.conditions, scratch=str(own))) for job in todo]
        supervise(here, lambda record: None, stop)


def _finished(job: Job, key: str, since: str) -> bool:
    """Whether an earlier try of the same chain has brought a run to its end."""
    with contextlib.suppress(FileNotFoundError, StoreError):
        record = read_record(Path(job.conditions.out) / "runs" / f"{key}.json")
        if record.status is Status.OK:
            return True
        again = do_again(record, retry=False, force=False, limits=job.limits)
        return record.started_at >= since and not again
    return False


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
