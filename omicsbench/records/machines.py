"""Machines: scores are alike on all of them, times hold within one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import equal_terms

TimedOn = tuple[str, int, str | None]  # processor, cores, and the GPU of what ran on it


def machine_of(record: RunRecord) -> TimedOn:
    """Where a run was timed."""
    here = record.environment
    return here.cpu, here.cores, None if record.spec.device == "cpu" else here.gpu


def on_other_machines(records: Iterable[RunRecord]) -> set[str]:
    """Keys of the runs whose times are not compared.

    Under equal terms times are compared within one machine: the one that finished most runs. So
    those of two machines are never averaged, nor one method's set against another's elsewhere.
    """
    groups: dict[tuple[Any, ...], list[RunRecord]] = defaultdict(list)
    for r in records:
        groups[equal_terms(r)].append(r)
    return {key for group in groups.values() for key in _not_on_the_chosen(group)}


def _not_on_the_chosen(group: list[RunRecord]) -> list[str]:
    done = Counter(machine_of(r) for r in group if r.status is Status.OK)
    if len(done) < 2:
        return []
    chosen = min(done, key=lambda machine: (-done[machine], str(machine)))
    return [r.key for r in group if machine_of(r) != chosen]
