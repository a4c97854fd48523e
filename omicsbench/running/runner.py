"""Run a suite: plan it, leave out what is done, hand each pipeline to a worker, store all.

Running the same command again resumes. Executors are ``concurrent.futures.Executor``s:
threads that watch local workers by default, Dask for a cluster.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Protocol

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.source import OwnData
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.resume import do_again, limits_of
from omicsbench.planning.suite import Suite, dump
from omicsbench.records import environment, store
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import RunRecord
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.chains import chains, known_costs
from omicsbench.running.job import Conditions, Job, Manner
from omicsbench.running.supervisor import supervise


class Observer(Protocol):
    """Who is told how the suite goes on; the CLI draws a progress bar from it."""

    def dataset(self, name: str, share: float) -> None: ...

    def start(self, todo: Sequence[Planned], done: int) -> None: ...

    def record(self, record: RunRecord) -> None: ...


class Interrupted(OmicsbenchError):
    """The user stopped the suite; what was finished is stored."""


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
    executor: Executor | None = None,
    manner: Manner | None = None,
    command: str = "",
    observer: Observer | None = None,
) -> list[RunRecord]:
    """Run what is not done yet; returns the records of all runs of the suite.

    Parameters
    ----------
    out : results folder; made if it is not there.
    own_data : the user's own, besides the suite's data sets.
    executor : runs the pipelines; by default ``suite.jobs`` at a time on this machine.
    command : what ran it, for the report.

    Raises OmicsbenchError for bad input, StoreError if results cannot be written,
    Interrupted on KeyboardInterrupt. Finished runs are kept in every case.
    """
    registry, manner, observer = registry or discover(), manner or Manner(), observer or _Silent()
    store.open_folder(out)
    plan: list[Planned] = []
    try:
        plan += make_plan(suite, registry, own_data, observer.dataset)
        write_plan(out, dump(suite), [planned.spec.key for planned in plan], command)
        with tempfile.TemporaryDirectory(
            prefix="omicsbench-", ignore_cleanup_errors=True
        ) as scratch:
            conditions = Conditions(
                suite=suite.name,
                out=str(out.resolve()),
                scratch=scratch,
                limits=limits_of(suite),
                warm_up_timeout_s=suite.warm_up_timeout_s,
                jobs=suite.jobs,
                plugins=tuple(map(str, registry.plugins)),
                families=dict(suite.families),
                manner=manner,
            )
            records = _run(plan, conditions, executor, observer)
    except KeyboardInterrupt as stop:
        raise Interrupted(_where_it_stands(out, plan, str(stop))) from None
    return [records[planned.spec.key] for planned in plan if planned.spec.key in records]


def _run(
    plan: Sequence[Planned], conditions: Conditions, executor: Executor | None, observer: Observer
) -> dict[str, RunRecord]:
    """Records of all planned runs, by key: those stored, set aside, and done now."""
    out, manner = Path(conditions.out), conditions.manner
    stored = store.stored(out)
    keys = {planned.spec.key for planned in plan}
    records = {
        key: record
        for key, record in stored.items()
        if key in keys and not do_again(record, manner.retry, manner.force, conditions.limits)
    }
    here = environment.describe(conditions.jobs)
    for planned in plan:
        if planned.skip and planned.spec.key not in records:
            records[planned.spec.key] = planned.skipped_record(conditions.suite, here)
            store.write_record(out, records[planned.spec.key])
    todo = [planned for planned in plan if planned.spec.key not in records]
    observer.start(todo, len(records))
    known = known_costs(plan, stored.values(), here)
    jobs = chains(todo, conditions, known)
    for record in _execute(jobs, executor, conditions.jobs, observer):
        records[record.key] = record
    return records


def _where_it_stands(out: Path, plan: Sequence[Planned], signal: str) -> str:
    """What a stopped suite says; Ctrl-C needs not be named."""
    by = f" by {signal}" if signal not in ("", "SIGINT") else ""
    again = "the same command goes on from there."
    if not plan:
        return f"Stopped{by} while the data were prepared; {again}"
    kept = len(store.stored(out).keys() & {planned.spec.key for planned in plan})
    return f"Stopped{by}. {kept} of {len(plan)} runs are kept in {out}; {again}"


def _execute(
    jobs: Sequence[list[Job]], executor: Executor | None, parallel: int, observer: Observer
) -> list[RunRecord]:
    stop = threading.Event()
    local = executor is None
    pool = executor or ThreadPoolExecutor(max_workers=parallel)
    futures: set[Future[list[RunRecord]]] = set()
    records: list[RunRecord] = []
    try:
        if local:
            futures = {pool.submit(supervise, chain, observer.record, stop) for chain in jobs}
        else:  # elsewhere: neither a callback nor an event can follow
            futures = {pool.submit(supervise, chain) for chain in jobs}
        pending = set(futures)
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                found = future.result()
                records += found
                if not local:
                    for record in found:
                        observer.record(record)
    except BaseException:
        stop.set()
        for future in futures:
            future.cancel()
        raise
    finally:
        if local:
            pool.shutdown(wait=True, cancel_futures=True)
    return records
