"""One run, whole: what its method did and what that is worth, put into a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsbench.prepare.parts import Handed, PartName, part_of
from omicsbench.prepare.prepared import Prepared
from omicsbench.records.spec import Role, RunRecord, RunSpec, Status
from omicsbench.registry.pipeline import Pipeline
from omicsbench.running.attempt import Account, attempt
from omicsbench.running.fitting import Workplace
from omicsbench.running.handover import Outputs
from omicsbench.running.rooms import measured_rooms
from omicsbench.running.scoring import Bench, judge, judge_trial


def record_of(spec: RunSpec, of: Role, account: Account, judged: Mapping[str, Any]) -> RunRecord:
    """The record of a run that came to its end."""
    told = {name: getattr(account, name) for name in Account.model_fields if name != "phases"}
    judged = dict(judged)
    phases = account.phases.model_copy(
        update={"score_s": account.phases.score_s + judged.pop("score_s")}
    )
    notes = (*judged.pop("notes"), *told.pop("notes"))
    return RunRecord(
        key=spec.key,
        spec=spec,
        family=of.family,
        is_control=of.is_control,
        contamination=of.contamination,
        status=Status.OK,
        phases=phases,
        notes=notes,
        **{name: value for name, value in told.items() if value is not None},
        **judged,
    )


@dataclass(frozen=True)
class _Here:
    """Data and scores for an attempt in this very process."""

    bench: Bench
    pipeline: Pipeline
    prepared: Prepared

    def hand(self, *parts: PartName) -> Handed:
        sees = [part for part in parts if part_of(part) in self.pipeline.sees]
        return self.prepared.hand(parts, sees)

    def score(self, given: Outputs, spec: RunSpec) -> float:
        return judge_trial(self.bench, spec, self.prepared, given)


def execute(place: Workplace, out: Path, spec: RunSpec, prepared: Prepared) -> RunRecord:
    """One run in this process. Raises InvalidOutput, or whatever the method raises.

    In a suite the method and the scores have processes of their own.
    """
    bench = Bench(out, place.scratch, place.metrics)
    given, account = attempt(place, spec, _Here(bench, place.pipeline, prepared))
    judged = judge(bench, spec, prepared, given)
    judged["rooms"] = measured_rooms(bench, spec, prepared)
    return record_of(spec, place.pipeline, account, judged)
