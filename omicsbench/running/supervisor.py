"""The parent's side of a worker: start it, feed it runs, hold its limits, store what comes.

Limits hold against native code: a worker that exceeds one is killed with its whole process
group, its current run is recorded with the cause, and a fresh worker goes on with the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from omicsbench.errors import CANNOT_STORE, StoreError
from omicsbench.plugin import Family
from omicsbench.prepare.prepared import Prepared
from omicsbench.records import environment
from omicsbench.records.costs import Observation
from omicsbench.records.environment import worker_environment
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.records.store import write_record
from omicsbench.running.limits import Budget

START_LIMIT_S = 300.0  # importing the heaviest libraries from a slow disk
POLL_S = 0.02
UNREADY = {"starting": Cause.START_UP, "warming": Cause.WARM_UP}  # phases before a run
CHILDREN_POLL_S = 0.5  # walking the process tree costs more than reading one process


@dataclass(frozen=True)
class Job:
    """All runs of one pipeline, either as written or tuned.

    Plain values only, so that it can travel to another machine.
    """

    pipeline: str
    family: Family
    is_control: bool
    runs: tuple[tuple[RunSpec, str], ...]  # spec and folder of its prepared data
    out: str
    scratch: str
    suite: str
    threads: int
    jobs: int  # pipelines at a time, this one among them
    timeout_s: float  # of one fit
    warm_up_timeout_s: float
    memory_bytes: int
    plugins: tuple[str, ...] = ()
    families: dict[str, Family] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    isolate_runs: bool = False
    known: tuple[Observation, ...] = ()  # what its runs stored earlier cost
    force: bool = False  # run what is predicted to exceed a limit

    @property
    def limits(self) -> dict[str, float]:
        return {"timeout_s": self.timeout_s, "memory_bytes": float(self.memory_bytes)}


class Stopped(Exception):
    """The user asked to stop; the current run is left unrecorded."""


class _Died(Exception):
    """The worker is gone, and so its current run ended."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


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

        def done(record: RunRecord, out: Path = Path(job.out)) -> None:
            write_record(out, record)
            records.append(record)
            if on_record:
                on_record(record)

        _supervise(job, done, stop)
    return records


def _supervise(job: Job, done: Callable[[RunRecord], None], stop: threading.Event | None) -> None:
    """Feed one job's runs to workers, a fresh one after each that died."""
    queue = deque(job.runs)
    budget = Budget(job.limits, job.known, job.force)
    cold: dict[str, Ending] = {}  # by data set: why its warm-up cannot be survived
    here = environment.describe() | {"jobs": job.jobs}  # until a worker tells better
    while queue:
        with _Worker(job, stop) as worker:
            while queue:
                spec, prepared = queue.popleft()
                left_out = cold.get(spec.dataset) or cold.get("") or budget.left_out(spec)
                if left_out:
                    done(_lost(job, spec, prepared, here, left_out))
                    continue
                try:
                    record = worker.run(spec, prepared)
                    alive = True
                except _Died as death:
                    here = worker.environment or here
                    record = _lost(job, spec, prepared, here, death.ending)
                    alive = False
                    if death.ending.cause:
                        scope = "" if death.ending.cause is Cause.START_UP else spec.dataset
                        reason = f"{death.ending.status} already while {worker.phase} up"
                        cold[scope] = Ending(Status.SKIPPED, reason, death.ending.cause)
                done(record)
                here = record.environment or here
                budget.learn(record)
                if not alive or job.isolate_runs or _tainted(record):
                    break


def _tainted(record: RunRecord) -> bool:
    """Whether a worker that lived through a failure may not be fit for the next run."""
    failed = record.status is not Status.OK
    return record.status is Status.OUT_OF_MEMORY or (failed and record.spec.device != "cpu")


