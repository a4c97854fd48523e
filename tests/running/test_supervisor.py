"""What the supervisor makes of workers that end in all ways, each played by a script.

Real workers that end in these ways: test_signals, test_runner, test_child.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import builders
from omicsbench.errors import StoreError
from omicsbench.prepare.contents import Contents
from omicsbench.processes.child import Stopped
from omicsbench.records import store
from omicsbench.records.facts import DatasetFacts, Environment, Limits
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.running import supervisor
from omicsbench.running.job import Conditions, Job, Manner
from omicsbench.running.process import Died
from omicsbench.running.scorers import Scorer

HERE = Environment(cpu="of the worker")
Act = RunRecord | Exception
Play = Callable[[RunSpec], Act]


class Stage:
    """Plays the workers: ``acts`` are what they answer, in turn; then every run ends well."""

    def __init__(self, *acts: Act | Play) -> None:
        self.acts = list(acts)
        self.workers = 0
        self.ended = 0
        self.asked: list[tuple[int, int]] = []  # worker, size

    def worker(self, job: Job, scorer: Scorer, stop: threading.Event | None) -> _Played:
        self.workers += 1
        return _Played(self, self.workers)


class _Played:
    environment: Environment | None = None

    def __init__(self, stage: Stage, number: int) -> None:
        self.stage, self.number = stage, number
        self.phase = "running"

    def __enter__(self) -> _Played:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stage.ended += 1

    def run(self, spec: RunSpec, prepared: str) -> RunRecord:
        self.stage.asked.append((self.number, spec.size))
        act = self.stage.acts.pop(0) if self.stage.acts else good
        found = act(spec) if callable(act) else act
        if isinstance(found, Died):
            self.environment = HERE
            cause = found.ending.cause
            self.phase = {Cause.START_UP: "starting", Cause.WARM_UP: "warming"}.get(cause, "fit")  # type: ignore[arg-type]
        if isinstance(found, Exception):
            raise found
        return found


def good(spec: RunSpec) -> RunRecord:
    return builders.record(spec, environment=HERE)


def failed(status: Status = Status.ERROR) -> Play:
    return lambda spec: builders.record(spec, status=status, environment=HERE)


def died(status: Status = Status.CRASHED, cause: Cause | None = None, by: str = "") -> Died:
    return Died(Ending(status, "it is gone", cause), by)


def lost() -> Died:
    return died(cause=Cause.SIGNAL, by="SIGKILL")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "SETTLE_S", 0.01)


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Supervise runs of some sizes on a stage; their records."""
    out = store.open_folder(tmp_path / "out")
    prepared = tmp_path / "prepared"
    prepared.mkdir()
    Contents(
        id="1",
        shape=(100, 10),
        sparse=False,
        nonnegative=False,
        scale=True,
        split="holdout",
        info=DatasetFacts(n_cells=100),
    ).write(prepared)

    def play(
        stage: Stage,
        *sizes: int,
        device: str = "cpu",
        datasets: tuple[str, ...] = ("d",),
        stop: threading.Event | None = None,
        **manner: bool,
    ) -> list[RunRecord]:
        monkeypatch.setattr(supervisor, "WorkerProcess", stage.worker)
        limits = Limits(timeout_s=10.0, memory_bytes=2.0**30)
        conditions = Conditions(
            "tiny", str(out), str(tmp_path), limits, 60.0, jobs=3, manner=Manner(**manner)
        )
        runs = tuple(
            (builders.spec(dataset=name, size=size, device=device), str(prepared))
            for name in datasets
            for size in sizes
        )
        told: list[RunRecord] = []
        supervisor.supervise([Job(conditions, "p", "simple", True, runs)], told.append, stop)
        assert stage.ended == stage.workers, "each was left in order"
        assert store.stored(out) == {r.key: r for r in told}
        return told

    return play


def ends(records: list[RunRecord]) -> list[tuple[int, str, Cause | None]]:
    return [(r.spec.size, r.status.value, r.cause) for r in records]


