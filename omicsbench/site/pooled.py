"""Result sets that are shown together, and what of each is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsbench.errors import StoreError
from omicsbench.records import store
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.planned import planned_records, read_plan
from omicsbench.records.spec import RunRecord
from omicsbench.records.submission import Submission, Trust, read_submission, trust

ORDER = (Trust.PROJECT, Trust.VERIFIED, Trust.UNVERIFIED, Trust.FAILED)


@dataclass(frozen=True)
class SiteSet:
    """One result set; ``problem`` is why it cannot be shown, empty where it can."""

    name: str
    trust: Trust
    records: Sequence[RunRecord]
    missing: int = 0
    suite: str = ""
    command: str = ""
    submission: Submission | None = None
    problem: str = ""

    @property
    def shown(self) -> bool:
        return self.trust is not Trust.FAILED

    @property
    def tasks(self) -> list[str]:
        return sorted({r.spec.task for r in self.records})

    @property
    def dates(self) -> str:
        days = sorted(r.started_at[:10] for r in self.records if r.started_at)
        return " to ".join(dict.fromkeys([*days[:1], *days[-1:]]))

    @property
    def machines(self) -> list[str]:
        found = {(r.environment.cpu, r.environment.cores) for r in self.records}
        return sorted(f"{cpu}, {cores} cores" for cpu, cores in found if cpu)


@dataclass(frozen=True)
class Pool:
    """The records of one task, each once; ``trust`` of a pipeline is that of its least sure run."""

    task: str
    records: Sequence[RunRecord]
    trust: Mapping[str, Trust]
    left_out: Sequence[str]


def found_sets(folder: Path) -> list[Path]:
    """The folder itself if it holds results, else the result sets in it, and in folders of it.

    Baselines that a machine compares itself with (noise.json) are left out. Raises StoreError if
    there is none.
    """
    if store.holds_records(folder):
        return [folder]
    packed = [*folder.glob(f"*/{PACKED_FILE}"), *folder.glob(f"*/*/{PACKED_FILE}")]
    inside = sorted({path.parent for path in packed})
    found = [one for one in inside if not (one / "noise.json").exists()]
    if not found:
        raise store.no_records(folder)
    return found


def read_sets(folders: Sequence[Path]) -> list[SiteSet]:
    """The result sets of all folders; of several, one without results is shown as failed.

    Raises StoreError for a folder that does not exist, or if none holds results.
    """
    sets: list[SiteSet] = []
    empty: list[StoreError] = []
    for folder in folders:
        try:
            sets += [read_set(one) for one in found_sets(folder)]
        except StoreError as error:
            if not folder.is_dir():
                raise
            sets.append(SiteSet(folder.name, Trust.FAILED, (), problem=str(error)))
            empty.append(error)
    if len(empty) == len(folders):
        raise empty[0]
    return sets


def read_set(folder: Path) -> SiteSet:
    """A result set; one that cannot be read, or whose checks fail, is shown as failed."""
    try:
        records, missing, _ = planned_records(folder)
        plan, found, state = read_plan(folder), read_submission(folder), trust(folder)
    except StoreError as error:
        return SiteSet(folder.name, Trust.FAILED, (), problem=str(error))
    problem = ""
    if state is Trust.FAILED and found:
        said = [f"{check.rule}: {check.problem}" for check in found.checks if check.problem]
        problem = "; ".join(said) or "its records are not those that were checked"
    suite = str(plan.suite.get("name", ""))
    return SiteSet(folder.name, state, records, missing, suite, plan.command, found, problem)


def least_sure(trusts: Iterable[Trust]) -> Trust:
    """The one that can be trusted least; of none the project's own."""
    return max(trusts, key=ORDER.index, default=Trust.PROJECT)


def pools(sets: Iterable[SiteSet]) -> list[Pool]:
    """The records of each task, those of sets that failed left out."""
    shown = sorted((one for one in sets if one.shown), key=lambda one: ORDER.index(one.trust))
    tasks = dict.fromkeys(task for one in shown for task in one.tasks)
    return [_pool(task, shown) for task in tasks]


def _pool(task: str, sets: Sequence[SiteSet]) -> Pool:
    """Of a name that means two things the version of the surest set counts, then the larger one."""
    held: dict[str, tuple[RunRecord, SiteSet]] = {}
    for one in sets:
        for r in one.records:
            if r.spec.task == task:
                held.setdefault(r.key, (r, one))
    every = list(held.values())
    data = _chosen((r.spec.dataset, r.spec.dataset_id, one) for r, one in every)
    code = _chosen((r.spec.pipeline, r.spec.pipeline_id, one) for r, one in every)
    kept, lost = [], Counter[str]()
    least: dict[str, Trust] = {}
    for r, one in every:
        if r.spec.dataset_id != data[r.spec.dataset]:
            lost[f"{one.name}: another version of the data set {r.spec.dataset}"] += 1
        elif r.spec.pipeline_id != code[r.spec.pipeline]:
            lost[f"{one.name}: another version of {r.spec.pipeline}"] += 1
        else:
            kept.append(r)
            known = least.get(r.spec.pipeline, Trust.PROJECT)
            least[r.spec.pipeline] = least_sure((known, one.trust))
    return Pool(task, kept, least, [f"{why} ({n:,} runs)" for why, n in sorted(lost.items())])


def _chosen(named: Iterable[tuple[str, str, SiteSet]]) -> dict[str, str]:
    """The version of each name: that of the surest set, of several that of most runs."""
    weights: dict[str, dict[str, list[Any]]] = {}
    for name, version, one in named:
        weight = weights.setdefault(name, {}).setdefault(version, [len(ORDER), 0])
        weight[0] = min(weight[0], ORDER.index(one.trust))
        weight[1] += 1
    return {
        name: min(of, key=lambda version: (of[version][0], -of[version][1], version))
        for name, of in weights.items()
    }
