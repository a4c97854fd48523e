"""What a worker's messages come to: a record, or why there is none. The child process is played.

Real workers: test_worker, test_runner, test_intruders.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import builders
from omicsbench.errors import StoreError
from omicsbench.records.facts import Environment, Limits
from omicsbench.records.spec import Cause, RunRecord, RunSpec, Status, Tuning
from omicsbench.running import process
from omicsbench.running.child import Lost, Stopped
from omicsbench.running.job import Conditions, Job
from omicsbench.running.process import Died, WorkerProcess

SPEC = builders.spec()
HERE = Environment(cpu="of the worker")
READY: dict[str, Any] = {"event": "ready", "environment": HERE.model_dump(mode="json")}
LIMITS = Limits(timeout_s=10.0, memory_bytes=2.0**30)


def sent(record: RunRecord) -> dict[str, Any]:
    return {"event": "record", "record": record.model_dump(mode="json")}


class Played:
    """A child that says what it was given, one message or end a call."""

    def __init__(self, said: list[Any]) -> None:
        self.said = list(said)
        self.started: list[tuple[Any, ...]] = []
        self.asked: list[dict[str, Any]] = []
        self.limits: list[float] = []
        self.closed = 0

    def __call__(self, *arguments: Any) -> Played:
        self.started.append(arguments)
        return self

    def ask(self, content: dict[str, Any]) -> None:
        self.asked.append(content)

    def message(self, limit_s: float) -> Any:
        self.limits.append(limit_s)
        found = self.said.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def job(tmp_path: Path) -> Job:
    conditions = Conditions("tiny", "out", str(tmp_path), LIMITS, warm_up_timeout_s=77.0)
    return Job(conditions, "p", "simple", False, ((SPEC, "here"),))


def worker(
    monkeypatch: pytest.MonkeyPatch, job: Job, *said: Any, stop: threading.Event | None = None
) -> tuple[WorkerProcess, Played]:
    child = Played(list(said))
    monkeypatch.setattr(process, "Child", child)
    return WorkerProcess(job, stop), child


def died(monkeypatch: pytest.MonkeyPatch, job: Job, *said: Any) -> Died:
    with worker(monkeypatch, job, *said)[0] as made, pytest.raises(Died) as death:
        made.run(SPEC, "here")
    assert str(death.value) == death.value.ending.reason
    return death.value


def test_a_worker_is_started_once_and_asked_for_each_run(
    monkeypatch: pytest.MonkeyPatch, job: Job, tmp_path: Path
) -> None:
    record = builders.record(SPEC)
    other = builders.spec(repeat=1)
    second = builders.record(other)
    stop = threading.Event()
    made, child = worker(monkeypatch, job, READY, sent(record), sent(second), stop=stop)
    with made:
        assert made.environment is None
        assert not child.started, "not before it is needed"
        assert made.run(SPEC, "here") == record
        assert made.environment == HERE
        assert made.run(other, "there") == second
    ((module, told, terms, heard),) = child.started
    assert (module, told, heard) == ("omicsbench.running.worker", job.for_worker(), stop)
    assert (terms.scratch, terms.threads, terms.memory_bytes) == (tmp_path, 1, 2.0**30)
    assert [a["prepared"] for a in child.asked] == ["here", "there"]
    assert [RunSpec.model_validate(a["spec"]) for a in child.asked] == [SPEC, other]
    assert child.closed == 1
    assert child.limits == [300.0, 10.0, 10.0]


def test_a_worker_that_was_never_needed_is_not_closed(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    made, child = worker(monkeypatch, job)
    with made:
        pass
    assert (child.started, child.closed) == ([], 0)


def test_each_phase_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    tuned = builders.spec(tuning=Tuning(seconds=100.0, metric="knn_recall"))
    said = (READY, {"event": "warming"}, {"event": "running"}, sent(builders.record(tuned)))
    made, child = worker(monkeypatch, job, *said)
    with made:
        made.run(tuned, "here")
    limit = tuned.time_limit_s(10.0)
    assert limit > 100
    assert child.limits == [300.0, limit, 77.0, limit], "starting, asked, warming up, running"
    assert made.phase == "record"


@pytest.mark.parametrize(
    ("before", "lost", "status", "reason", "cause", "by"),
    [
        (
            (),
            Lost(Status.TIMEOUT, "too long"),
            Status.TIMEOUT,
            "too long while starting up",
            Cause.START_UP,
            "a failed start",
        ),
        (
            (READY, {"event": "warming"}),
            Lost(Status.OUT_OF_MEMORY, "too much", ": said last"),
            Status.OUT_OF_MEMORY,
            "too much while warming up: said last",
            Cause.WARM_UP,
            "",
        ),
        (
            (READY, {"event": "running"}),
            Lost(Status.CRASHED, "gone"),
            Status.CRASHED,
            "gone",
            None,
            "",
        ),
        (
            (READY, {"event": "running"}),
            Lost(Status.CRASHED, "killed", outside="SIGKILL"),
            Status.CRASHED,
            "killed",
            Cause.SIGNAL,
            "SIGKILL",
        ),
        (
            (),
            Lost(Status.CRASHED, "killed", outside="SIGTERM"),
            Status.CRASHED,
            "killed while starting up",
            Cause.SIGNAL,
            "SIGTERM",
        ),
    ],
)
def test_a_loss_tells_the_phase_and_what_may_have_come_from_outside(
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    before: tuple[Any, ...],
    lost: Lost,
    status: Status,
    reason: str,
    cause: Cause | None,
    by: str,
) -> None:
    death = died(monkeypatch, job, *before, lost)
    ending = death.ending
    assert (ending.status, ending.reason, ending.cause) == (status, reason, cause)
    assert death.by == by


def test_a_process_that_cannot_be_started_is_a_failed_start(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    def none(*arguments: Any) -> None:
        raise Lost(Status.CRASHED, "no process can be started", outside="want of resources")

    monkeypatch.setattr(process, "Child", none)
    with WorkerProcess(job, None) as made, pytest.raises(Died) as death:
        made.run(SPEC, "here")
    assert death.value.by == "want of resources"


@pytest.mark.parametrize(
    "answer",
    [
        {"event": "record"},
        {"event": "record", "record": None},
        {"event": "record", "record": {"key": "x"}},
        {"record": {}},
    ],
)
def test_what_is_no_record_is_a_crash_of_the_run(
    monkeypatch: pytest.MonkeyPatch, job: Job, answer: dict[str, Any]
) -> None:
    death = died(monkeypatch, job, READY, answer)
    assert death.ending.status is Status.CRASHED
    assert death.ending.reason == "its process answered with what is no record"
    assert (death.ending.cause, death.by) == (None, "")


@pytest.mark.parametrize("forged", ["spec", "key"])
def test_the_record_of_another_run_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, job: Job, forged: str
) -> None:
    record = builders.record(SPEC)
    other = {"spec": builders.spec(repeat=1), "key": "../../x"}[forged]
    death = died(monkeypatch, job, READY, sent(record.model_copy(update={forged: other})))
    assert death.ending.status is Status.CRASHED
    assert death.ending.reason == "its process answered with the record of another run"


def test_what_cannot_be_stored_is_told_and_the_worker_lives(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    record = builders.record(SPEC)
    said = (READY, {"event": "cannot_store", "reason": "the disk is full"}, sent(record))
    made, child = worker(monkeypatch, job, *said)
    with made:
        with pytest.raises(StoreError, match="the disk is full"):
            made.run(SPEC, "here")
        assert made.run(SPEC, "here") == record
    assert len(child.started) == 1


def test_a_stop_is_passed_on(monkeypatch: pytest.MonkeyPatch, job: Job) -> None:
    made, child = worker(monkeypatch, job, READY, Stopped())
    with pytest.raises(Stopped), made:
        made.run(SPEC, "here")
    assert child.closed == 1
