"""The parent's side of a suite's runs: hand them to workers, store what comes, go on after deaths.

A worker that exceeds a limit or dies takes one run with it, which is recorded with the cause; a
fresh worker goes on with the rest. A signal that may have come from outside (`FROM_OUTSIDE`) is
no result: the run is done once more in a fresh worker. Only if that ends in the same way, and
nobody stops the suite meanwhile, is it recorded as crashed, until the suite is run again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from omicsbench.prepare.prepared import Prepared
from omicsbench.records import environment
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.records.store import write_record
from omicsbench.running.child import Stopped
from omicsbench.running.job import Job
from omicsbench.running.limits import Budget
from omicsbench.running.process import Died, WorkerProcess

SETTLE_S = 1.0  # signals to many processes arrive at this one within


def supervise(
    jobs: Sequence[Job],
    on_record: Callable[[RunRecord], None] | None = None,
    stop: threading.Event | None = None,
) -> list[RunRecord]:
    """Do all runs of some jobs in order, storing each record as it comes; returns the records.

    Raises StoreError if the results folder cannot be written, Stopped if ``stop`` is set.
    """
    records: list[RunRecord] = []
    for job in jobs:

        def done(record: RunRecord, out: Path = Path(job.conditions.out)) -> None:
            write_record(out, record)
            records.append(record)
            if on_record:
                on_record(record)

        _supervise(job, done, stop)
    return records


def _supervise(job: Job, done: Callable[[RunRecord], None], stop: threading.Event | None) -> None:
    """Feed one job's runs to workers, a fresh one after each that died."""
    queue = deque(job.runs)
    budget = Budget(job.limits, job.known, job.conditions.manner.force)
    cold: dict[str, Ending] = {}  # by data set: why its warm-up cannot be survived
    cut_short: dict[str, str] = {}  # by key: the signal that ended the first try of a run
    here = environment.describe(job.conditions.jobs)  # until a worker tells better
    while queue:
        with WorkerProcess(job, stop) as worker:
            while queue:
                spec, prepared = queue.popleft()
                left_out = cold.get(spec.dataset) or cold.get("") or budget.left_out(spec)
                if left_out:
                    done(_lost(job, spec, prepared, here, left_out))
                    continue
                try:
                    record = worker.run(spec, prepared)
                    alive = True
                except Died as death:
                    here = worker.environment or here
                    if death.outside and spec.key not in cut_short:
                        cut_short[spec.key] = death.outside
                        queue.appendleft((spec, prepared))
                        break
                    _settle(death, stop)
                    record = _lost(job, spec, prepared, here, death.ending)
                    alive = False
                    if death.ending.cause in (Cause.START_UP, Cause.WARM_UP):
                        scope = "" if death.ending.cause is Cause.START_UP else spec.dataset
                        reason = f"{death.ending.status} already while {worker.phase} up"
                        cold[scope] = Ending(Status.SKIPPED, reason, death.ending.cause)
                done(_told(record, cut_short.get(spec.key), stop))
                here = record.environment
                budget.learn(record)
                if not alive or job.conditions.manner.isolate_runs or _tainted(record):
                    break


def _settle(death: Died, stop: threading.Event | None) -> None:
    """Wait whether what ended a worker stops this process too. Raises Stopped if it does."""
    if death.ending.status is Status.CRASHED and (stop or threading.Event()).wait(SETTLE_S):
        raise Stopped


def _told(record: RunRecord, first: str | None, stop: threading.Event | None) -> RunRecord:
    """The record with what ended a first try. Raises Stopped if a stop may have made it fail."""
    if record.status is not Status.OK and stop is not None and stop.is_set():
        raise Stopped
    note = f"done again, as {first} had ended the worker"
    return record.model_copy(update={"notes": (*record.notes, note)}) if first else record


def _tainted(record: RunRecord) -> bool:
    """Whether a worker that lived through a failure may not be fit for the next run."""
    failed = record.status is not Status.OK
    return record.status is Status.OUT_OF_MEMORY or (failed and record.spec.device != "cpu")


def _lost(
    job: Job, spec: RunSpec, prepared: str, environment: Environment, ending: Ending
) -> RunRecord:
    """The record of a run whose worker could not send one."""
    return RunRecord.unfinished(
        spec,
        job,
        ending,
        dataset_info=Prepared(Path(prepared)).facts,
        environment=environment,
        suite=job.conditions.suite,
        limits=job.limits,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
