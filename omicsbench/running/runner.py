"""Run a suite: plan it, leave out what is done, hand each pipeline to a worker, store all.

Running the same command again resumes. Executors are ``concurrent.futures.Executor``s:
threads that watch local workers by default, Dask's for a cluster. Or a ``Cluster`` takes them all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar, runtime_checkable

from omicsbench.errors import OmicsbenchError
from omicsbench.metrics import METRICS
from omicsbench.owned.scratch import scratch
from omicsbench.planning.plan import Planned, outlined, prepared_plan
from omicsbench.planning.resume import do_again, limits_of
from omicsbench.planning.shards import Shard
from omicsbench.planning.suite import Suite, dump
from omicsbench.reading.own import OwnData
from omicsbench.records import environment, store
from omicsbench.records.claim import Claim, claimed
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import Cause, RunRecord, RunSpec, Status
from omicsbench.registry.cited import declared
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.arrivals import Arrivals
from omicsbench.running.chains import chains, known_costs
from omicsbench.running.elsewhere import supervise_elsewhere
from omicsbench.running.job import Conditions, Job, Manner
from omicsbench.running.scorers import Scorers
from omicsbench.running.supervisor import supervise

Done = TypeVar("Done")

LOOK_S = 1.0  # how often the claim on the results folder is looked at
LATE_S = 60.0  # for which records of other machines may be on their way, by a shared file system


class Observer(Protocol):
    """Who is told how the suite goes on; the CLI draws a progress bar from it."""

    def dataset(self, name: str, share: float) -> None: ...

    def start(self, todo: Sequence[Planned], done: int) -> None: ...

    def record(self, record: RunRecord) -> None: ...


@runtime_checkable
class ToldOfBegins(Protocol):
    """What an observer has who wants to be told of each run that begins on this machine too."""

    def begin(self, spec: RunSpec) -> None: ...


class Interrupted(OmicsbenchError):
    """The user stopped the suite; what was finished is stored."""


@dataclass(frozen=True, slots=True)
class EndedRun:
    """What is kept in memory of a run that is stored: a suite may have very many."""

    key: str
    status: Status
    reason: str | None
    cause: Cause | None

    @classmethod
    def of(cls, record: RunRecord) -> EndedRun:
        return cls(record.key, record.status, record.reason, record.cause)


class RunsMissing(OmicsbenchError):
    """The suite came to its end, and some planned run has no record; ``ended`` are the others."""

    def __init__(self, reason: str, ended: list[EndedRun]) -> None:
        super().__init__(reason)
        self.ended = ended


@runtime_checkable
class Cluster(Protocol):
    """Does chains of jobs on other machines, which see the results folder by the same path."""

    def send(self, chains: Sequence[list[Job]], token: str) -> Sequence[Future[Any]]:
        """Start all chains, in whatever parts; each future ends with its part.

        ``token`` is that of the claim on the results folder.
        """
        ...


class _Silent:
    def dataset(self, name: str, share: float) -> None:
        pass

    def start(self, todo: Sequence[Planned], done: int) -> None:
        pass

    def record(self, record: RunRecord) -> None:
        pass


def run_suite(
    suite: Suite,
    out: Path,
    *,
    registry: Registry | None = None,
    own_data: Sequence[OwnData] = (),
    executor: Executor | Cluster | None = None,
    manner: Manner | None = None,
    shard: Shard | None = None,
    command: str = "",
    observer: Observer | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[RunRecord]:
    """As ``complete``; returns the stored records of all runs of the suite."""
    ended = complete(
        suite,
        out,
        registry=registry,
        own_data=own_data,
        executor=executor,
        manner=manner,
        shard=shard,
        command=command,
        observer=observer,
        tell=tell,
    )
    stored = store.stored(out)
    return [stored[run.key] for run in ended]


def complete(
    suite: Suite,
    out: Path,
    *,
    registry: Registry | None = None,
    own_data: Sequence[OwnData] = (),
    executor: Executor | Cluster | None = None,
    manner: Manner | None = None,
    shard: Shard | None = None,
    command: str = "",
    observer: Observer | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[EndedRun]:
    """Run what is not done yet; returns how each run of the suite ended, as it is stored.

    Parameters
    ----------
    out : results folder; made if it is not there.
    own_data : the user's own, besides the suite's data sets.
    executor : runs the pipelines; by default ``suite.jobs`` at a time on this machine. Others
        write into ``out``, which they must see.
    shard : the part of the runs that is done here; by default all of them.
    command : what ran it, for the report.
    tell : told of each data set, in one line, what was read.

    Raises OmicsbenchError for bad input, StoreError if another process fills the folder or it
    cannot be written, RunsMissing if a planned run has no record at the end, Interrupted on
    KeyboardInterrupt. Finished runs are kept in every case.
    """
    registry, manner, observer = registry or discover(), manner or Manner(), observer or _Silent()
    whole = outlined(suite, registry, own_data)  # what is misspelt is refused before it is made
    store.open_folder(out)
    plan: list[Planned] = []
    try:
        with claimed(out, command or "run_suite") as claim, scratch("run") as own:
            planned = prepared_plan(whole, observer.dataset, tell)
            plan += [p for p in planned if shard is None or shard.holds(p.key)]
            cited = declared(suite.pipelines, registry)
            keys, part = [planned.key for planned in plan], str(shard or "")
            write_plan(out, dump(suite), keys, command, cited, part)
            conditions = Conditions(
                suite=suite.name,
                out=str(out.resolve()),
                scratch=str(own),
                limits=limits_of(suite),
                warm_up_timeout_s=suite.warm_up_timeout_s,
                jobs=suite.jobs,
                metric_files=_metric_files(plan, registry),
                families=dict(suite.families),
                manner=manner,
            )
            jobs, ended = _to_do(plan, conditions, observer)
            if not jobs:
                return _all_of(plan, ended, out, [])
            if executor is None:
                lost = _execute_here(jobs, conditions, observer, claim)
            else:
                lost = _execute_elsewhere(jobs, executor, observer, claim)
            return _all_of(plan, _stored(plan, out), out, lost)
    except KeyboardInterrupt as stop:
        raise Interrupted(_where_it_stands(out, plan, str(stop))) from None


def _metric_files(plan: Sequence[Planned], registry: Registry) -> tuple[str, ...]:
    """The files of metrics by which runs are scored or tuned, and that are not of the package."""
    specs = [planned.spec for planned in plan]
    names = {name for spec in specs for name in spec.metrics}
    names |= {spec.tuning.metric for spec in specs if spec.tuning}
    return tuple(sorted({str(registry.metric(name).path) for name in names - METRICS.keys()}))


def _to_do(
    plan: Sequence[Planned], conditions: Conditions, observer: Observer
) -> tuple[list[list[Job]], dict[str, EndedRun]]:
    """Chains of jobs for the runs that are not done yet, and those that are, by key.

    What cannot run is set aside, and so is what has no record yet where that is wanted.
    """
    out, manner = Path(conditions.out), conditions.manner
    keys = {planned.key for planned in plan}
    done: dict[str, EndedRun] = {}

    def looked_through() -> Iterator[RunRecord]:
        for record in store.each(out):
            again = do_again(record, manner.retry, manner.force, conditions.limits)
            if record.key in keys and (manner.set_aside or not again):
                done[record.key] = EndedRun.of(record)
            yield record

    here = environment.describe(conditions.jobs)
    known = known_costs(plan, looked_through(), here)
    for planned in plan:
        if planned.key not in done and (planned.skip or manner.set_aside):
            record = planned.skipped_record(conditions.suite, here, manner.set_aside)
            store.write_record(out, record)
            done[record.key] = EndedRun.of(record)
    todo = [planned for planned in plan if planned.key not in done]
    observer.start(todo, len(done))
    return chains(todo, conditions, known), done


def _stored(plan: Sequence[Planned], out: Path) -> dict[str, EndedRun]:
    """The planned runs that have a record on disk of their end, by key."""
    specs = {planned.key: planned.spec for planned in plan}
    return {
        record.key: EndedRun.of(record)
        for record in store.each(out)
        if specs.get(record.key) == record.spec and record.cause is not Cause.SET_ASIDE
    }


def _all_of(
    plan: Sequence[Planned], ended: Mapping[str, EndedRun], out: Path, lost: Sequence[str]
) -> list[EndedRun]:
    """How each planned run ended. Raises RunsMissing if there is one that has no record."""
    found = [ended[planned.key] for planned in plan if planned.key in ended]
    missing = len(plan) - len(found)
    if missing:
        why = f" ({lost[0]})" if lost else ""
        raise RunsMissing(
            f"{missing} of {len(plan)} planned runs have no record in {out}{why}; the same command "
            "does them.",
            found,
        )
    return found


def _where_it_stands(out: Path, plan: Sequence[Planned], signal: str) -> str:
    """What a stopped suite says; Ctrl-C needs not be named."""
    by = f" by {signal}" if signal not in ("", "SIGINT") else ""
    again = "the same command goes on from there."
    if not plan:
        return f"Stopped{by} while the data were prepared; {again}"
    kept = len(_stored(plan, out))
    return f"Stopped{by}. {kept} of {len(plan)} runs are kept in {out}; {again}"


def _execute_here(
    jobs: Sequence[list[Job]], conditions: Conditions, observer: Observer, claim: Claim
) -> list[str]:
    """Do all chains on this machine; a failure of the harness itself is raised."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(max_workers=conditions.jobs)
    scorers = Scorers(conditions, stop)
    try:
        begin = observer.begin if isinstance(observer, ToldOfBegins) else lambda spec: None
        told = observer.record, stop, scorers, begin
        futures = [pool.submit(supervise, chain, *told) for chain in jobs]
        for future in _as_they_end(futures, claim):
            future.result()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
        scorers.close()
    return []