def _lost(
    job: Job,
    spec: RunSpec,
    prepared: str,
    environment: dict[str, Any],
    ending: Ending,
) -> RunRecord:
    """The record of a run whose worker could not send one."""
    return RunRecord.unfinished(
        spec,
        job,
        ending,
        dataset_info=Prepared(Path(prepared)).facts,
        environment=environment,
        suite=job.suite,
        limits=job.limits,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


class _Worker:
    """A worker process with its pipes; a context manager that leaves no process behind."""

    def __init__(self, job: Job, stop: threading.Event | None) -> None:
        self.job = job
        self.stop = stop
        self.phase = "starting"
        self.environment: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Worker:
        return self

    def _start(self) -> None:
        job = self.job
        description = {
            "pipeline": job.pipeline,
            "plugins": job.plugins,
            "families": job.families,
            "out": job.out,
            "scratch": job.scratch,
            "shared": job.shared,
            "suite": job.suite,
            "limits": job.limits,
            "jobs": job.jobs,
        }
        Path(job.scratch).mkdir(parents=True, exist_ok=True)
        self._log = tempfile.TemporaryFile(dir=job.scratch)  # noqa: SIM115 (closed in __exit__)
        file, path = tempfile.mkstemp(dir=job.scratch, prefix="job-", suffix=".json")
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump(description, stream)
        request_read, request_write = os.pipe()
        reply_read, reply_write = os.pipe()
        command = [sys.executable, "-P", "-m", "omicsbench.running.worker", path]
        self._process = subprocess.Popen(
            [*command, str(request_read), str(reply_write)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            pass_fds=(request_read, reply_write),
            start_new_session=True,
            env=os.environ | worker_environment(job.threads),
        )
        os.close(request_read)
        os.close(reply_write)
        self._requests = os.fdopen(request_write, "wb", buffering=0)
        self._replies = reply_read
        os.set_blocking(reply_read, False)
        self._buffer = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(reply_read, selectors.EVENT_READ)
        self._watched = psutil.Process(self._process.pid)
        self._children_checked = 0.0
        self.environment = self._await("ready", START_LIMIT_S)["environment"]

    def run(self, spec: RunSpec, prepared: str) -> RunRecord:
        """The record of one run. Raises _Died if the worker does not live to send it."""
        if self._process is None:
            self._start()
        request = {"spec": spec.model_dump(mode="json"), "prepared": prepared}
        with contextlib.suppress(BrokenPipeError):  # its end is noticed below
            self._requests.write((json.dumps(request) + "\n").encode())
        message = self._await("record", spec.time_limit_s(self.job.timeout_s))
        return RunRecord.model_validate(message["record"])

    def _await(self, wanted: str, limit_s: float) -> dict[str, Any]:
        """The next message of this kind; each phase on the way has a time limit of its own."""
        limit = limit_s
        while True:
            message = self._message(limit)
            self.phase = message["event"]
            if self.phase == wanted:
                return message
            limit = self.job.warm_up_timeout_s if self.phase == "warming" else limit_s

    def _message(self, limit_s: float) -> dict[str, Any]:
        assert self._process is not None
        deadline = time.monotonic() + limit_s
        while b"\n" not in self._buffer:
            if self.stop is not None and self.stop.is_set():
                raise Stopped
            if time.monotonic() > deadline:
                raise self._end(Status.TIMEOUT, f"exceeded its time limit of {limit_s:g} s")
            if self._rss() > self.job.memory_bytes:
                limit = self.job.memory_bytes / 2**30
                raise self._end(
                    Status.OUT_OF_MEMORY, f"exceeded its memory limit of {limit:.3g} GiB"
                )
            if self._selector.select(POLL_S):
                chunk = os.read(self._replies, 1 << 20)
                if not chunk:
                    raise self._gone()
                self._buffer += chunk
            elif self._process.poll() is not None and not self._selector.select(0):
                raise self._gone()  # a child of it may hold the pipe open; nothing is left in it
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _rss(self) -> int:
        """Resident memory of the worker, and now and then of its children too."""
        try:
            total = int(self._watched.memory_info().rss)
            if time.monotonic() - self._children_checked > CHILDREN_POLL_S:
                self._children_checked = time.monotonic()
                for child in self._watched.children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        total += int(child.memory_info().rss)
        except psutil.Error:
            return 0
        return total

    def _end(self, status: Status, reason: str, last: str = "") -> _Died:
        """End the worker; the reason tells too if its run had not begun, and what it said last."""
        self._kill()
        cause = UNREADY.get(self.phase)
        phase = f" while {self.phase} up" if cause else ""
        return _Died(Ending(status, f"{reason}{phase}{last}", cause))

    def _gone(self) -> _Died:
        assert self._process is not None
        code = self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        last = lines[-1][:300] if lines else "no message"
        if code == CANNOT_STORE:
            raise StoreError(last)
        if code >= 0:
            return self._end(
                Status.CRASHED, f"the process ended with exit code {code}", f": {last}"
            )
        name = signal.Signals(-code).name
        hint = ", perhaps by the system for want of memory" if name == "SIGKILL" else ""
        return self._end(Status.CRASHED, f"the process was killed by {name}{hint}")

    def _kill(self) -> None:
        """End the worker and everything it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def __exit__(self, *exception: object) -> None:
        if self._process is None:
            return
        self._kill()
        self._requests.close()
        self._selector.close()
        os.close(self._replies)
        self._log.close()