def test_one_worker_does_all_runs_in_order(played: Any) -> None:
    stage = Stage()
    records = played(stage, 10, 20, 30)
    assert stage.asked == [(1, 10), (1, 20), (1, 30)]
    assert {r.status for r in records} == {Status.OK}
    assert all(r.notes == () for r in records)


def test_a_fresh_worker_goes_on_after_one_that_died(played: Any) -> None:
    stage = Stage(good, died(), good)
    records = played(stage, 10, 20, 30)
    assert stage.asked == [(1, 10), (1, 20), (2, 30)]
    assert ends(records) == [(10, "ok", None), (20, "crashed", None), (30, "ok", None)]
    gone = records[1]
    assert (gone.reason, gone.environment, gone.suite) == ("it is gone", HERE, "tiny")
    assert gone.limits is not None
    assert (gone.limits.timeout_s, gone.is_control, gone.family) == (10.0, True, "simple")
    assert gone.started_at
    assert gone.dataset_info.n_cells == 100


def test_a_run_whose_worker_was_lost_is_tried_again_and_says_so(played: Any) -> None:
    stage = Stage(lost(), died(by="a failed start", cause=Cause.START_UP), good)
    records = played(stage, 10, 20)
    assert stage.asked == [(1, 10), (2, 10), (3, 10), (3, 20)]
    assert ends(records) == [(10, "ok", None), (20, "ok", None)]
    assert records[0].notes == ("done again, as SIGKILL and a failed start had ended the worker",)
    assert records[1].notes == ()


def test_after_three_lost_workers_the_run_is_recorded_and_the_next_is_tried(played: Any) -> None:
    stage = Stage(lost(), lost(), lost(), good)
    records = played(stage, 10, 20)
    assert stage.asked == [(1, 10), (2, 10), (3, 10), (4, 20)]
    assert ends(records) == [(10, "crashed", Cause.SIGNAL), (20, "ok", None)]
    assert records[0].notes == ("done again, as SIGKILL had ended the worker",), "once, not thrice"


def test_a_job_whose_workers_are_all_lost_is_left_for_another_time(played: Any) -> None:
    stage = Stage(*(lost() for _ in range(12)))
    records = played(stage, 10, 20, 30, 40, 50, 60)
    assert stage.workers == 13, "the last one is never asked"
    assert ends(records)[:4] == [(n, "crashed", Cause.SIGNAL) for n in (10, 20, 30, 40)]
    assert ends(records)[4:] == [(n, "skipped", Cause.LOST) for n in (50, 60)]
    assert records[5].reason == "left for another time, as 12 workers in a row were lost"


def test_a_worker_that_answers_ends_the_row_of_the_lost(played: Any) -> None:
    acts = [*(lost() for _ in range(11)), good, *(lost() for _ in range(3)), good]
    records = played(Stage(*acts), 10, 20, 30, 40, 50, 60)
    assert ends(records)[-1] == (60, "ok", None)
    assert Cause.LOST not in {r.cause for r in records}


def test_what_took_too_much_at_one_size_is_not_tried_at_a_larger(played: Any) -> None:
    stage = Stage(died(Status.TIMEOUT))
    records = played(stage, 10, 20)
    assert stage.asked == [(1, 10)]
    assert ends(records) == [(10, "timeout", None), (20, "skipped", Cause.SMALLER_SIZE)]
    assert records[1].environment == HERE, "of the worker that told it, not of the driver"


def test_of_the_driver_is_told_what_no_worker_lived_to_tell(played: Any) -> None:
    (record,) = played(Stage(StoreError("no room")), 10)
    assert record.environment.jobs == 3
    assert record.environment.python


