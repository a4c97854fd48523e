"""Loads as SLURM job arrays, by submitit; SLURM does the scheduling.

A job's records are written by its node into the results folder, which all nodes see. What became
of a job is asked of ``squeue``, which needs no accounting: one that SLURM no longer lists, and
that left no result, was lost. It is sent again, as the cause may be the cluster's (a node that
died, a preemption, a limit that the forecast had set too low), with twice the time and memory;
what it finished is not done again.
"""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any

from omicsbench.clusters.loads import SCORER_BYTES, Load, loads
from omicsbench.clusters.profile import Slurm
from omicsbench.errors import OmicsbenchError
from omicsbench.planning.known_costs import KnownCosts
from omicsbench.planning.reference_costs import reference_costs
from omicsbench.records import store
from omicsbench.running.elsewhere import supervise_elsewhere
from omicsbench.running.job import Job

FOLDER = "cluster"  # in the results folder: what submitit and the jobs write
TRIES = 3  # of a load whose jobs are lost
UNSEEN = 3  # looks in a row in which SLURM does not list a job that has left no result
LOOK_S = 5.0  # between two looks at all jobs
GRACE_S = 120.0  # a node's files may reach this machine late
START_MINUTES = 5.0  # of a job besides its runs
GIB = 2**30


class LoadLost(Exception):
    """A load's jobs ended ``TRIES`` times without an end of their own."""


@dataclass
class _Sent:
    """A load on its way: the job that does it, and who waits for it."""

    load: Load
    future: Future[None]
    job: Any = None
    tries: int = 0
    unseen: int = 0
    gone_at: float = field(default=0.0)


class SlurmCluster:
    """Sends chains of jobs to SLURM."""

    def __init__(self, settings: Slurm) -> None:
        """Raises OmicsbenchError where submitit or SLURM is not there."""
        try:
            import submitit
        except ImportError:
            raise OmicsbenchError(
                "--executor slurm needs the extra: pip install 'omicsbench[slurm]'."
            ) from None
        if not shutil.which("sbatch"):
            raise OmicsbenchError(
                "--executor slurm needs the command sbatch: run it where jobs are submitted."
            )
        logging.getLogger("submitit").setLevel(logging.ERROR)
        self._submitit = submitit
        self._settings = settings
        self._closed = threading.Event()
        self._sent: list[_Sent] = []
        self._watch: threading.Thread | None = None

    def send(self, chains: Sequence[list[Job]], token: str) -> list[Future[None]]:
        """Submit the chains, grouped into jobs; each future ends with its job.

        ``token`` is that of the claim on the results folder. Raises OmicsbenchError if SLURM
        does not take them.
        """
        out = Path(chains[0][0].conditions.out)
        costs = KnownCosts(store.each(out), reference_costs())
        wanted = loads(chains, costs, 60 * self._settings.minutes)
        self._sent = [_Sent(load, Future()) for load in wanted]
        self._folder, self._token = out / FOLDER, token
        self._submit(self._sent)
        self._watch = threading.Thread(target=self._watching, daemon=True)
        self._watch.start()
        return [one.future for one in self._sent]

    def close(self) -> None:
        """Take back what waits or runs; what the jobs wrote is removed if none was lost."""
        self._closed.set()
        if self._watch:
            self._watch.join()
        ids = [one.job.job_id for one in self._sent if not one.future.done() and one.job]
        if ids:
            subprocess.run(["scancel", *ids], capture_output=True, check=False)
        elif self._sent and not any(one.tries > 1 or _failed(one.future) for one in self._sent):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _submit(self, sent: Sequence[_Sent]) -> None:
        """Submit loads, as one array of those that ask for the same."""
        alike: dict[tuple[tuple[str, Any], ...], list[_Sent]] = defaultdict(list)
        for one in sent:
            alike[tuple(self._asked(one).items())].append(one)
        for asked, own in alike.items():
            executor = self._submitit.SlurmExecutor(self._folder)
            settings = self._settings
            given: dict[str, Any] = {"partition": settings.partition, "account": settings.account}
            given |= {"qos": settings.qos, "setup": list(settings.setup) or None}
            given |= {"additional_parameters": dict(settings.sbatch)}
            chosen = {key: value for key, value in given.items() if value}
            at_once = min(settings.jobs_at_once, len(own))
            executor.update_parameters(
                job_name="omicsbench", array_parallelism=at_once, **chosen, **dict(asked)
            )
            tasks = [(self._bounded(one), self._token) for one in own]
            try:
                jobs = executor.map_array(_done_there, *zip(*tasks, strict=True))
            except (self._submitit.core.utils.FailedJobError, OSError, RuntimeError) as error:
                raise OmicsbenchError(
                    f"SLURM does not take the jobs: {_last_line(error)}"
                ) from error
            for one, job in zip(own, jobs, strict=True):
                one.job, one.tries, one.unseen, one.gone_at = job, one.tries + 1, 0, 0.0

    def _asked(self, one: _Sent) -> dict[str, Any]:
        """What a load's job asks for: more after each try that was lost."""
        settings, load, more = self._settings, one.load, 2**one.tries
        minutes = more * (load.seconds / 60 + START_MINUTES)
        memory = more * self._memory(load)
        asked: dict[str, Any] = {
            "time": min(_stepped(minutes), ceil(settings.max_minutes)),
            "mem": f"{ceil(memory / GIB)}GB",
        }
        asked |= {"cpus_per_task": load.threads}
        return asked | ({"gpus_per_node": load.gpus} if load.gpus else {})

    def _memory(self, load: Load) -> float:
        return max(load.memory_bytes or 0.0, self._settings.memory_gb * GIB)

    def _bounded(self, one: _Sent) -> tuple[Job, ...]:
        """The load's jobs, whose runs may take what the job has, less what scores them."""
        most = 2**one.tries * self._memory(one.load) - SCORER_BYTES / 2
        return tuple(_within(job, most) for job in one.load.jobs)

    def _watching(self) -> None:
        """Tell the futures how their jobs ended; send again what was lost."""
        while not self._closed.wait(LOOK_S):
            waiting = [one for one in self._sent if not one.future.done()]
            if not waiting:
                return
            lost = self._looked_at(waiting)
            if not lost:
                continue
            try:
                self._submit(lost)
            except OmicsbenchError as error:
                for one in lost:
                    one.future.set_exception(error)

    def _looked_at(self, waiting: Sequence[_Sent]) -> list[_Sent]:
        """Settle what ended; returns the loads whose jobs were lost and that are tried again."""
        listed = _listed([one.job.job_id.split("_")[0] for one in waiting])
        lost = []
        for one in waiting:
            if one.job.paths.result_pickle.exists():
                _settle(one)
            elif listed is not None and one.job.job_id not in listed:
                one.unseen += 1
                one.gone_at = one.gone_at or time.monotonic()
                if one.unseen < UNSEEN and time.monotonic() - one.gone_at < GRACE_S:
                    continue
                if one.tries < TRIES:
                    lost.append(one)
                else:
                    one.future.set_exception(LoadLost(_why(one)))
            else:
                one.unseen, one.gone_at = 0, 0.0
        return lost


