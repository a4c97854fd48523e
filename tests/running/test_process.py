"""What a worker's messages come to: a record, or why there is none. The child process is played.

Real workers: test_worker, test_runner, test_intruders.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import builders
from omicsbench.errors import StoreError
from omicsbench.prepare.contents import Contents
from omicsbench.prepare.parts import NAMES
from omicsbench.processes.child import Clock, Lost, Stopped
from omicsbench.records.facts import DatasetFacts, Environment, Limits
from omicsbench.records.spec import Cause, Ending, Phases, RunSpec, Status, Tuning
from omicsbench.running import process
from omicsbench.running.attempt import Account
from omicsbench.running.job import Conditions, Job
from omicsbench.running.process import Died, WorkerProcess
from omicsbench.running.scorers import Given, NotScored

SPEC = builders.spec()
FACTS = DatasetFacts(n_cells=100, label_names=("a", "b"))
HERE = Environment(cpu="of the worker")
READY: dict[str, Any] = {"event": "ready", "environment": HERE.model_dump(mode="json")}
LIMITS = Limits(timeout_s=10.0, memory_bytes=2.0**30)


JUDGED: dict[str, Any] = {"scores": {"knn_recall": 0.5}, "notes": [], "score_s": 2.0}


def done(**more: Any) -> dict[str, Any]:
    """What a worker says at the end of a run."""
    account = Account(phases=Phases(fit_s=1.0, score_s=3.0)).model_dump(mode="json")
    told = {"event": "done", "outputs": [["output-0.npy", "test"]], "account": account}
    return told | {"environment": HERE.model_dump(mode="json")} | more


def failed(**more: Any) -> dict[str, Any]:
    told = {"event": "failed", "status": "error", "reason": "no luck", "lost": False, "phases": {}}
    return told | {"environment": HERE.model_dump(mode="json")} | more


class Judge:
    """A scorer that says what it was given, or the same of every run."""

    def __init__(self, *said: Any) -> None:
        self.said = list(said)
        self.asked: list[Given] = []

    def score(self, given: Given) -> Any:
        self.asked.append(given)
        judged = {"event": "judged", "judged": JUDGED, "packages": {"scipy": "1"}}
        found = self.said.pop(0) if self.said else judged
        if isinstance(found, Exception):
            raise found
        return found


class Played:
    """A child that says what it was given, one message or end a call."""

    def __init__(self, said: list[Any]) -> None:
        self.said = list(said)
        self.started: list[tuple[Any, ...]] = []
        self.asked: list[dict[str, Any]] = []
        self.limits: list[float] = []
        self.closed = 0
        self.folder = Path("of its own")

    def __call__(self, *arguments: Any) -> Played:
        self.started.append(arguments)
        return self

    def ask(self, content: dict[str, Any]) -> None:
        self.asked.append(content)

    def message(self, limit: float | Clock) -> Any:
        self.limits.append(limit.limit_s if isinstance(limit, Clock) else limit)
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


@pytest.fixture
def here(tmp_path: Path) -> str:
    """A folder of prepared data, as far as its contents go."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    Contents(
        id="1",
        shape=(100, 10),
        sparse=False,
        nonnegative=False,
        scale=True,
        split="holdout",
        info=FACTS,
    ).write(folder)
    return str(folder)


def worker(
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    *said: Any,
    stop: threading.Event | None = None,
    judge: Judge | None = None,
) -> tuple[WorkerProcess, Played]:
    child = Played(list(said))
    monkeypatch.setattr(process, "Child", child)
    return WorkerProcess(job, judge or Judge(), stop), child  # type: ignore[arg-type]


def died(monkeypatch: pytest.MonkeyPatch, job: Job, here: str, *said: Any) -> Died:
    with worker(monkeypatch, job, *said)[0] as made, pytest.raises(Died) as death:
        made.run(SPEC, here)
    assert str(death.value) == death.value.ending.reason
    return death.value


