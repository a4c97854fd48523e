"""Runs that were done in BASE and have no new, valid counterpart in HEAD. None of them passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from omicsbench.metrics.known import known
from omicsbench.records.spec import RunRecord, Status

MISSING, NOT_MEASURED, REPEATED = "missing", "not measured", "repeated result"
FEWEST = 3  # scores that must all be equal before a result counts as that of another run


@dataclass(frozen=True)
class LostRun:
    """One such run. ``status`` is that of HEAD's record, or one of the three words above."""

    key: str
    dataset: str
    pipeline: str
    size: int
    repeat: int
    status: str
    reason: str


def losses(base: Mapping[str, RunRecord], head: Mapping[str, RunRecord]) -> list[LostRun]:
    """What HEAD lost; both are given by what was asked of a run.

    A run is lost if its record is missing, if it failed or was set aside, if a score is no longer
    there, if its record is BASE's own (nothing was measured anew), or if its scores are to the last
    digit those of another run of the pipeline, which in BASE they are not.
    """
    repeated = dict(_repeated(base, head))
    found = []
    for key, old in base.items():
        if old.status is not Status.OK:
            continue
        new = head.get(key)
        problem = _problem(old, new) or (repeated.get(key) and (REPEATED, repeated[key]))
        if problem:
            s = old.spec
            found.append(LostRun(key, s.dataset, s.label, s.size, s.repeat, *problem))
    return sorted(found, key=lambda x: (x.dataset, x.pipeline, x.size, x.repeat))


def _problem(old: RunRecord, new: RunRecord | None) -> tuple[str, str] | None:
    if new is None:
        return MISSING, "HEAD has no record of it"
    if new.status is not Status.OK:
        return new.status.value, new.reason or "no reason given"
    if (old.started_at, old.phases, old.key) == (new.started_at, new.phases, new.key):
        return NOT_MEASURED, "HEAD holds BASE's own record; measure into a folder of its own"
    gone = sorted(old.scores.keys() - new.scores.keys() & set(new.spec.metrics))
    if gone:
        why = new.skipped_metrics.get(gone[0], "no reason given")
        metrics = known([old])
        titles = [metrics[name].title if name in metrics else name for name in gone]
        return "no score", f"{', '.join(titles)}: {why}"
    return None


def _repeated(
    base: Mapping[str, RunRecord], head: Mapping[str, RunRecord]
) -> Iterator[tuple[str, str]]:
    """Runs whose scores are all those of another run, and whose are not in BASE.

    At the largest size of a data set repeats may rightly give the same: they may have the same
    training rows, and a method need not draw anything.
    """
    alike: dict[tuple[object, ...], list[str]] = {}
    largest: dict[str, int] = {}
    for key, record in head.items():
        s = record.spec
        largest[s.dataset] = max(largest.get(s.dataset, 0), s.size)
        if key in base and len(record.scores) >= FEWEST:
            scores = tuple(sorted(record.scores.items()))
            alike.setdefault((s.dataset, s.label, s.device, scores), []).append(key)
    for keys in alike.values():
        for a, b in combinations(sorted(keys, key=lambda k: head[k].started_at), 2):
            one, other = head[a].spec, head[b].spec
            if one.size == other.size == largest[one.dataset]:
                continue
            if base[a].scores != base[b].scores:
                yield b, f"its scores are exactly those of n = {one.size}, repeat {one.repeat}"
