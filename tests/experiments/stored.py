"""Stored runs, multiplied: as many records as a benchmark asks for."""

from __future__ import annotations

from omicsbench.records.spec import RunRecord


def copies(records: list[RunRecord], number: int) -> list[RunRecord]:
    """The stored runs as often as needed, each time of data sets of other names."""
    made: list[RunRecord] = []
    for copy in range(-(-number // len(records))):
        for record in records:
            spec = record.spec.model_copy(update={"dataset": f"{record.spec.dataset}_{copy}"})
            made.append(record.model_copy(update={"spec": spec, "key": spec.key}))
    return made[:number]
