"""Which runs belong to a suite as it was last run: plan.json, beside the records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.analysis import Analysis, stored_analysis
from omicsbench.records.spec import RunRecord

PLAN_FILE = "plan.json"


def write_plan(folder: Path, suite: str, keys: Sequence[str], command: str) -> None:
    """Keep, beside the records, which runs belong to the suite (JSON text) as it was last run."""
    content = {"suite": json.loads(suite), "command": command, "runs": list(keys)}
    store.write_text(folder / PLAN_FILE, json.dumps(content, indent=1) + "\n")


def read_plan(folder: Path) -> dict[str, Any]:
    """What ``write_plan`` kept; empty if the folder has none."""
    path = folder / PLAN_FILE
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise StoreError(f"{path} is damaged; delete it or run the suite again.") from error


def read_analysis(folder: Path) -> Analysis:
    """How the suite that was last run is judged. Raises StoreError if its entry makes no sense."""
    try:
        return stored_analysis(read_plan(folder).get("suite", {}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise StoreError(
            f"{folder / PLAN_FILE}: {where}: {first['msg']}; mend it, or run the suite again."
        ) from error


def planned_records(folder: Path) -> tuple[list[RunRecord], int, int]:
    """Records of the runs last planned (all, without a plan).

    Also how many of these have no record yet, and how many records the plan leaves out.
    """
    records = store.read_records(folder)
    keys = read_plan(folder).get("runs")
    if keys is None:
        return records, 0, 0
    wanted = set(keys)
    kept = [record for record in records if record.key in wanted]
    return kept, len(wanted) - len(kept), len(records) - len(kept)
