"""The worker of one pipeline, seen from its parent: started when first needed, asked for runs."""

from __future__ import annotations

import threading
from pathlib import Path

from pydantic import ValidationError

from omicsbench.errors import StoreError
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.running.channel import Content
from omicsbench.running.child import Child, Lost, Terms
from omicsbench.running.disk_use import disk_share
from omicsbench.running.job import Job

START_LIMIT_S = 300.0  # importing the heaviest libraries from a slow disk
UNREADY = {"starting": Cause.START_UP, "warming": Cause.WARM_UP}  # phases before a run


class Died(Exception):
    """The worker is gone, and so its current run ended.

    ``by`` names what ended it, where that tells nothing of the run; else it is empty.
    """

    def __init__(self, ending: Ending, by: str = "") -> None:
        super().__init__(ending.reason)
        self.ending = ending
        self.by = by


class WorkerProcess:
    """A worker process; a context manager that leaves no process behind."""

    def __init__(self, job: Job, stop: threading.Event | None) -> None:
        self.job = job
        self.stop = stop
        self.phase = "starting"
        self.environment: Environment | None = None
        self._child: Child | None = None

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._child is not None:
            self._child.close()

    def run(self, spec: RunSpec, prepared: str) -> RunRecord:
        """The record of one run. Raises Died if the worker does not live to send it.

        Raises StoreError if the worker cannot store what belongs to the record.
        """
        try:
            return self._answer(spec, prepared)
        except Lost as lost:
            raise self._died(lost) from None
        except (ValidationError, KeyError, TypeError, AttributeError):
            # The message is whole: a method that reached for the channel sent it.
            raise self._wrong("answered with what is no record") from None

    def _answer(self, spec: RunSpec, prepared: str) -> RunRecord:
        if self._child is None:
            conditions = self.job.conditions
            terms = Terms(
                Path(conditions.scratch),
                self.job.threads,
                self.job.limits.memory_bytes,
                disk_share(conditions.scratch, conditions.jobs),
            )
            self._child = Child(
                "omicsbench.running.worker", self.job.for_worker(), terms, self.stop
            )
            ready = self._await(self._child, "ready", START_LIMIT_S)
            self.environment = Environment.model_validate(ready["environment"])
        self._child.ask({"spec": spec.model_dump(mode="json"), "prepared": prepared})
        limit_s = spec.time_limit_s(self.job.limits.timeout_s)
        content = self._await(self._child, "record", limit_s)
        record = RunRecord.model_validate(content["record"])
        if record.spec != spec or record.key != spec.key:
            raise self._wrong("answered with the record of another run")
        return record

    def _await(self, child: Child, wanted: str, limit_s: float) -> Content:
        """The next message of this kind; each phase on the way has a time limit of its own."""
        limit = limit_s
        while True:
            message = child.message(limit)
            self.phase = message["event"]
            if self.phase == wanted:
                return message
            if self.phase == "cannot_store":
                raise StoreError(message["reason"])
            limit = self.job.conditions.warm_up_timeout_s if self.phase == "warming" else limit_s

    def _died(self, lost: Lost) -> Died:
        """How the run ended; the reason tells too if it had not begun, and what was said last."""
        unready = UNREADY.get(self.phase)
        phase = f" while {self.phase} up" if unready else ""
        cause = Cause.SIGNAL if lost.outside else unready
        by = lost.outside or ("a failed start" if self.phase == "starting" else "")
        return Died(Ending(lost.status, f"{lost.reason}{phase}{lost.last}", cause), by)

    def _wrong(self, what: str) -> Died:
        return Died(Ending(Status.CRASHED, f"its process {what}"))