def test_a_worker_is_started_once_and_asked_for_each_run(
    monkeypatch: pytest.MonkeyPatch, job: Job, tmp_path: Path, here: str
) -> None:
    other = builders.spec(repeat=1)
    stop, judge = threading.Event(), Judge()
    made, child = worker(monkeypatch, job, READY, done(), done(), stop=stop, judge=judge)
    with made:
        assert made.environment is None
        assert not child.started, "not before it is needed"
        record = made.run(SPEC, here)
        assert made.environment == HERE
        assert made.run(other, here).spec == other
    assert (record.status, record.spec, record.key) == (Status.OK, SPEC, SPEC.key)
    assert (record.scores, record.phases.score_s) == ({"knn_recall": 0.5}, 5.0)
    assert (record.suite, record.limits, record.dataset_info) == ("tiny", LIMITS, FACTS)
    assert record.environment == HERE.model_copy(update={"packages": {"scipy": "1"}})
    ((module, told, terms, heard),) = child.started
    assert (module, told, heard) == ("omicsbench.running.worker", job.for_worker(), stop)
    assert (terms.scratch, terms.threads, terms.memory_bytes) == (tmp_path, 1, 2.0**30)
    assert [RunSpec.model_validate(a["spec"]) for a in child.asked] == [SPEC, other]
    assert [a["handed"]["folders"] for a in child.asked] == [{"train": f"{here}/train"}] * 2
    assert [g.folder for g in judge.asked] == [Path("of its own/outputs")] * 2
    assert child.closed == 1
    assert child.limits == [300.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("sees", "train", "test"),
    [((), [], []), (("train",), ["train"], []), (NAMES, ["train"], ["test"])],
)
def test_labels_are_handed_to_those_who_may_see_them(
    monkeypatch: pytest.MonkeyPatch,
    job: Job,
    here: str,
    sees: tuple[str, ...],
    train: list[str],
    test: list[str],
) -> None:
    asks = {"event": "hand", "parts": ["test"]}
    made, child = worker(monkeypatch, replace(job, sees=sees), READY, asks, done())
    with made:
        made.run(SPEC, here)
    first, second = (asked["handed"] for asked in child.asked)
    assert (list(first["folders"]), list(first["labels"])) == (["train"], train)
    assert (list(second["folders"]), list(second["labels"])) == (["test"], test)


def test_a_trial_is_scored_by_its_metric_alone(
    monkeypatch: pytest.MonkeyPatch, job: Job, here: str
) -> None:
    tuned = builders.spec(tuning=Tuning(trials=2, metric="knn_recall"))
    no_score = NotScored(Ending(Status.TIMEOUT, "too long"))
    judge = Judge({"event": "trial", "score": 0.25}, no_score)
    asks = {"event": "trial", "outputs": []}
    made, child = worker(monkeypatch, job, READY, asks, asks, done(), judge=judge)
    with made:
        made.run(tuned, here)
    assert child.asked[1] == {"event": "trial", "score": 0.25}
    assert child.asked[2] == {"event": "trial_failed", "reason": "too long"}
    assert [(g.trial, g.spec.metrics) for g in judge.asked[:2]] == [(True, ("knn_recall",))] * 2
    assert not judge.asked[2].trial


def test_what_cannot_be_scored_ends_the_run_and_the_worker_lives(
    monkeypatch: pytest.MonkeyPatch, job: Job, here: str
) -> None:
    judge = Judge(NotScored(Ending(Status.CRASHED, "gone", Cause.SCORING)))
    made, child = worker(monkeypatch, job, READY, done(), done(), judge=judge)
    with made:
        lost, found = made.run(SPEC, here), made.run(SPEC, here)
    assert (lost.status, lost.reason, lost.cause) == (Status.CRASHED, "gone", Cause.SCORING)
    assert found.status is Status.OK
    assert len(child.started) == 1


