"""The parent's side of a suite's runs: hand them to workers, store what comes, go on after deaths.

A worker that exceeds a limit or dies takes one run with it, which is recorded with the cause; a
fresh worker goes on with the rest. A worker that did not start, or that a signal ended which may
have come from outside (`FROM_OUTSIDE`), tells nothing of its run: this is done again in a fresh
worker. Only if all `TRIES` end like that, and nobody stops the suite meanwhile, is it recorded as
crashed, until the suite is run again.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.prepare.prepared import Prepared
from omicsbench.processes.child import Stopped
from omicsbench.records import environment
from omicsbench.records.facts import DatasetFacts, Environment
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.records.store import must_be_writable, write_record
from omicsbench.running.job import Job
from omicsbench.running.limits import Budget
from omicsbench.running.process import Died, WorkerProcess
from omicsbench.running.scorers import Scorer, Scorers

SETTLE_S = 1.0  # signals to many processes arrive at this one within
TRIES = 3  # of a run whose workers are lost
IN_A_ROW = 12  # workers lost with no run between them: the job is left for another time


def supervise(
    jobs: Sequence[Job],
    on_record: Callable[[RunRecord], None],
    stop: threading.Event | None = None,
    scorers: Scorers | None = None,
    on_begin: Callable[[RunSpec], None] = lambda spec: None,
) -> None:
    """Do all runs of some jobs in order, storing each record as it comes, and telling of it.

    ``on_begin`` is told of each run that is about to be tried. They are scored by one of
    ``scorers``, or by one of their own.

    Raises StoreError if the results folder cannot be written, Stopped if ``stop`` is set.
    """
    with contextlib.ExitStack() as stack:
        if scorers is None:
            scorers = stack.enter_context(contextlib.closing(Scorers(jobs[0].conditions, stop)))
        scorer = stack.enter_context(scorers.lent())
        for job in jobs:

            def done(record: RunRecord, out: Path = Path(job.conditions.out)) -> None:
                write_record(out, record)
                on_record(record)

            _supervise(job, scorer, done, stop, on_begin)


def _supervise(
    job: Job,
    scorer: Scorer,
    done: Callable[[RunRecord], None],
    stop: threading.Event | None,
    on_begin: Callable[[RunSpec], None],
) -> None:
    """Feed one job's runs to workers, a fresh one after each that died."""
    queue = deque(job.runs)
    budget = Budget(job.limits, job.known, job.conditions.manner.force)
    cold: dict[str, Ending] = {}  # by data set: why its warm-up cannot be survived
    lost = _Losses()
    here = environment.describe(job.conditions.jobs)  # until a worker tells better
    while queue:
        with WorkerProcess(job, scorer, stop) as worker:
            while queue:
                spec, prepared = queue.popleft()
                left_out = (
                    lost.too_many()
                    or cold.get("")
                    or cold.get(spec.dataset)
                    or budget.left_out(spec)
                )
                if left_out:
                    done(_lost(job, spec, prepared, here, left_out))
                    continue
                on_begin(spec)
                try:
                    record = worker.run(spec, prepared)
                    alive = True
                except StoreError as error:
                    must_be_writable(Path(job.conditions.out))  # raises if it is so
                    ending = Ending(Status.ERROR, f"StoreError: {error}", Cause.LOST)
                    record = _lost(job, spec, prepared, here, ending)
                    alive = True
                except Died as death:
                    here = worker.environment or here
                    again = bool(death.by) and lost.again(spec.key, death.by)
                    _settle(death, lost, stop)
                    if again:
                        queue.appendleft((spec, prepared))
                        break
                    record = _lost(job, spec, prepared, here, death.ending)
                    alive = False
                    if death.ending.cause in (Cause.START_UP, Cause.WARM_UP):
                        scope = "" if death.ending.cause is Cause.START_UP else spec.dataset
                        cold[scope] = _set_aside(death.ending, worker.phase)
                done(_told(record, lost.by(spec.key), stop))
                here = record.environment
                budget.learn(record)
                if alive:
                    lost.in_a_row = 0
                if not alive or job.conditions.manner.isolate_runs or _tainted(record):
                    break


class _Losses:
    """Workers that were lost while nothing says that it was their run that did it."""

    def __init__(self) -> None:
        self.in_a_row = 0
        self._by: dict[str, list[str]] = {}  # by key of the run: what ended each

    def again(self, key: str, by: str) -> bool:
        """Note one more; whether its run is tried again."""
        self.in_a_row += 1
        self._by.setdefault(key, []).append(by)
        return len(self._by[key]) < TRIES

    def by(self, key: str) -> list[str]:
        """What ended the workers of a run, each named once."""
        return list(dict.fromkeys(self._by.get(key, ())))

    def too_many(self) -> Ending | None:
        """Why nothing more of the job is tried now; None if it is."""
        if self.in_a_row < IN_A_ROW:
            return None
        reason = f"left for another time, as {self.in_a_row} workers in a row were lost"
        return Ending(Status.SKIPPED, reason, Cause.LOST)


def _set_aside(ending: Ending, phase: str) -> Ending:
    """What other runs are told that would end in the same way.

    What took too much while warming up will again. What crashed may have been hit by something.
    """
    crashed = ending.status is Status.CRASHED or ending.cause is Cause.START_UP
    reason = f"{ending.status} already while {phase} up"
    return Ending(Status.SKIPPED, reason, Cause.LOST if crashed else ending.cause)


def _settle(death: Died, lost: _Losses, stop: threading.Event | None) -> None:
    """Wait whether what ended a worker stops this process too. Raises Stopped if it does.

    A worker that is lost for the first time is not waited for: that may happen to any.
    """
    if death.by and lost.in_a_row == 1:
        return
    if death.ending.status is Status.CRASHED and (stop or threading.Event()).wait(SETTLE_S):
        raise Stopped


def _told(record: RunRecord, by: Sequence[str], stop: threading.Event | None) -> RunRecord:
    """The record with what ended earlier tries. Raises Stopped if a stop may have made it fail."""
    if record.status is not Status.OK and stop is not None and stop.is_set():
        raise Stopped
    note = f"done again, as {' and '.join(by)} had ended the worker"
    return record.model_copy(update={"notes": (*record.notes, note)}) if by else record


def _tainted(record: RunRecord) -> bool:
    """Whether a worker that lived through a failure may not be fit for the next run."""
    failed = record.status is not Status.OK
    return record.status is Status.OUT_OF_MEMORY or (failed and record.spec.device != "cpu")


def _facts(prepared: str) -> DatasetFacts:
    """What is known of the data; nothing if they are gone, which is no reason to stop the suite."""
    try:
        return Prepared(Path(prepared)).facts
    except (OmicsbenchError, OSError):
        return DatasetFacts()


def _lost(
    job: Job, spec: RunSpec, prepared: str, environment: Environment, ending: Ending
) -> RunRecord:
    """The record of a run whose worker could not send one."""
    return RunRecord.unfinished(
        spec,
        job,
        ending,
        dataset_info=_facts(prepared),
        environment=environment,
        suite=job.conditions.suite,
        limits=job.limits,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
