"""Scorers, seen from the driver: one for each pipeline at a time, started when first needed.

A scorer outlives the workers whose outputs it scores. One that is lost, or that a metric keeps too
long, ends that one run's scoring; the next gets a fresh scorer.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsbench.errors import StoreError
from omicsbench.processes.channel import Content
from omicsbench.processes.child import START_LIMIT_S, Child, Lost, Terms
from omicsbench.records.spec import Cause, Ending, RunSpec, Status
from omicsbench.running.handover import Manifest
from omicsbench.running.job import Conditions

LEAST_S = 60.0  # for scoring a run, however short the time limit of its fit
TRIES = 2  # of scoring a run, where something from outside ended the scorer


class NotScored(Exception):
    """A run has no scores, and how it ended therefore."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.reason)
        self.ending = ending


@dataclass(frozen=True)
class Given:
    """What is to be scored: the outputs of a run, or of a trial, and on what."""

    spec: RunSpec
    prepared: Path
    folder: Path
    outputs: Manifest
    trial: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "spec": self.spec.model_dump(mode="json"),
            "prepared": str(self.prepared),
            "folder": str(self.folder),
            "outputs": self.outputs,
            "trial": self.trial,
        }


class Scorer:
    """One scorer process, and a fresh one after each that was lost."""

    def __init__(self, conditions: Conditions, stop: threading.Event | None) -> None:
        self._conditions = conditions
        self._stop = stop
        self._child: Child | None = None

    def score(self, given: Given) -> Content:
        """The scorer's answer: ``judged``, ``trial`` or ``trial_failed``.

        Raises NotScored if there is none, StoreError where a picture cannot be stored, and
        Stopped.
        """
        for left in reversed(range(TRIES)):
            try:
                answer = self._asked(given)
                break
            except Lost as lost:
                self.close()
                if left and lost.outside:
                    continue
                cause = Cause.SIGNAL if lost.outside else Cause.SCORING
                reason = f"{lost.reason} while it was scored{lost.last}"
                raise NotScored(Ending(lost.status, reason, cause)) from None
        if answer["event"] == "cannot_store":
            raise StoreError(answer["reason"])
        if answer["event"] == "failed":
            status, reason = Status(answer["status"]), answer["reason"]
            if status is Status.INVALID_OUTPUT:
                raise NotScored(Ending(status, reason))
            raise NotScored(Ending(status, f"{reason} while it was scored", Cause.SCORING))
        return answer

    def _asked(self, given: Given) -> Content:
        conditions = self._conditions
        if self._child is None:
            scratch = Path(conditions.scratch)
            terms = Terms(scratch, given.spec.threads, conditions.limits.memory_bytes)
            told = {
                "out": conditions.out,
                "scratch": str(scratch / "scoring"),
                "metric_files": conditions.metric_files,
            }
            self._child = Child("omicsbench.running.scorer", told, terms, self._stop)
            self._child.message(START_LIMIT_S)
        self._child.ask(given.as_json())
        return self._child.message(max(LEAST_S, conditions.limits.timeout_s))

    def close(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None


class Scorers:
    """As many scorers as are in use at a time."""

    def __init__(self, conditions: Conditions, stop: threading.Event | None = None) -> None:
        self._conditions, self._stop = conditions, stop
        self._idle: list[Scorer] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def lent(self) -> Iterator[Scorer]:
        """A scorer for as long as the block lasts."""
        with self._lock:
            scorer = self._idle.pop() if self._idle else Scorer(self._conditions, self._stop)
        try:
            yield scorer
        except BaseException:
            scorer.close()  # whatever it was doing, nobody waits for
            raise
        with self._lock:
            self._idle.append(scorer)

    def close(self) -> None:
        """End those that nobody uses."""
        for scorer in self._idle:
            scorer.close()
