"""What a result set must pass before it is put beside others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from omicsbench.contract.checks import check_path
from omicsbench.errors import OmicsbenchError
from omicsbench.metrics.base import ROUNDING
from omicsbench.metrics.known import known
from omicsbench.records.planned import Plan
from omicsbench.records.spec import PROTOCOL_VERSION, RunRecord, Status
from omicsbench.records.submission import SetCheck
from omicsbench.registry.discover import Registry
from omicsbench.registry.pipeline import resolve

NAMED = 3  # things of one kind that a sentence names


@dataclass(frozen=True)
class ResultSet:
    """What is checked: the planned runs, those that were not run, and the author's own files."""

    plan: Plan
    records: Sequence[RunRecord]
    missing: int
    registry: Registry
    plugins: Sequence[Path]


def check_set(given: ResultSet) -> tuple[SetCheck, ...]:
    """Every rule and what is wrong by it."""
    return tuple(SetCheck(rule=rule, problem=problem(given)) for rule, problem in RULES.items())


def _complete(given: ResultSet) -> str:
    if given.plan.runs is None:
        return "there is no plan.json, so nobody can tell what was left out"
    if not given.missing:
        return ""
    return f"{given.missing:,} planned run{'s were' if given.missing > 1 else ' was'} not run"


def _protocol(given: ResultSet) -> str:
    others = {r.spec.protocol for r in given.records} - {PROTOCOL_VERSION}
    return f"runs of protocol {_some(others)}, not {PROTOCOL_VERSION}" if others else ""


def _environment(given: ResultSet) -> str:
    done = [r for r in given.records if r.status is Status.OK]
    unknown = sum(not r.environment.known or not r.environment.cpu for r in done)
    if unknown:
        return f"{unknown:,} runs do not say where they ran"
    changed = {r.environment.git for r in done if r.environment.uncommitted}
    return f"made by code that no commit holds ({_some(changed)})" if changed else ""


def _scores(given: ResultSet) -> str:
    metrics = known(given.records)
    wrong = set()
    for r in given.records:
        for name, score in (r.scores | r.validation).items():
            if not _within(score, metrics[name].range if name in metrics else (None, None)):
                wrong.add(f"{name} {score:.4g}")
    return f"scores that the metric cannot have: {_some(wrong)}" if wrong else ""


def _within(score: float, ends: tuple[float | None, float | None]) -> bool:
    low, high = ends
    off = ROUNDING * max(1.0, abs(score))
    least = -math.inf if low is None else low - off
    most = math.inf if high is None else high + off
    return math.isfinite(score) and least <= score <= most


def _failures(given: ResultSet) -> str:
    wordless = sum(r.status is not Status.OK and not r.reason for r in given.records)
    return f"{wordless:,} failed runs give no reason" if wordless else ""


def _contract(given: ResultSet) -> str:
    broken = []
    for folder in given.plugins:
        try:
            broken += [f"{c.subject}: {c.rule}" for c in check_path(folder) if c.problem]
        except OmicsbenchError as error:
            broken.append(str(error).rstrip("."))
    return f"broken by {_some(broken)}" if broken else ""


def _code(given: ResultSet) -> str:
    """Each contestant is what its name says in this version, with the author's files at hand."""
    claimed = {
        (r.spec.pipeline, r.spec.task, r.spec.pipeline_id)
        for r in given.records
        # The id of an embedding made elsewhere holds its values, which are not here.
        if r.status is Status.OK and r.contamination is None
    }
    unlike = {name for name, task, id_ in claimed if _code_id(name, task, given.registry) != id_}
    if not unlike:
        return ""
    return (
        f"the code of {_some(unlike)} is not that of this omicsbench, nor among the files given "
        "by --plugins"
    )


def _code_id(pipeline: str, task: str, registry: Registry) -> str:
    """What the name stands for here; empty where it is unknown."""
    try:
        return resolve(pipeline, registry, task=task).code_id
    except OmicsbenchError:
        return ""


def _some(names: set[int] | set[str] | set[str | None] | list[str]) -> str:
    listed = sorted(map(str, names))
    more = f" and {len(listed) - NAMED} more" if len(listed) > NAMED else ""
    return ", ".join(listed[:NAMED]) + more


RULES: dict[str, Callable[[ResultSet], str]] = {
    "every planned run has a record": _complete,
    "all runs are of this protocol": _protocol,
    "every run says where it ran, by committed code": _environment,
    "every score is one that its metric can have": _scores,
    "every failure has a reason": _failures,
    "own methods, data sets and metrics keep the contract": _contract,
    "every contestant is the code that its name says": _code,
}
