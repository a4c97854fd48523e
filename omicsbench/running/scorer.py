"""The process that scores what methods gave. It outlives the workers, and knows no method.

It is asked for one run at a time: the outputs lie in files, and so do the rows and labels that they
are held against. Started by ``omicsbench.running.scorers``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omicsbench.errors import StoreError
from omicsbench.processes.channel import Content
from omicsbench.processes.serving import Served
from omicsbench.processes.storable import text
from omicsbench.records.spec import RunSpec, Status


def main(arguments: Sequence[str]) -> None:
    """Score until the pipe closes."""
    served = Served(arguments)
    scorer = _Scorer(served.told)
    served.channel.reply("ready")
    for request in served.channel.requests():
        answer = scorer.answer(request)
        served.channel.reply(**answer)


class _Scorer:
    """State of a scorer: its metrics, and the prepared data it has opened."""

    def __init__(self, told: Content) -> None:
        from omicsbench.registry.discover import declared_in
        from omicsbench.running.scoring import Bench

        self.entries = declared_in([Path(file) for file in told["metric_files"]]).metrics
        metrics = {name: entry.info for name, entry in self.entries.items()}
        self.bench = Bench(Path(told["out"]), Path(told["scratch"]), metrics)
        self.bench.scratch.mkdir(parents=True, exist_ok=True)
        self.prepared: dict[str, Any] = {}
        self.warm: set[tuple[str, bool]] = set()

    def answer(self, request: Content) -> dict[str, Any]:
        """The event and content of the reply to a request; whatever is raised is told in words."""
        from omicsbench.running.apart import methods_code, new_run
        from omicsbench.running.outputs import InvalidOutput
        from omicsbench.running.tuning import TrialFailed

        new_run(0)  # metrics of one's own are code too
        try:
            with methods_code():
                return self._scored(request)
        except TrialFailed as error:
            return {"event": "trial_failed", "reason": text(error)}
        except InvalidOutput as error:
            return _failed(Status.INVALID_OUTPUT, text(error))
        except StoreError as error:
            return {"event": "cannot_store", "reason": text(error)}
        except MemoryError as error:
            return _failed(Status.OUT_OF_MEMORY, f"MemoryError: {text(error)}")
        except BaseException as error:
            return _failed(Status.ERROR, f"{type(error).__name__}: {text(error, 500)}")

    def _scored(self, request: Content) -> dict[str, Any]:
        from omicsbench.prepare.prepared import Prepared
        from omicsbench.records.environment import packages
        from omicsbench.registry.libraries import modules_of
        from omicsbench.running.handover import Outputs
        from omicsbench.running.rooms import measured_rooms
        from omicsbench.running.scoring import judge, judge_trial

        spec = RunSpec.model_validate(request["spec"])
        folder = request["prepared"]
        prepared = self.prepared.setdefault(folder, Prepared(Path(folder)))
        try:
            given = Outputs.read(Path(request["folder"]), request["outputs"])
        except (OSError, ValueError, EOFError) as error:
            return _failed(Status.INVALID_OUTPUT, f"its outputs cannot be read: {text(error)}")
        if request["trial"]:
            score = judge_trial(self.bench, spec, prepared, given)
            return {"event": "trial", "score": score}
        self._warm_up(spec, prepared, given)
        judged = judge(self.bench, spec, prepared, given)
        judged["rooms"] = measured_rooms(self.bench, spec, prepared)
        used = [modules_of(self.entries[name].make) for name in spec.metrics]
        return {"event": "judged", "judged": judged, "packages": packages(set().union(*used))}

    def _warm_up(self, spec: RunSpec, prepared: Any, given: Any) -> None:
        """Before the first run of a kind: what metrics load and compile is not timed in it."""
        from omicsbench.running.scoring import few, judge

        kind = (spec.task, prepared.contents.sparse)
        if kind not in self.warm:
            self.warm.add(kind)
            with contextlib.suppress(Exception):  # what ails a metric, the run itself will tell
                tiny, little = few(spec, given)
                judge(self.bench, tiny, prepared, little)


def _failed(status: Status, reason: str) -> dict[str, Any]:
    return {"event": "failed", "status": status, "reason": reason}


if __name__ == "__main__":
    main(sys.argv[1:])