def _execute_elsewhere(
    jobs: Sequence[list[Job]], executor: Executor | Cluster, observer: Observer, claim: Claim
) -> list[str]:
    """Do all chains by somebody's executor; returns why chains were lost there.

    Neither a callback nor an event can follow to another machine; what is done there is told of
    when its record is seen here.
    """
    lost = []
    arrivals = Arrivals(
        claim.folder, (spec.key for chain in jobs for job in chain for spec, _ in job.runs)
    )
    if isinstance(executor, Executor):
        told = claim.token, datetime.now(UTC).isoformat(timespec="seconds")
        futures = [executor.submit(supervise_elsewhere, chain, *told) for chain in jobs]
    else:
        futures = list(executor.send(jobs, claim.token))
    try:
        for future in _as_they_end(futures, claim, partial(arrivals.tell, observer.record)):
            try:
                future.result()
            except OmicsbenchError:
                raise
            except Exception as error:  # such as Dask's KilledWorker: others may fare better
                said = " ".join(f"{type(error).__name__}: {error}".split())
                lost.append(said[:300].rstrip(": "))
    finally:
        for future in futures:
            future.cancel()
    arrivals.tell(observer.record, now=True)
    until = time.monotonic() + LATE_S
    while arrivals.waits and not lost and time.monotonic() < until:
        time.sleep(LOOK_S)
        arrivals.tell(observer.record, now=True)
    return lost


def _as_they_end(
    futures: Iterable[Future[Done]], claim: Claim, look: Callable[[], None] = lambda: None
) -> Iterator[Future[Done]]:
    """The futures in the order in which they end; ``look`` is called while they are waited for.

    Raises StoreError once the claim is lost. A stop may be raised at any moment of the wait, so
    that is for a queue that holds no lock of Python's: ``concurrent.futures.wait`` could leave a
    future locked, and the thread that ends it would wait for ever.
    """
    ended: SimpleQueue[Future[Done]] = SimpleQueue()
    left = 0
    for future in futures:
        future.add_done_callback(ended.put)
        left += 1
    while left:
        finished = []
        with suppress(Empty):
            finished.append(ended.get(timeout=LOOK_S))
        if claim.lost.is_set():
            raise claim.error()
        look()
        left -= len(finished)
        yield from finished
