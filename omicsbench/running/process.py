"""A worker process, seen from its parent: started, fed, held to its limits, ended.

Limits hold against native code: a worker that exceeds one is killed with its whole process group.
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
from pathlib import Path
from typing import Any

import psutil

from omicsbench.errors import CANNOT_STORE, StoreError
from omicsbench.records.environment import worker_environment
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.running.job import Job

START_LIMIT_S = 300.0  # importing the heaviest libraries from a slow disk
POLL_S = 0.02
UNREADY = {"starting": Cause.START_UP, "warming": Cause.WARM_UP}  # phases before a run
STOOD_STILL_S = 1.0  # between two polls: this process was suspended, and its clock with it
CHILDREN_POLL_S = 0.5  # walking the process tree costs more than reading one process
# What batch systems, shells and the kernel send to processes that did nothing wrong. Others
# (SIGSEGV, SIGABRT, ...) are the answer to what a process did itself.
FROM_OUTSIDE = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGXCPU,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGKILL,
)
HINTS = {
    signal.SIGKILL: ", perhaps by the system for want of memory",
    signal.SIGXCPU: ", the limit of CPU time (ulimit -t)",
}


class Stopped(Exception):
    """The user asked to stop; the current run is left unrecorded."""


class Died(Exception):
    """The worker is gone, and so its current run ended.

    ``signal`` is the name of the signal that ended it, if that may have come from outside.
    """

    def __init__(self, ending: Ending, signal: str | None = None) -> None:
        super().__init__(ending.reason)
        self.ending = ending
        self.signal = signal


class WorkerProcess:
    """A worker process with its pipes; a context manager that leaves no process behind."""

    def __init__(self, job: Job, stop: threading.Event | None) -> None:
        self.job = job
        self.stop = stop
        self.phase = "starting"
        self.environment: Environment | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> WorkerProcess:
        return self

    def _start(self) -> None:
        scratch = Path(self.job.conditions.scratch)
        scratch.mkdir(parents=True, exist_ok=True)
        self._log = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (closed in __exit__)
        file, path = tempfile.mkstemp(dir=scratch, prefix="job-", suffix=".json")
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            json.dump(self.job.for_worker(), stream)
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
            env=os.environ | worker_environment(self.job.threads),
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
        ready = self._await("ready", START_LIMIT_S)
        self.environment = Environment.model_validate(ready["environment"])

    def run(self, spec: RunSpec, prepared: str) -> RunRecord:
        """The record of one run. Raises Died if the worker does not live to send it."""
        if self._process is None:
            self._start()
        request = {"spec": spec.model_dump(mode="json"), "prepared": prepared}
        with contextlib.suppress(BrokenPipeError):  # its end is noticed below
            self._requests.write((json.dumps(request) + "\n").encode())
        message = self._await("record", spec.time_limit_s(self.job.limits.timeout_s))
        return RunRecord.model_validate(message["record"])

    def _await(self, wanted: str, limit_s: float) -> dict[str, Any]:
        """The next message of this kind; each phase on the way has a time limit of its own."""
        limit = limit_s
        while True:
            message = self._message(limit)
            self.phase = message["event"]
            if self.phase == wanted:
                return message
            limit = self.job.conditions.warm_up_timeout_s if self.phase == "warming" else limit_s

    def _message(self, limit_s: float) -> dict[str, Any]:
        """The next message. What was sent before an end of any kind is still taken."""
        assert self._process is not None
        looked = time.monotonic()
        deadline = looked + limit_s
        while b"\n" not in self._buffer:
            if self._selector.select(POLL_S):
                chunk = os.read(self._replies, 1 << 20)
                if not chunk:
                    raise self._gone()
                self._buffer += chunk
                continue
            if self.stop is not None and self.stop.is_set():
                raise Stopped
            if self._process.poll() is not None and not self._selector.select(0):
                raise self._gone()  # a child of it may hold the pipe open; nothing is left in it
            now = time.monotonic()
            deadline += now - looked if now - looked > STOOD_STILL_S else 0.0
            looked = now
            if now > deadline:
                raise self._end(Status.TIMEOUT, f"exceeded its time limit of {limit_s:g} s")
            if self._rss() > self.job.limits.memory_bytes:
                limit = self.job.limits.memory_bytes / 2**30
                reason = f"exceeded its memory limit of {limit:.3g} GiB"
                raise self._end(Status.OUT_OF_MEMORY, reason)
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

    def _end(self, status: Status, reason: str, last: str = "", outside: str | None = None) -> Died:
        """End the worker; the reason tells too if its run had not begun, and what it said last."""
        self._kill()
        unready = UNREADY.get(self.phase)
        phase = f" while {self.phase} up" if unready else ""
        cause = Cause.SIGNAL if outside else unready
        return Died(Ending(status, f"{reason}{phase}{last}", cause), outside)

    def _gone(self) -> Died:
        assert self._process is not None
        code = self._process.wait()
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        last = lines[-1][:300] if lines else "no message"
        if code == CANNOT_STORE:
            raise StoreError(last)
        number = _number(code)
        outside = number.name if number in FROM_OUTSIDE else None
        if number is None or code > 0:
            reason, last = f"the process ended with exit code {code}", f": {last}"
        else:
            reason, last = f"the process was killed by {number.name}", HINTS.get(number, "")
        return self._end(Status.CRASHED, reason, last, outside)

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


def _number(code: int) -> signal.Signals | None:
    """The signal that an exit code tells of: as the system does, or 128 more, as handlers do."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-code if code < 0 else code - 128)
    return None
