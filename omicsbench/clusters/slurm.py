"""Loads as SLURM job arrays, by submitit; SLURM does the scheduling.

A job's records are written by its node into the results folder, which all nodes see. What became
of a job is asked of ``squeue``, which needs no accounting: one that SLURM no longer lists, and
that left no result, was lost. It is sent again, as the cause may be the cluster's (a node that
died, a preemption, a limit that the forecast had set too low), with more time and memory, up to
what the suite allows; what it finished is not done again. So is a load of which runs needed more
memory than its job had. A load that SLURM does not take again is tried again with less.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from omicsbench.clusters.asking import GIB, TRIES, Tries, asked, memory_bytes
from omicsbench.clusters.loads import Load, loads
from omicsbench.clusters.on_node import LoadEnd, done_there
from omicsbench.clusters.profile import Slurm
from omicsbench.errors import OmicsbenchError
from omicsbench.planning.known_costs import KnownCosts
from omicsbench.planning.reference_costs import reference_costs
from omicsbench.records import store
from omicsbench.running.job import Job

FOLDER = "cluster"  # in the results folder: what submitit and the jobs write
LOOK_S = 5.0  # between two looks at all jobs ...
LOOK_EACH_S = 0.005  # ... and for each of them: a look lists what all have written
UNSEEN = 3  # looks in a row in which SLURM does not list a job that has left no result ...
GRACE_S = 60.0  # ... and seconds: on a shared file system a node's files are seen late


class LoadLost(Exception):
    """A load whose jobs ended ``TRIES`` times before its runs, or could not be sent again."""


@dataclass
class _Sent:
    """A load on its way: the job that does it, and who waits for it."""

    load: Load
    future: Future[None]
    job: Any = None
    tries: Tries = field(default_factory=Tries)
    done: int = 0  # of its runs, when it was last lost
    unseen: int = 0
    gone_at: float | None = None
    over: bool = False  # the end of its last job was seen

    def end(self, error: Exception | None = None) -> None:
        """Tell who waits, unless they do no longer."""
        self.over = True
        with contextlib.suppress(InvalidStateError):
            if error:
                self.future.set_exception(error)
            else:
                self.future.set_result(None)


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
        missing = [name for name in ("sbatch", "srun", "squeue") if not shutil.which(name)]
        if missing:
            raise OmicsbenchError(
                f"--executor slurm needs the command {missing[0]}: run it where jobs are submitted."
            )
        logging.getLogger("submitit").setLevel(logging.ERROR)
        self._submitit = submitit
        self._settings = settings
        self._closed = threading.Event()
        self._sent: list[_Sent] = []
        self._folders: list[Path] = []
        self._watch: threading.Thread | None = None

    def send(self, chains: Sequence[list[Job]], token: str) -> list[Future[None]]:
        """Submit the chains, grouped into jobs; each future ends with its load.

        ``token`` is that of the claim on the results folder. Raises OmicsbenchError if SLURM
        does not take them.
        """
        if self._watch:  # of what was sent before, which has ended
            self._watch.join()
        out = Path(chains[0][0].conditions.out)
        costs = KnownCosts(store.each(out), reference_costs())
        settings = self._settings
        wanted = loads(chains, costs, 60 * settings.minutes, settings.memory_gb * GIB)
        sent = [_Sent(load, Future()) for load in wanted]
        self._sent += sent
        self._folders.append(out / FOLDER / token[:8])
        self._told = token, datetime.now(UTC).isoformat(timespec="seconds")
        self._submit(sent)
        self._watch = threading.Thread(target=self._watching, args=[sent], daemon=True)
        self._watch.start()
        return [one.future for one in sent]

    def close(self) -> None:
        """Take back what waits or runs; logs are removed if nothing was lost."""
        self._closed.set()
        if self._watch:
            self._watch.join()
        left = [one.job.job_id for one in self._sent if one.job and not one.over]
        if left:
            subprocess.run(["scancel", *left], capture_output=True, check=False)
        if all(one.over and one.tries.sent == 1 and not _failed(one.future) for one in self._sent):
            for folder in self._folders:
                shutil.rmtree(folder, ignore_errors=True)
                with contextlib.suppress(OSError):  # others' logs lie there
                    folder.parent.rmdir()

    def _submit(self, sent: Sequence[_Sent]) -> None:
        """Submit loads, as arrays of those that ask for the same.

        Raises OmicsbenchError once SLURM refuses one; those that it took have a try more.
        """
        for wanted, own in self._arrays(sent):
            memory = memory_bytes(own[0].load, own[0].tries)
            try:
                jobs = self._executor(wanted).map_array(
                    done_there,
                    [one.load.jobs for one in own],
                    *([told] * len(own) for told in (*self._told, memory)),
                )
            except (OSError, RuntimeError) as error:
                raise OmicsbenchError(f"SLURM does not take the jobs: {_said(error)}.") from error
            for one, job in zip(own, jobs, strict=True):
                one.job, one.over, one.unseen, one.gone_at = job, False, 0, None
                one.tries.sent += 1

    def _arrays(self, sent: Sequence[_Sent]) -> Iterator[tuple[dict[str, Any], list[_Sent]]]:
        """What each array asks for, and its loads."""
        alike: dict[tuple[tuple[str, Any], ...], list[_Sent]] = defaultdict(list)
        for one in sent:
            wanted = asked(one.load, one.tries, self._settings.max_minutes)
            alike[tuple(wanted.items())].append(one)
        most = self._settings.largest_array
        for options, own in alike.items():
            for start in range(0, len(own), most):
                yield dict(options), own[start : start + most]

    def _executor(self, wanted: dict[str, Any]) -> Any:
        settings = self._settings
        given: dict[str, Any] = {"partition": settings.partition, "account": settings.account}
        given |= {"qos": settings.qos, "setup": list(settings.setup) or None}
        given |= {"additional_parameters": settings.further}
        executor = self._submitit.SlurmExecutor(self._folders[-1])
        executor.update_parameters(
            job_name="omicsbench",
            array_parallelism=settings.jobs_at_once,
            # Some versions of srun do not take it over from sbatch.
            srun_args=[f"--cpus-per-task={wanted['cpus_per_task']}"],
            **{key: value for key, value in given.items() if value},
            **wanted,
        )
        return executor

    def _watching(self, sent: Sequence[_Sent]) -> None:
        """Tell the futures how their loads ended; send again what was lost."""
        while waiting := [one for one in sent if not one.over]:
            if self._closed.wait(LOOK_S + LOOK_EACH_S * len(waiting)):
                return
            try:
                self._send_again(self._looked_at(waiting))
            except OSError:  # the file system does not answer: it is asked again
                continue
            except Exception as error:  # nobody shall wait for ever
                for one in waiting:
                    one.end(LoadLost(_said(error)))

    def _send_again(self, lost: Sequence[_Sent]) -> None:
        before = [one.tries.sent for one in lost]
        try:
            self._submit(lost)
        except OmicsbenchError as error:
            for one, sent in zip(lost, before, strict=True):
                if one.tries.sent == sent:  # it is among the lost at the next look too
                    one.tries.refused += 1
                    if one.tries.refused >= TRIES:
                        one.end(LoadLost(str(error)))

    def _looked_at(self, waiting: Sequence[_Sent]) -> list[_Sent]:
        """Settle what ended; returns the loads that are to be sent again."""
        listed = _listed([one.job.job_id.split("_")[0] for one in waiting])
        # A folder is asked of the file server, where a look at a file may be answered from memory.
        there = {path.name for path in self._folders[-1].iterdir()}
        again = []
        for one in waiting:
            if one.job.paths.result_pickle.name in there:
                if _settled(one):
                    again.append(one)
            elif listed is None or one.job.job_id in listed:
                one.unseen, one.gone_at = 0, None
            else:
                one.unseen += 1
                one.gone_at = one.gone_at or time.monotonic()
                if one.unseen < UNSEEN or time.monotonic() - one.gone_at < GRACE_S:
                    continue
                progressed = _progressed(one)
                if progressed or one.tries.sent < TRIES:
                    again.append(one)
                else:
                    one.end(LoadLost(_why(one)))
        return again


def _progressed(one: _Sent) -> bool:
    """Whether the load has more of its runs stored than when it was last lost; counts anew then."""
    runs = Path(one.load.jobs[0].conditions.out) / "runs"
    done = sum((runs / f"{s.key}.json").is_file() for job in one.load.jobs for s, _ in job.runs)
    more, one.done = done > one.done, done
    if more:
        one.tries.sent = 1
    return more


def _settled(one: _Sent) -> bool:
    """Take in a job's result; whether its load is to be sent again, for more memory."""
    try:
        ended: LoadEnd = one.job.result()
    except Exception as error:
        one.end(LoadLost(f"job {one.job.job_id}: {_said(error)}"))
        return False
    if ended.wrong:
        one.end(OmicsbenchError(ended.wrong))
    elif ended.wants_memory and one.tries.sent < TRIES:
        return True
    else:
        one.end()
    return False


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
    return not future.done() or future.cancelled() or future.exception() is not None


def _said(error: BaseException) -> str:
    """The last line of an error; of a job's, which submitit frames by rules, that of its trace."""
    parts = str(error).split("-" * 20)
    text = parts[1] if len(parts) > 2 else parts[0]
    lines = [line.strip(" -.") for line in text.splitlines() if line.strip(" -.")]
    return lines[-1][:300] if lines else type(error).__name__
