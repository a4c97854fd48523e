"""Which runs belong to a suite as it was last run: plan.json, beside the records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from omicsbench.errors import StoreError
from omicsbench.records import disk, reading, store
from omicsbench.records.analysis import Analysis, stored_analysis
from omicsbench.records.spec import Cause, RunRecord

PLAN_FILE = "plan.json"


class Plan(BaseModel):
    """What is kept of a suite as it was last run; without a plan file, nothing."""

    model_config = ConfigDict(frozen=True)

    suite: dict[str, Any] = {}
    command: str = ""
    runs: tuple[str, ...] | None = None
    methods: dict[str, tuple[str, str]] = {}
    part: str = ""


def write_plan(
    folder: Path,
    suite: str,
    keys: Sequence[str],
    command: str,
    methods: Mapping[str, tuple[str, str]] | None = None,
    part: str = "",
) -> None:
    """Keep, beside the records, which runs belong to the suite (JSON text) as it was last run.

    ``methods`` are one line and the declared source of each method, by name: a report made where
    they are not at hand cites them all the same. ``part`` is which of a suite's shards it is.
    """
    content: dict[str, Any] = {"suite": json.loads(suite), "command": command, "runs": list(keys)}
    if methods:
        content["methods"] = {name: list(of) for name, of in sorted(methods.items())}
    if part:
        content["part"] = part
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    # The name of a file may be no text, and the command holds those that the user named.
    disk.put(folder / PLAN_FILE, text.encode(errors="replace"))


def read_plan(folder: Path) -> Plan:
    """What ``write_plan`` kept. Raises StoreError for a file that holds no plan."""
    path = folder / PLAN_FILE
    if not reading.is_file(path):
        return Plan()
    return reading.typed(Plan, path, _damaged)


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(
        f"{path} is damaged ({problem}); run the suite again, which keeps what is done, or delete "
        "it."
    )


def read_analysis(folder: Path) -> Analysis:
    """How the suite that was last run is judged. Raises StoreError if its entry makes no sense."""
    return analysis_of(read_plan(folder), str(folder / PLAN_FILE))


def analysis_of(plan: Plan, where: str) -> Analysis:
    """How the suite of a plan is judged; ``where`` it lies is what errors say."""
    try:
        return stored_analysis(plan.suite)
    except ValidationError as error:
        raise StoreError(
            f"{where}: {reading.first_problem(error)}; mend it, or run the suite again."
        ) from error


def planned_records(folder: Path) -> tuple[list[RunRecord], int, int]:
    """Records of the runs last planned (all, without a plan).

    Also how many of these were not run yet, without a record or set aside, and how many records
    the plan leaves out. Raises StoreError as ``store.read_records``, and for a plan of which
    nothing has been run.
    """
    plan = read_plan(folder)
    keys = plan.runs
    if keys and not store.holds_records(folder):
        raise StoreError(
            f"{folder} has a plan of {len(keys):,} runs and none of them yet; "
            f"`{plan.command or 'omicsbench run'}` makes them."
        )
    records = store.read_records(folder)
    wanted = {record.key for record in records} if keys is None else set(keys)
    kept = [record for record in records if record.key in wanted]
    aside = sum(record.cause is Cause.SET_ASIDE for record in kept)
    return kept, len(wanted) - len(kept) + aside, len(records) - len(kept)
