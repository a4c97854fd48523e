"""What a node does of a load that was sent to it, and what it tells of that."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from omicsbench.clusters.loads import SCORER_BYTES
from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.records.costs import foreseen
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.store import read_record
from omicsbench.running.elsewhere import supervise_elsewhere
from omicsbench.running.job import Job


@dataclass(frozen=True)
class LoadEnd:
    """How a load ended; its records lie in the results folder.

    ``wrong`` is a fault of the user's in one sentence. ``wants_memory``: runs needed more than
    the job had, though the suite allows it.
    """

    wrong: str | None = None
    wants_memory: bool = False


def done_there(jobs: Sequence[Job], token: str, since: str, memory_bytes: float) -> LoadEnd:
    """Do a load within the memory that its job has; ``since`` is when the driver sent it first."""
    # Before its time is over SLURM sends this signal, and submitit would call that a failure.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    bounded = [_within(job, memory_bytes - SCORER_BYTES / 2) for job in jobs]
    try:
        supervise_elsewhere(bounded, token, since)
    except OmicsbenchError as error:
        return LoadEnd(wrong=str(error))
    return LoadEnd(wants_memory=any(map(_wants_memory, jobs)))


def _ends(found: RunRecord) -> Collection[Status]:
    """How a run ended, or would have ended where that was foreseen."""
    return foreseen(found) if found.left_out else (found.status,)


def _within(job: Job, memory_bytes: float) -> Job:
    """The job, whose runs may take no more than this."""
    limits = job.conditions.limits
    least = min(limits.memory_bytes, memory_bytes)
    conditions = replace(job.conditions, limits=limits.model_copy(update={"memory_bytes": least}))
    return replace(job, conditions=conditions)


def _wants_memory(job: Job) -> bool:
    """Whether a run of the job went, or would have gone, beyond less memory than it may take."""
    for spec, _ in job.runs:
        with contextlib.suppress(FileNotFoundError, StoreError):
            found = read_record(Path(job.conditions.out) / "runs" / f"{spec.key}.json")
            bounded = found.limits and found.limits.memory_bytes < job.limits.memory_bytes
            if bounded and Status.OUT_OF_MEMORY in _ends(found):
                return True
    return False
