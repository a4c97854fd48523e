"""The child process of one pipeline: takes runs from a pipe, hands over what its method gave.

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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omicsbench.processes.channel import Channel, Content
from omicsbench.processes.serving import Served
from omicsbench.processes.storable import text
from omicsbench.records.facts import Environment
from omicsbench.records.spec import RunSpec, Status
from omicsbench.running.leftovers import Leftovers

if TYPE_CHECKING:
    from omicsbench.prepare.parts import Handed, PartName
    from omicsbench.running.handover import Outputs

WARM_UP_ROWS = 64


def main(arguments: Sequence[str]) -> None:
    """Serve runs until the pipe closes; first the one for which the process was started anew."""
    served = Served(arguments)
    channel, unserved = served.channel, served.unserved()
    server = _Server(served.told)
    channel.reply("ready", environment=server.environment().model_dump(mode="json"))
    requests = channel.requests()
    for request in chain(filter(None, [unserved]), requests):
        anew = None if request is unserved else partial(served.start_anew, request)
        driver = _Driver(channel, requests, request, served.folder / "outputs")
        answer = server.run(RunSpec.model_validate(request["spec"]), driver, anew)
        try:
            channel.reply(**answer)
        except (ValueError, TypeError) as error:
            said = f"what it tells of itself cannot be stored: {text(error)}"
            channel.reply(**server.failed(Status.ERROR, said))


@dataclass
class _Driver:
    """The other side, asked for what a run may not look up itself."""

    channel: Channel
    requests: Iterator[Content]
    request: Content
    folder: Path  # of the outputs

    def hand(self, *parts: PartName) -> Handed:
        from omicsbench.prepare.parts import Handed

        if parts == ("train",):
            return Handed.of_json(self.request["handed"])
        self.channel.reply("hand", parts=parts)
        return Handed.of_json(next(self.requests)["handed"])

    def score(self, given: Outputs, spec: RunSpec) -> float:
        from omicsbench.running.tuning import TrialFailed

        self.channel.reply("trial", outputs=given.write(self.folder))
        answer = next(self.requests)
        if answer["event"] == "trial_failed":
            raise TrialFailed(answer["reason"])
        return float(answer["score"])


class _Server:
    """State of a worker: its pipeline, what is warm, and the time that took."""

    def __init__(self, job: dict[str, Any]) -> None:
        start = time.perf_counter()
        from omicsbench.records import environment
        from omicsbench.registry.discover import declared_in
        from omicsbench.registry.pipeline import resolve
        from omicsbench.running.apart import methods_import
        from omicsbench.running.fitting import Workplace

        # Another method's file may do anything when it is imported; so only the own ones are.
        with methods_import():
            registry = declared_in([Path(file) for file in job["files"]])
            pipeline = resolve(
                job["pipeline"], registry, families=job["families"], task=job["task"]
            )
            for stage in pipeline.stages:
                for module in stage.info.needs:
                    importlib.import_module(module)
        self.import_s = time.perf_counter() - start
        self.warm_up_s = 0.0
        self.warm: set[tuple[bool, int]] = set()
        self.restarts = True
        self.place = Workplace(
            pipeline,
            Path(job["scratch"]),
            frozenset(job["shared"]),
            {name: entry.info for name, entry in registry.metrics.items()},
        )
        self.leftovers = Leftovers(stage.make for stage in pipeline.stages)
        self.here = environment.describe(job["jobs"])

    def run(
        self, spec: RunSpec, driver: _Driver, anew: Callable[[], None] | None
    ) -> dict[str, Any]:
        """Event and content of the answer; whatever is raised becomes one that tells the cause.

        ``anew`` replaces the process by a fresh one for the same run; None if that was done.
        """
        from omicsbench.running.attempt import attempt
        from omicsbench.running.outputs import InvalidOutput

        put_back: list[str] = []
        try:
            if self._warm_up(spec, driver) and self.restarts and _compiled():
                if anew:
                    anew()
                self.restarts = False  # compiled once more: the disk keeps nothing
            put_back = self.leftovers.put_back()
            driver.channel.reply("running")
            given, account = attempt(self.place, spec, driver)
        except InvalidOutput as error:
            return self.failed(Status.INVALID_OUTPUT, text(error))
        except MemoryError as error:
            return self.failed(Status.OUT_OF_MEMORY, f"MemoryError: {text(error)}")
        except BaseException as error:  # SystemExit too: a method does not end the worker
            driver.channel.end_if_forked()
            status = Status.ERROR
            if type(error).__name__ == "OutOfMemoryError":  # torch on a GPU
                status = Status.OUT_OF_MEMORY
            return self.failed(status, _cause(error))
        notes = account.notes
        if put_back:
            note = f"put back, as an earlier run had changed it: {', '.join(put_back[:5])}"
            notes = (*notes, text(note))
        phases = account.phases.model_copy(update=self._spent())
        account = account.model_copy(update={"phases": phases, "notes": notes})
        try:
            outputs = given.write(driver.folder)
        except OSError as error:  # a full disk is not the method's doing
            said = f"its outputs cannot be stored: {text(error)}"
            return self.failed(Status.ERROR, said, lost=True)
        return {
            "event": "done",
            "outputs": outputs,
            "account": account.model_dump(mode="json"),
            "environment": self.environment().model_dump(mode="json"),
        }

    def failed(self, status: Status, reason: str, lost: bool = False) -> dict[str, Any]:
        """The answer for a run that did not come to its end; ``lost`` if by no fault of its own."""
        return {
            "event": "failed",
            "status": status,
            "reason": reason,
            "lost": lost,
            "phases": self._spent(),
            "environment": self.environment().model_dump(mode="json"),
        }

    def _spent(self) -> dict[str, float]:
        return {"import_s": self.import_s, "warm_up_s": self.warm_up_s}

    def environment(self) -> Environment:
        """Where runs are done, with the libraries that methods have loaded by now."""
        from omicsbench.records.environment import packages
        from omicsbench.registry.libraries import modules_of

        used = [modules_of(stage.make, stage.info.needs) for stage in self.place.pipeline.stages]
        return self.here.model_copy(update={"packages": packages(set().union(*used))})

    def _warm_up(self, spec: RunSpec, driver: _Driver) -> bool:
        """Before the first run of each kind of input, and where a method switches its path.

        Whether anything was to be warmed.
        """
        from omicsbench.running.attempt import warm_up

        handed = driver.hand("train")
        stages = self.place.pipeline.stages
        least = max([WARM_UP_ROWS, *(2 * (stage.n_components or 0) for stage in stages)])
        switches = {s for stage in stages for s in stage.info.switches if s <= spec.size}
        known = len(self.warm)
        for rows in sorted({least, *switches}):
            kind = (handed.contents.sparse, rows)
            if kind in self.warm:
                continue
            driver.channel.reply("warming")
            start = time.perf_counter()
            with contextlib.suppress(BaseException):  # what ails the method, its run will tell
                warm_up(self.place, spec, handed, rows)
            driver.channel.end_if_forked()
            self.warm_up_s += time.perf_counter() - start
            self.warm.add(kind)
        return len(self.warm) > known


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
