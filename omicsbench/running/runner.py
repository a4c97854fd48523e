"""Run a suite: plan it, leave out what is done, hand each pipeline to a worker, store all.

Running the same command again resumes. Executors are ``concurrent.futures.Executor``s:
threads that watch local workers by default, Dask for a cluster.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.source import OwnData
from omicsbench.planning.contestants import shared_prefixes
from omicsbench.planning.plan import Planned, make_plan
from omicsbench.planning.resume import do_again, limits_of
from omicsbench.planning.suite import Suite, dump
from omicsbench.records import environment, store
from omicsbench.records.costs import Observation, cost_terms, observe
from omicsbench.records.facts import Environment, Limits
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import RunRecord
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.job import Job
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
    isolate_runs: bool = False,
    retry: bool = False,
    force: bool = False,
    command: str = "",
    observer: Observer | None = None,
) -> list[RunRecord]:
    """Run what is not done yet; returns the records of all runs of the suite.

    Parameters
    ----------
    out : results folder; made if it is not there.
    executor : runs the pipelines; by default ``suite.jobs`` at a time on this machine.
    isolate_runs : a fresh process for every run, not only for every pipeline.
    retry : do runs again that failed before.
    force : run what is predicted to exceed its limits too.

    Raises OmicsbenchError for bad input, StoreError if results cannot be written,
    Interrupted on Ctrl-C. Finished runs are kept in every case.
    """
    registry = registry or discover()
    observer = observer or _Silent()
    store.open_folder(out)
    plan = make_plan(suite, registry, own_data, observer.dataset)
    write_plan(out, dump(suite), [planned.spec.key for planned in plan], command)
    limits = limits_of(suite)
    keys = {p.spec.key for p in plan}
    stored = store.stored(out)
    records = {
        key: record
        for key, record in stored.items()
        if key in keys and not do_again(record, retry, force, limits)
    }
    here = environment.describe(suite.jobs)
    for planned in plan:
        if planned.skip and planned.spec.key not in records:
            records[planned.spec.key] = planned.skipped_record(suite.name, here)
            store.write_record(out, records[planned.spec.key])
    todo = [p for p in plan if p.spec.key not in records]
    observer.start(todo, len(records))
    scratch = Path(tempfile.mkdtemp(prefix="omicsbench-"))
    try:
        chains = _chains(suite, todo, out, scratch, registry.plugins, limits, isolate_runs)
        known = _known(plan, stored.values(), here)
        chains = [
            [replace(job, known=known.get(job.runs[0][0].label, ()), force=force) for job in chain]
            for chain in chains
        ]
        for record in _execute(chains, executor, suite.jobs, observer):
            records[record.key] = record
    except KeyboardInterrupt as stop:
        kept = len(store.stored(out).keys() & keys)
        by = f" by {stop}" if str(stop) not in ("", "SIGINT") else ""
        raise Interrupted(
            f"Stopped{by}. {kept} of {len(plan)} runs are kept in {out}; "
            "the same command goes on from there."
        ) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [records[p.spec.key] for p in plan if p.spec.key in records]


def _known(
    plan: Sequence[Planned], stored: Iterable[RunRecord], here: Environment
) -> dict[str, tuple[Observation, ...]]:
    """What stored runs under the plan's terms cost, by label; times of other machines differ."""
    wanted = {(p.spec.dataset_id, cost_terms(p.spec)) for p in plan}
    found: dict[str, list[Observation]] = {}
    for record in stored:
        same = (record.spec.dataset_id, cost_terms(record.spec)) in wanted
        if same and record.environment.same_machine(here):
            seen = observe(record)
            if seen:
                found.setdefault(seen.pipeline, []).append(seen)
    return {pipeline: tuple(costs) for pipeline, costs in found.items()}


def _chains(
    suite: Suite,
    todo: Sequence[Planned],
    out: Path,
    scratch: Path,
    plugins: Sequence[Path],
    limits: Limits,
    isolate_runs: bool,
) -> list[list[Job]]:
    """One job per contestant, its runs in ascending size within each data set.

    Pipelines that begin with the same stage follow each other in one chain: the first fits
    it, the others find it fitted. Tuned pipelines share nothing, as their parameters differ;
    they are jobs of their own, so that neither their cost nor their failures tell of others.
    """
    by_label: dict[str, list[Planned]] = {}
    for planned in todo:
        by_label.setdefault(planned.spec.label, []).append(planned)
    written = [runs[0].pipeline for runs in by_label.values() if not runs[0].spec.tuning]
    shared = shared_prefixes(written)
    chains: dict[str, list[Job]] = {}
    for label, runs in by_label.items():
        tuned, prefixes = runs[0].spec.tuning is not None, runs[0].pipeline.prefixes
        job = Job(
            pipeline=runs[0].pipeline.text,
            family=runs[0].pipeline.family,
            is_control=runs[0].pipeline.is_control,
            runs=tuple((p.spec, str(p.prepared.folder)) for p in runs),
            out=str(out.resolve()),
            scratch=str(scratch),
            suite=suite.name,
            threads=runs[0].spec.threads,
            jobs=suite.jobs,
            limits=limits,
            warm_up_timeout_s=suite.warm_up_timeout_s,
            plugins=tuple(map(str, plugins)),
            families=dict(suite.families),
            shared=() if tuned else tuple(sorted(shared.intersection(prefixes))),
            isolate_runs=isolate_runs,
        )
        chains.setdefault(label if tuned else prefixes[0], []).append(job)
    return list(chains.values())


def _execute(
    chains: Sequence[list[Job]], executor: Executor | None, parallel: int, observer: Observer
) -> list[RunRecord]:
    stop = threading.Event()
    local = executor is None
    pool = executor or ThreadPoolExecutor(max_workers=parallel)
    futures: set[Future[list[RunRecord]]] = set()
    records: list[RunRecord] = []
    try:
        if local:
            futures = {pool.submit(supervise, chain, observer.record, stop) for chain in chains}
        else:  # elsewhere: neither a callback nor an event can follow
            futures = {pool.submit(supervise, chain) for chain in chains}
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
