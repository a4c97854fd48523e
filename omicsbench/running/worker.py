"""The child process of one pipeline: takes runs from a pipe, sends records back.

Started by ``omicsbench.running.process``. A process in which numba had to compile what it keeps on
disk replaces itself by a fresh one: the compiler takes up to 110 MiB for good, and a run would seem
to need more memory the first time than ever after.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from omicsbench.errors import StoreError
from omicsbench.records.facts import Environment, Limits
from omicsbench.records.spec import Ending, RunRecord, RunSpec, Status
from omicsbench.running.channel import Channel
from omicsbench.running.leftovers import Leftovers
from omicsbench.running.serving import Served
from omicsbench.running.storable import text

WARM_UP_ROWS = 64


def main(arguments: Sequence[str]) -> None:
    """Serve runs until the pipe closes; first the one for which the process was started anew."""
    served = Served(arguments)
    channel, unserved = served.channel, served.unserved()
    server = _Server(served.told)
    channel.reply("ready", environment=server.environment().model_dump(mode="json"))
    for request in chain(filter(None, [unserved]), channel.requests()):
        spec = RunSpec.model_validate(request["spec"])
        anew = None if request is unserved else partial(served.start_anew, request)
        try:
            record = server.run(spec, request["prepared"], channel, anew)
        except StoreError as error:
            channel.reply("cannot_store", reason=text(error))
            continue
        try:
            channel.reply("record", record=record.model_dump(mode="json"))
        except (ValueError, TypeError) as error:
            lost = server.failed(spec, Status.ERROR, f"its record cannot be stored: {error}")
            channel.reply("record", record=lost.model_dump(mode="json"))


class _Server:
    """State of a worker: its pipeline, what is warm, and the time that took."""

    def __init__(self, job: dict[str, Any]) -> None:
        start = time.perf_counter()
        from omicsbench.records import environment
        from omicsbench.registry.discover import discover
        from omicsbench.registry.pipeline import resolve
        from omicsbench.running.fitting import Workplace

        registry = discover([Path(p) for p in job["plugins"]])
        pipeline = resolve(job["pipeline"], registry, families=job["families"])
        for stage in pipeline.stages:
            for module in stage.info.needs:
                importlib.import_module(module)
        self.import_s = time.perf_counter() - start
        self.warm_up_s = 0.0
        self.warm: set[tuple[bool, int]] = set()
        self.restarts = True
        self.out = Path(job["out"])
        self.place = Workplace(
            pipeline,
            Path(job["scratch"]),
            frozenset(job["shared"]),
            {name: entry.info for name, entry in registry.metrics.items()},
        )
        self.leftovers = Leftovers(stage.make for stage in pipeline.stages)
        self.metrics = registry.metrics
        self.here = environment.describe(job["jobs"])
        self.fixed: dict[str, Any] = {
            "suite": job["suite"],
            "limits": Limits.model_validate(job["limits"]),
        }

    def run(
        self, spec: RunSpec, folder: str, channel: Channel, anew: Callable[[], None] | None
    ) -> RunRecord:
        """One run; whatever is raised becomes a record that tells the cause.

        ``anew`` replaces the process by a fresh one for the same run; None if that was done.
        """
        from omicsbench.prepare.prepared import Prepared
        from omicsbench.running.execute import execute
        from omicsbench.running.fitting import InvalidOutput

        prepared = Prepared(Path(folder))
        started = datetime.now(UTC).isoformat(timespec="seconds")
        put_back: list[str] = []
        try:
            if self._warm_up(spec, prepared, channel) and self.restarts and _compiled():
                if anew:
                    anew()
                self.restarts = False  # compiled once more: the disk keeps nothing
            put_back = self.leftovers.put_back()
            channel.reply("running")
            record = execute(self.place, self.out, spec, prepared)
        except InvalidOutput as error:
            record = self.failed(spec, Status.INVALID_OUTPUT, text(error))
        except MemoryError as error:
            record = self.failed(spec, Status.OUT_OF_MEMORY, f"MemoryError: {text(error)}")
        except StoreError:
            raise  # the results folder cannot be written: whether that is so, the driver sees
        except BaseException as error:  # SystemExit too: a method does not end the worker
            status = Status.ERROR
            if type(error).__name__ == "OutOfMemoryError":  # torch on a GPU
                status = Status.OUT_OF_MEMORY
            record = self.failed(spec, status, _cause(error))
        channel.end_if_forked()
        if put_back and record.status is Status.OK:
            note = f"put back, as an earlier run had changed it: {', '.join(put_back[:5])}"
            record = record.model_copy(update={"notes": (*record.notes, text(note))})
        phases = record.phases.model_copy(
            update={"import_s": self.import_s, "warm_up_s": self.warm_up_s}
        )
        return record.model_copy(
            update={
                "phases": phases,
                "started_at": started,
                "dataset_info": prepared.facts,
                **self.fixed,
                "environment": self.environment(spec.metrics),
            }
        )

    def environment(self, metrics: Iterable[str] = ()) -> Environment:
        """Where runs are done, with the libraries that methods and metrics have loaded by now."""
        from omicsbench.records.environment import packages
        from omicsbench.registry.libraries import modules_of

        used = [modules_of(stage.make, stage.info.needs) for stage in self.place.pipeline.stages]
        used += [modules_of(self.metrics[name].make) for name in metrics]
        return self.here.model_copy(update={"packages": packages(set().union(*used))})

    def _warm_up(self, spec: RunSpec, prepared: Any, channel: Channel) -> bool:
        """Before the first run of each kind of input, and where a method switches its path.

        Whether anything was to be warmed.
        """
        from omicsbench.running.execute import warm_up

        stages = self.place.pipeline.stages
        least = max([WARM_UP_ROWS, *(2 * (stage.n_components or 0) for stage in stages)])
        switches = {s for stage in stages for s in stage.info.switches if s <= spec.size}
        known = len(self.warm)
        for rows in sorted({least, *switches}):
            kind = (prepared.contents.sparse, rows)
            if kind in self.warm:
                continue
            channel.reply("warming")
            start = time.perf_counter()
            with contextlib.suppress(BaseException):  # what ails the method, its run will tell
                warm_up(self.place, self.out, spec, prepared, rows)
            channel.end_if_forked()
            self.warm_up_s += time.perf_counter() - start
            self.warm.add(kind)
        return len(self.warm) > known

    def failed(self, spec: RunSpec, status: Status, reason: str) -> RunRecord:
        """The record of a run that did not come to its end."""
        ending = Ending(status, reason)
        return RunRecord.unfinished(spec, self.place.pipeline, ending, **self.fixed)


def _cause(error: BaseException) -> str:
    """Type, message and the innermost line: enough to find it."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    where = "".join(f" ({Path(frame.filename).name}:{frame.lineno})" for frame in frames)
    said = " ".join(text(error, 500).split()) or "no message"
    return text(f"{type(error).__name__}: {said}{where}")


def _compiled() -> bool:
    """Whether numba compiled anything here that it keeps on disk."""
    if "numba" not in sys.modules:
        return False
    from numba.core.dispatcher import Dispatcher

    # By type: `isinstance` asks an object for its class, and a lazy module would load.
    functions = [o for o in gc.get_objects() if issubclass(type(o), Dispatcher)]
    return any(f.stats.cache_path and f.stats.cache_misses for f in functions)


if __name__ == "__main__":
    main(sys.argv[1:])