def _done_there(jobs: Sequence[Job], token: str) -> str | None:
    """What a node does of a load, whose records lie in the results folder; why it cannot, if so."""
    # Before its time is over SLURM sends this signal, and submitit would call that a failure.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    try:
        supervise_elsewhere(jobs, token)
    except OmicsbenchError as error:
        return str(error)
    return None


def _within(job: Job, memory_bytes: float) -> Job:
    limits = job.conditions.limits
    least = min(limits.memory_bytes, memory_bytes)
    conditions = replace(job.conditions, limits=limits.model_copy(update={"memory_bytes": least}))
    return replace(job, conditions=conditions)


def _settle(one: _Sent) -> None:
    try:
        wrong = one.job.result()
    except Exception as error:
        one.future.set_exception(LoadLost(f"job {one.job.job_id}: {_last_line(error)}"))
        return
    if wrong:
        one.future.set_exception(OmicsbenchError(wrong))
    else:
        one.future.set_result(None)


def _listed(arrays: Sequence[str]) -> set[str] | None:
    """The jobs that SLURM still has; None if it does not answer, which says nothing of them."""
    asked = ",".join(dict.fromkeys(arrays))
    command = ["squeue", "--noheader", "--array", "--format=%F_%K", "--jobs", asked]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if said.returncode and "Invalid job id" not in said.stderr:
        return None
    return {line.strip().removesuffix("_N/A") for line in said.stdout.splitlines()}


def _why(one: _Sent) -> str:
    """What a lost job last said."""
    said = f"job {one.job.job_id} ended {TRIES} times before its runs"
    try:
        lines = one.job.paths.stderr.read_text(errors="replace").split("\n")
    except OSError:
        return said
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f"{said}: {last}" if last else said


def _failed(future: Future[None]) -> bool:
    return future.cancelled() or future.exception() is not None


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def _stepped(minutes: float) -> int:
    """Whole minutes in steps that few arrays suffice for: 10, 20, 40, ..."""
    steps = 10
    while steps < minutes:
        steps *= 2
    return steps
