"""What a report says of a protocol that was frozen before the runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from omicsbench.records.frozen import deviations, read_frozen
from omicsbench.records.planned import read_plan
from omicsbench.records.spec import RunRecord
from omicsbench.verdict.rules import rules

NAMED = 8  # deviations told one by one


def frozen_note(folder: Path, records: Sequence[RunRecord]) -> list[str]:
    """When it was frozen, then in what the results deviate; empty where none was frozen."""
    frozen = read_frozen(folder)
    if frozen is None:
        return []
    found = deviations(frozen, read_plan(folder), records, rules())
    when = frozen.at[:16].replace("T", " ")
    head = f"Suite and rules were frozen on {when} UTC (protocol {frozen.hash})"
    if not found:
        return [f"{head}, before the first run; nothing deviates from it."]
    more = [f"and {len(found) - NAMED} more"] if len(found) > NAMED else []
    return [f"{head}. Deviations: {'; '.join([*found[:NAMED], *more])}."]