@pytest.mark.parametrize(
    ("status", "cause"), [(Status.TIMEOUT, Cause.WARM_UP), (Status.CRASHED, Cause.LOST)]
)
def test_a_warm_up_that_failed_sets_its_own_data_set_aside(
    played: Any, status: Status, cause: Cause
) -> None:
    """What took too much will again; what crashed may have been hit by something."""
    stage = Stage(died(status, Cause.WARM_UP))
    records = played(stage, 10, 20, datasets=("d", "e"))
    assert ends(records) == [
        (10, status.value, Cause.WARM_UP),
        (20, "skipped", cause),
        (10, "ok", None),
        (20, "ok", None),
    ]
    assert records[1].reason == f"{status} already while warming up"


def test_a_start_that_took_too_long_sets_all_aside_until_another_time(played: Any) -> None:
    stage = Stage(died(Status.TIMEOUT, Cause.START_UP))
    records = played(stage, 10, datasets=("d", "e"))
    assert len(stage.asked) == 1
    assert ends(records) == [(10, "timeout", Cause.START_UP), (10, "skipped", Cause.LOST)]
    assert records[1].reason == "timeout already while starting up"


def test_every_run_has_a_worker_of_its_own_if_that_is_asked_for(played: Any) -> None:
    stage = Stage()
    played(stage, 10, 20, isolate_runs=True)
    assert stage.asked == [(1, 10), (2, 20)]


@pytest.mark.parametrize(
    ("status", "device", "fresh"),
    [
        (Status.ERROR, "cpu", False),
        (Status.INVALID_OUTPUT, "cpu", False),
        (Status.OUT_OF_MEMORY, "cpu", True),
        (Status.ERROR, "cuda", True),
        (Status.OK, "cuda", False),
    ],
)
def test_a_worker_that_may_be_unfit_is_replaced(
    played: Any, status: Status, device: str, fresh: bool
) -> None:
    stage = Stage(good if status is Status.OK else failed(status))
    played(stage, 20, 10, device=device)
    assert stage.asked == [(1, 20), (2 if fresh else 1, 10)]


def test_what_a_worker_cannot_store_is_an_error_of_that_run(played: Any) -> None:
    stage = Stage(StoreError("no room"))
    records = played(stage, 10, 20)
    assert stage.asked == [(1, 10), (1, 20)], "the worker lives"
    assert ends(records) == [(10, "error", Cause.LOST), (20, "ok", None)]
    assert records[0].reason == "StoreError: no room"


def test_a_folder_that_cannot_be_written_ends_all(played: Any, tmp_path: Path) -> None:
    def gone(spec: RunSpec) -> Act:
        (tmp_path / "out").rename(tmp_path / "away")
        (tmp_path / "out").write_text("a file in its place")
        return StoreError("no folder")

    with pytest.raises(StoreError, match="a file is in the way"):
        played(Stage(gone), 10, 20)


def test_a_death_while_the_suite_is_stopped_is_no_result(played: Any, tmp_path: Path) -> None:
    stop = threading.Event()

    def hit(spec: RunSpec) -> Act:
        stop.set()
        return died()

    stage = Stage(good, hit)
    with pytest.raises(Stopped):
        played(stage, 10, 20, 30, stop=stop)
    assert [r.spec.size for r in store.stored(tmp_path / "out").values()] == [10]


def test_a_failure_while_the_suite_is_stopped_is_no_result_and_a_success_is(
    played: Any, tmp_path: Path
) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        played(Stage(good, failed()), 10, 20, stop=stop)
    assert [r.spec.size for r in store.stored(tmp_path / "out").values()] == [10]


class Patient(threading.Event):
    """Counts how often one waits for it."""

    waits = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        return False


@pytest.mark.parametrize(
    ("acts", "waits"),
    [
        ([lost()], 0),  # that may happen to any
        ([lost(), lost()], 1),
        ([died()], 1),
        ([died(Status.TIMEOUT)], 0),  # a limit is no signal
    ],
)
def test_whether_a_stop_is_waited_for(played: Any, acts: list[Act], waits: int) -> None:
    stop = Patient()
    played(Stage(*acts), 10, stop=stop)
    assert stop.waits == waits