@pytest.mark.parametrize(("lost", "cause"), [(False, None), (True, Cause.LOST)])
def test_a_failure_is_told_by_the_worker(
    monkeypatch: pytest.MonkeyPatch, job: Job, here: str, lost: bool, cause: Cause | None
) -> None:
    said = failed(lost=lost, phases={"import_s": 2.0})
    with worker(monkeypatch, job, READY, said)[0] as made:
        record = made.run(SPEC, here)
    assert (record.status, record.reason, record.cause) == (Status.ERROR, "no luck", cause)
    assert (record.phases.import_s, record.environment, record.limits) == (2.0, HERE, LIMITS)


def test_a_worker_that_was_never_needed_is_not_closed(
    monkeypatch: pytest.MonkeyPatch, job: Job
) -> None:
    made, child = worker(monkeypatch, job)
    with made:
        pass
    assert (child.started, child.closed) == ([], 0)


def test_each_phase_has_a_limit_of_its_own(
    monkeypatch: pytest.MonkeyPatch, job: Job, here: str
) -> None:
    tuned = builders.spec(tuning=Tuning(seconds=100.0, metric="knn_recall"))
    said = (READY, {"event": "warming"}, READY, {"event": "running"}, done())
    made, child = worker(monkeypatch, job, *said)
    with made:
        made.run(tuned, here)
    limit = tuned.time_limit_s(10.0)
    assert limit > 100
    told = "starting, asked, warming up, started anew, running"
    assert child.limits == [300.0, limit, 77.0, 77.0, limit], told
    assert made.phase == "running"


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
    here: str,
    before: tuple[Any, ...],
    lost: Lost,
    status: Status,
    reason: str,
    cause: Cause | None,
    by: str,
) -> None:
    death = died(monkeypatch, job, here, *before, lost)
    ending = death.ending
    assert (ending.status, ending.reason, ending.cause) == (status, reason, cause)
    assert death.by == by


def test_a_process_that_cannot_be_started_is_a_failed_start(
    monkeypatch: pytest.MonkeyPatch, job: Job, here: str
) -> None:
    def none(*arguments: Any) -> None:
        raise Lost(Status.CRASHED, "no process can be started", outside="want of resources")

    monkeypatch.setattr(process, "Child", none)
    judge: Any = Judge()
    with WorkerProcess(job, judge, None) as made, pytest.raises(Died) as death:
        made.run(SPEC, here)
    assert death.value.by == "want of resources"


@pytest.mark.parametrize(
    "answer",
    [
        {"event": "record", "record": {"key": "x"}},
        {"account": {}},
        done(account=None),
        done(account={"scores": {"knn_recall": 1.0}}),
        done(environment=None),
        failed(status="ok"),
        failed(status="fine"),
        {"event": "trial", "outputs": [], "more": 1},
    ],
)
def test_what_is_no_account_is_a_crash_of_the_run(
    monkeypatch: pytest.MonkeyPatch, job: Job, here: str, answer: dict[str, Any]
) -> None:
    death = died(monkeypatch, job, here, READY, answer)
    assert death.ending.status is Status.CRASHED
    assert death.ending.reason == "its process answered with what is no account of its run"
    assert (death.ending.cause, death.by) == (None, "")


def test_a_picture_that_cannot_be_stored_is_told_and_the_worker_lives(
    monkeypatch: pytest.MonkeyPatch, job: Job, here: str
) -> None:
    judge = Judge(StoreError("the disk is full"))
    made, child = worker(monkeypatch, job, READY, done(), done(), judge=judge)
    with made:
        with pytest.raises(StoreError, match="the disk is full"):
            made.run(SPEC, here)
        assert made.run(SPEC, here).status is Status.OK
    assert len(child.started) == 1


def test_a_stop_is_passed_on(monkeypatch: pytest.MonkeyPatch, job: Job, here: str) -> None:
    made, child = worker(monkeypatch, job, READY, Stopped())
    with pytest.raises(Stopped), made:
        made.run(SPEC, here)
    assert child.closed == 1
