"""Join result sets: the shards of one suite, or suites that several people ran.

Each set contributes the runs of its plan. What cannot be one set is refused: the same run with
other scores, other protocols, other versions of a data set or a pipeline (a report shows one of
them and would drop the other), other rules of judgement.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsbench.errors import StoreError
from omicsbench.records import disk, reading, store
from omicsbench.records.claim import claimed
from omicsbench.records.frozen import FROZEN_FILE, read_frozen
from omicsbench.records.machines import TimedOn, machine_of
from omicsbench.records.packing import arrays_of, write_packed
from omicsbench.records.planned import (
    Plan,
    analysis_of,
    planned_records,
    read_plan,
    write_plan,
)
from omicsbench.records.spec import RunRecord, Status

SAME = 1e-6  # share by which scores of the same run may differ: that of their last digits


@dataclass(frozen=True)
class Merged:
    """What was joined: runs, those that several sets held, those without a record, machines.

    ``absent`` are the shards that are not among the sets, such as ``2of16``.
    """

    runs: int
    in_several: int
    missing: int
    absent: tuple[str, ...]
    machines: tuple[TimedOn, ...]


@dataclass(frozen=True)
class NamedSet:
    """The planned runs of one set; ``name``, its folder or address, is what errors call it."""

    name: str
    plan: Plan
    records: Mapping[str, RunRecord]


def merge(folders: Sequence[Path], out: Path) -> Merged:
    """Join result sets into a new one, packed; the sets are left as they are.

    Raises StoreError, in one sentence, where they contradict each other, where one cannot be read,
    or where ``out`` holds records already; then nothing is written.
    """
    sets = [_read(folder) for folder in folders]
    if not any(one.records for one in sets):
        raise store.no_records(folders[0])
    called = " ".join(["omicsbench merge", *map(str, folders), "-o", str(out)])
    plan = joined_plan(sets, called)
    frozen = _frozen_of(folders)
    records = _joined(sets)
    arrays = _arrays(folders, records)
    if store.holds_records(out):
        raise StoreError(f"{out} holds records already; name a new folder for what is merged.")
    store.open_folder(out)
    with claimed(out, "omicsbench merge"):
        contents = {key: json.loads(r.model_dump_json()) for key, r in records.items()}
        write_packed(out, contents, arrays)
        if frozen:
            disk.put(out / FROZEN_FILE, frozen)
        write_plan(out, json.dumps(plan.suite), plan.runs or (), plan.command, plan.methods)
    return Merged(
        len(records),
        sum(len(one.records) for one in sets) - len(records),
        len(set(plan.runs or ()) - records.keys()),
        _absent(sets),
        tuple(sorted({machine_of(r) for r in records.values() if r.status is Status.OK}, key=str)),
    )


def _read(folder: Path) -> NamedSet:
    plan = read_plan(folder)
    if plan.runs == () and not store.holds_records(folder):  # a shard with nothing to do
        return NamedSet(str(folder), plan, {})
    return NamedSet(str(folder), plan, {r.key: r for r in planned_records(folder)[0]})


def _absent(sets: Sequence[NamedSet]) -> tuple[str, ...]:
    """The shards that are missing beside those that are there; a set may be no shard at all."""
    there: dict[int, set[int]] = defaultdict(set)
    for part in filter(None, (one.plan.part for one in sets)):
        number, _, of = part.partition("of")
        there[int(of)].add(int(number))
    every = ((number, of) for of in sorted(there) for number in range(1, of + 1))
    return tuple(f"{number}of{of}" for number, of in every if number not in there[of])


def _same_protocol(sets: Sequence[NamedSet]) -> None:
    known: dict[int, str] = {}
    for one in sets:
        for protocol in {r.spec.protocol for r in one.records.values()}:
            known.setdefault(protocol, one.name)
    if len(known) > 1:
        (old, where), *_, (new, other) = sorted(known.items())
        raise StoreError(
            f"{where} has runs of protocol {old} and {other} of protocol {new}, whose scores do "
            f"not compare; run {where} again with this omicsbench."
        )


def _same_versions(sets: Sequence[NamedSet]) -> None:
    """Raises StoreError where a name means one thing in a set, and another in the next."""
    known: dict[tuple[str, str], tuple[str, str]] = {}
    for one in sets:
        for r in sorted(one.records.values(), key=lambda r: r.started_at):
            s = r.spec
            for what, name, version in (
                ("data set", s.dataset, s.dataset_id),
                ("pipeline", s.pipeline, s.pipeline_id),
            ):
                before, where = known.setdefault((what, name), (version, one.name))
                if version != before and where != one.name:
                    raise StoreError(
                        f"{where} and {one.name} hold other versions of the {what} {name}, and "
                        "a report shows one of them only; run one of the sets again, or leave it "
                        "out."
                    )


def joined_plan(sets: Sequence[NamedSet], called: str) -> Plan:
    """What is common to the suites; the runs of all plans, and the commands that made them.

    ``called`` is the command that joins them. Raises StoreError where they cannot be one set.
    """
    _same_protocol(sets)
    _same_versions(sets)
    rules = [analysis_of(one.plan, one.name) for one in sets]
    analyses = {of.model_dump_json(): one.name for of, one in zip(rules, sets, strict=True)}
    if len(analyses) > 1:
        one, other, *_ = analyses.values()
        raise StoreError(
            f"{one} and {other} are judged by other rules (the table [analysis] of their suites); "
            "merge sets of the same rules only."
        )
    suites = [one.plan.suite for one in sets]
    suite = {k: v for k, v in suites[0].items() if all(s.get(k) == v for s in suites)}
    if any("analysis" in s for s in suites) and "analysis" not in suite:
        # Older suites name its entries beside that table, which then is not common to all.
        suite["analysis"] = rules[0].model_dump(mode="json")
    commands = dict.fromkeys([*(one.plan.command for one in sets if one.plan.command), called])
    keys = dict.fromkeys(key for one in sets for key in (one.plan.runs or one.records))
    methods = {name: of for one in sets for name, of in one.plan.methods.items()}
    command = " && ".join(commands)
    return Plan(suite=suite, command=command, runs=tuple(keys), methods=methods)


def _frozen_of(folders: Sequence[Path]) -> bytes | None:
    """The frozen protocol of those that have one. Raises StoreError where there are two."""
    found = {}
    for folder in folders:
        if frozen := read_frozen(folder):
            found[frozen.hash] = folder
    if len(found) > 1:
        one_of, other, *_ = found.values()
        raise StoreError(
            f"{one_of} and {other} were frozen by different protocols; merge sets of the same "
            "protocol only."
        )
    return reading.read(next(iter(found.values())) / FROZEN_FILE) if found else None


def _joined(sets: Sequence[NamedSet]) -> dict[str, RunRecord]:
    """Each run once: a finished one before others, one that was tried before one that was not."""
    held: dict[str, list[tuple[str, RunRecord]]] = defaultdict(list)
    for one in sets:
        for key, record in one.records.items():
            held[key].append((one.name, record))
    return {key: one_of(of) for key, of in held.items()}


def one_of(held: Sequence[tuple[str, RunRecord]]) -> RunRecord:
    """The one to keep of several records of a run, each with the name of its set.

    Raises StoreError where two that are finished have other scores.
    """
    done = [(where, r) for where, r in held if r.status is Status.OK]
    for where, r in done[1:]:
        if told := _unequal(done[0][1], r):
            s = r.spec
            raise StoreError(
                f"{done[0][0]} and {where} hold the same run with other scores ({s.label} on "
                f"{s.dataset}, n = {s.size:,}, repeat {s.repeat}: {told}); leave one of them out."
            )
    first = min(done or held, key=lambda own: (own[1].limits is None, own[1].started_at))
    return first[1]


def _unequal(one: RunRecord, other: RunRecord) -> str:
    """In what the scores of two records of a run differ, such as ``knn_recall 0.4 and 0.5``."""
    for part in ("scores", "validation", "in_sample"):
        here, there = getattr(one, part), getattr(other, part)
        for name in sorted(here.keys() | there.keys()):
            a, b = here.get(name), there.get(name)
            if a is None or b is None or not math.isclose(a, b, rel_tol=SAME, abs_tol=SAME):
                return f"{name} {_shown(a)} and {_shown(b)}"
    return ""


def _shown(score: Any) -> str:
    return "missing" if score is None else f"{score:.6g}"


def _arrays(folders: Sequence[Path], records: Mapping[str, RunRecord]) -> dict[str, bytes]:
    """The pictures of the runs, by name of their file: each begins with the key of its run."""
    found: dict[str, bytes] = {}
    for folder in folders:
        for name, content in arrays_of(folder).items():
            if name.partition(".")[0] in records:
                found.setdefault(name, content)
    return found
