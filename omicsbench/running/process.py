"""The worker of one pipeline, seen from its parent: started when first needed, asked for runs.

A worker is told of the training rows. When its pipeline is fitted it asks for the others, and hands
over what it made of them; what that is worth is asked of a scorer.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from omicsbench.prepare.parts import PartName, part_of
from omicsbench.prepare.prepared import Prepared
from omicsbench.processes.channel import Content
from omicsbench.processes.child import START_LIMIT_S, Child, Clock, Lost, Terms
from omicsbench.processes.disk_use import disk_share
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Cause, Ending, Phases, RunRecord, RunSpec, Status
from omicsbench.running.attempt import Account
from omicsbench.running.execute import record_of
from omicsbench.running.job import Job
from omicsbench.running.scorers import Given, NotScored, Scorer

UNREADY = {"starting": Cause.START_UP, "warming": Cause.WARM_UP}  # phases before a run
FAILURES = (Status.ERROR, Status.INVALID_OUTPUT, Status.OUT_OF_MEMORY)  # that a worker can tell of


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

    def __init__(self, job: Job, scorer: Scorer, stop: threading.Event | None) -> None:
        self.job = job
        self.scorer = scorer
        self.stop = stop
        self.phase = "starting"
        self.environment: Environment | None = None
        self._child: Child | None = None
        self._prepared: dict[str, Prepared] = {}

    def __enter__(self) -> WorkerProcess:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._child is not None:
            self._child.close()

    def run(self, spec: RunSpec, prepared: str) -> RunRecord:
        """The record of one run. Raises Died if the worker does not live to do it.

        Raises StoreError if what belongs to the record cannot be stored.
        """
        opened = Prepared(Path(prepared), self.job.embeddings.get(prepared))
        data = self._prepared.setdefault(prepared, opened)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            record = self._done(spec, data)
        except Lost as lost:
            raise self._died(lost) from None
        except (ValidationError, KeyError, TypeError, AttributeError, ValueError):
            # The message is whole: a method that reached for the channel sent it.
            raise self._wrong("answered with what is no account of its run") from None
        return record.model_copy(
            update={
                "started_at": started,
                "dataset_info": data.facts,
                "suite": self.job.conditions.suite,
                "limits": self.job.limits,
            }
        )

    def _start(self) -> Child:
        conditions = self.job.conditions
        terms = Terms(
            Path(conditions.scratch),
            self.job.threads,
            self.job.limits.memory_bytes,
            disk_share(conditions.scratch, conditions.jobs),
        )
        child = Child("omicsbench.running.worker", self.job.for_worker(), terms, self.stop)
        self._child = child
        ready = child.message(START_LIMIT_S)
        self.environment = Environment.model_validate(ready["environment"])
        return child

    def _done(self, spec: RunSpec, data: Prepared) -> RunRecord:
        """What comes of a run: its questions are answered until it ends.

        Each phase has a time limit of its own, in which nobody else's time counts.
        """
        child = self._child or self._start()
        handed = self._handed(data, ["train"])
        child.ask({"spec": spec.model_dump(mode="json"), "handed": handed})
        running = Clock(spec.time_limit_s(self.job.limits.timeout_s))
        clock = running
        while True:
            message = child.message(clock)
            event = message["event"]
            if event == "ready":  # it started anew
                continue
            if event in ("warming", "running"):
                self.phase = event
                warming = Clock(self.job.conditions.warm_up_timeout_s)
                clock = warming if event == "warming" else running
            elif event == "hand":
                child.ask({"handed": self._handed(data, message["parts"])})
            elif event == "trial":
                child.ask(self._trial(spec, data, message))
            elif event == "failed":
                return self._failed(spec, message)
            elif event == "done":
                return self._scored(spec, data, message)
            else:
                raise KeyError(event)
            clock.go_on()

    def _handed(self, data: Prepared, parts: Any) -> dict[str, Any]:
        """These parts of the data, and the labels that may be seen, as JSON can hold them."""
        names = [name for name in get_args(PartName) if name in parts]
        seen = [name for name in names if part_of(name) in self.job.sees]
        return data.hand(names, seen).as_json()

    def _given(self, spec: RunSpec, data: Prepared, outputs: Any, trial: bool = False) -> Given:
        assert self._child is not None
        return Given(spec, data.folder, self._child.folder / "outputs", outputs, trial)

    def _trial(self, spec: RunSpec, data: Prepared, message: Content) -> Content:
        """The score of a trial, on validation rows."""
        if spec.tuning is None:
            raise KeyError("trial")
        trial = spec.model_copy(update={"metrics": (spec.tuning.metric,)})
        try:
            answer = self.scorer.score(self._given(trial, data, message["outputs"], trial=True))
        except NotScored as error:
            return {"event": "trial_failed", "reason": error.ending.reason}
        return answer

    def _scored(self, spec: RunSpec, data: Prepared, message: Content) -> RunRecord:
        account = Account.model_validate(message["account"])
        here = Environment.model_validate(message["environment"])
        try:
            answer = self.scorer.score(self._given(spec, data, message["outputs"]))
        except NotScored as error:
            return self._unfinished(spec, error.ending, here)
        packages = dict(sorted((here.packages | answer["packages"]).items()))
        here = here.model_copy(update={"packages": packages})
        record = record_of(spec, self.job, account, answer["judged"])
        return record.model_copy(update={"environment": here})

    def _failed(self, spec: RunSpec, message: Content) -> RunRecord:
        status = Status(message["status"])
        if status not in FAILURES:
            raise KeyError(status)
        lost = Cause.LOST if message["lost"] else None
        here = Environment.model_validate(message["environment"])
        phases = Phases.model_validate(message["phases"])
        record = self._unfinished(spec, Ending(status, str(message["reason"]), lost), here)
        return record.model_copy(update={"phases": phases})

    def _unfinished(self, spec: RunSpec, ending: Ending, here: Environment) -> RunRecord:
        return RunRecord.unfinished(spec, self.job, ending, environment=here)

    def _died(self, lost: Lost) -> Died:
        """How the run ended; the reason tells too if it had not begun, and what was said last."""
        unready = UNREADY.get(self.phase)
        phase = f" while {self.phase} up" if unready else ""
        cause = Cause.SIGNAL if lost.outside else unready
        by = lost.outside or ("a failed start" if self.phase == "starting" else "")
        return Died(Ending(lost.status, f"{lost.reason}{phase}{lost.last}", cause), by)

    def _wrong(self, what: str) -> Died:
        return Died(Ending(Status.CRASHED, f"its process {what}"))
