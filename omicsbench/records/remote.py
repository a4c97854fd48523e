"""Results under an address: put there as a folder lays them out, and fetched into a folder.

An object a record, named by its key, so that putting again changes nothing. Each part of a suite
has a plan of its own beside them (``plan-3of16.json``); what is fetched is the runs of all plans.
No finished run is ever replaced: docs/remote.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.records import disk, reading, store
from omicsbench.records.address import Address, AddressError
from omicsbench.records.claim import claimed
from omicsbench.records.decode import DELETE, decode, misplaced
from omicsbench.records.frozen import FROZEN_FILE
from omicsbench.records.merging import NamedSet, joined_plan, one_of
from omicsbench.records.packing import arrays_of
from omicsbench.records.planned import PLAN_FILE, Plan, read_plan, write_plan
from omicsbench.records.spec import Cause, RunRecord, Status

AT_ONCE = 16  # objects that are put at the same time
ABOUT = "about.txt"
PLANS = Path(PLAN_FILE).stem
# What is ours there; whatever else somebody has put beside it is left alone.
_RECORD = re.compile(r"runs/[0-9a-f]{16}\.json")
_PICTURE = re.compile(r"embeddings/[0-9a-f]{16}(\.train)?(\.labels)?\.npy")
_PLAN = re.compile(rf"{PLANS}(-[0-9]+of[0-9]+)?\.json")


@dataclass(frozen=True)
class Moved:
    """What lies at both ends now: runs, those that came just now, planned ones without a record.

    ``damaged`` are records of the folder that cannot be read, and so were not put.
    """

    runs: int
    new: int
    missing: int
    damaged: int = 0


def unread(folder: Path, damaged: int) -> str:
    """What is told of records of a folder that were not put, as they cannot be read."""
    return (
        f"{damaged:,} of the records in {folder} cannot be read and were not put; the command that "
        "made them does these runs again."
    )


def label(address: Address) -> None:
    """Say at the address what lies there. Raises AddressError where nothing can be put."""
    address.create(ABOUT, f"Results of omicsbench: omicsbench pull {address} FOLDER\n".encode())


def push(folder: str | PathLike[str], address: str) -> Moved:
    """Put the results of a folder under an address such as ``s3://bucket/prefix``.

    An object a record, the plan, and pictures of cells. Raises StoreError, in one sentence, where
    the address cannot be used, or a run lies there with other scores: that one stays as it is, and
    all others are put.
    """
    return _push(Path(folder), Address(address))


def pull(address: str, folder: str | PathLike[str]) -> Moved:
    """Fetch the results under an address, of all parts of a suite, into a folder.

    The folder may hold some of them already. Raises StoreError, in one sentence, where there are
    none, or they contradict each other or what the folder holds; then nothing is written.
    """
    return _pull(Address(address), Path(folder))


def _push(folder: Path, address: Address) -> Moved:
    planned = reading.is_file(folder / PLAN_FILE)
    if not planned and not store.holds_records(folder):
        raise store.no_records(folder)
    records, damaged = store.readable(folder)
    label(address)
    _put_frozen(folder, address)
    if planned:
        put_plan(folder, address)
    held = address.read(address.names("runs") & {_name(key) for key in records})
    refused: list[StoreError] = []

    def put(record: RunRecord) -> bool:
        try:
            return put_record(address, record, folder, held.get(_name(record.key)))
        except AddressError:
            raise
        except StoreError as error:
            refused.append(error)
            return False

    pictures = {f"embeddings/{name}": array for name, array in _pictures(folder).items()}
    lacking = pictures.keys() - address.names("embeddings")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        new = sum(pool.map(put, records.values()))
        list(pool.map(lambda name: address.create(name, pictures[name]), sorted(lacking)))
    if refused:
        more = f" {len(refused) - 1} other runs too." if refused[1:] else ""
        raise StoreError(f"{refused[0]}{more} All others are at {address}.")
    missing = set(read_plan(folder).runs or ()) - records.keys()
    return Moved(len(records), new, len(missing), damaged)


def put_run(address: Address, record: RunRecord, folder: Path) -> None:
    """Put the pictures of a run, then its record: what has a record is not run again elsewhere.

    Raises as ``put_record``.
    """
    for path in sorted((folder / "embeddings").glob(f"{record.key}*.npy")):
        address.create(f"embeddings/{path.name}", reading.read(path))
    put_record(address, record, folder)


def put_record(
    address: Address, record: RunRecord, folder: Path, there: bytes | None = None
) -> bool:
    """Put one record of a folder, if need be; whether it changed what is there.

    ``there`` is the one that was seen there, if any. Raises AddressError, and StoreError where the
    run is there with other scores.
    """
    name, content = _name(record.key), _content(record)
    where = f"{address}/{name}"

    def gives_way(there: bytes) -> bool:
        if there == content:
            return False
        held = decode(there, where)
        one_of([(where, held), (str(folder), record)])
        if held.cause is Cause.SET_ASIDE:  # a run that was tried, however it ended, says more
            return record.cause is not Cause.SET_ASIDE
        return record.status is Status.OK is not held.status

    if there is None:
        if address.create(name, content):
            return True
    elif not gives_way(there):
        return False
    # What was seen may be old: another machine may have finished the run since.
    if not gives_way(address.read([name])[name]):
        return False
    address.replace(name, content)
    return True


def put_plan(folder: Path, address: Address) -> None:
    """Put the plan of a folder; that of the same part of the same suite is replaced.

    Raises AddressError, and StoreError where the plans there are of another suite, or of another
    division of this one whose runs are not the same.
    """
    plan = read_plan(folder)
    name = f"{PLANS}-{plan.part}.json" if plan.part else PLAN_FILE
    there = _plans(address)
    for other, held in there.items():
        if held.suite.get("name") != plan.suite.get("name"):
            raise StoreError(
                f"{address}/{other} is the plan of the suite {held.suite.get('name')}, not of "
                f"{plan.suite.get('name')}; give each suite an address of its own."
            )
    others = {n: held for n, held in there.items() if _parts(held) != _parts(plan)}
    runs = set(plan.runs or ())
    known = {key for held in others.values() for key in held.runs or ()}
    rules = plan.suite.get("analysis")
    if others and runs <= known and all(h.suite.get("analysis") == rules for h in others.values()):
        return  # all of it is planned there
    for other, held in others.items():
        if not set(held.runs or ()) <= runs:
            raise StoreError(
                f"{address}/{other} divides the suite otherwise and plans other runs; delete the "
                "plans there, which keeps the records, or name another address."
            )
    address.replace(name, reading.read(folder / PLAN_FILE))
    for other in others:
        address.remove(other)


def _parts(plan: Plan) -> str:
    """In how many parts the suite of a plan is divided; empty if it is whole."""
    return plan.part.rpartition("of")[2]


def _pull(address: Address, folder: Path) -> Moved:
    found = _records(address)
    plans = _plans(address)
    if not found and not plans:
        raise AddressError(f"{address} holds no run records; name an address that was put to.")
    own = store.stored(folder) if folder.is_dir() else {}
    plan = _joined(address, folder, found | own, plans)
    new = _write(address, folder, found, own)
    if plan:
        runs = plan.runs or ()
        with claimed(folder, "omicsbench pull"):
            write_plan(folder, json.dumps(plan.suite), runs, plan.command, plan.methods, plan.part)
    missing = set(plan.runs or () if plan else ()) - found.keys() - own.keys()
    return Moved(len(found), new, len(missing))


def fetch_records(address: Address, folder: Path) -> tuple[int, list[str]]:
    """Fetch what an address holds, but for its plans, into a folder that is to be filled.

    Returns how many records came, and of each run that the folder holds with other scores, and
    keeps, what is wrong. Raises StoreError for what cannot be read.
    """
    found = _records(address)
    own = store.stored(folder) if folder.is_dir() else {}
    contradictions: dict[str, str] = {}
    for key in found.keys() & own.keys():
        try:
            _replaces(own[key], found[key], folder, address)
        except StoreError as error:
            contradictions[key] = str(error)
    taken = {key: record for key, record in found.items() if key not in contradictions}
    return _write(address, folder, taken, own), [*contradictions.values()]


def _replaces(held: RunRecord, other: RunRecord, folder: Path, address: Address) -> bool:
    """Whether a record at an address takes the place of the folder's one; no finished one's.

    Raises StoreError where the two are finished, with other scores.
    """
    one_of([(str(folder), held), (str(address), other)])
    return held.status is not Status.OK and _rank(other) > _rank(held)


def _rank(record: RunRecord) -> tuple[bool, bool, str]:
    """A finished run goes before others, one that was tried before one that was not."""
    return record.status is Status.OK, record.limits is not None, record.started_at


def _put_frozen(folder: Path, address: Address) -> None:
    path = folder / FROZEN_FILE
    if not reading.is_file(path):
        return
    content = reading.read(path)
    if not address.create(FROZEN_FILE, content) and address.read([FROZEN_FILE]) != {
        FROZEN_FILE: content
    }:
        raise StoreError(
            f"{path} and {address}/{FROZEN_FILE} are different protocols; put results of another "
            "protocol to an address of their own."
        )


def _records(address: Address) -> dict[str, RunRecord]:
    """The records at an address by key. Raises StoreError for one that cannot be read or kept."""
    contents = address.read({name for name in address.names("runs") if _RECORD.fullmatch(name)})
    records = {}
    for name in sorted(contents):
        record = decode(contents[name], f"{address}/{name}")
        if record.key != record.spec.key:
            raise misplaced(f"{address}/{name}", DELETE)
        records[record.key] = record
    return records


def _plans(address: Address) -> dict[str, Plan]:
    names = {name for name in address.names("") if _PLAN.fullmatch(name)}
    plans = {}
    for name, content in sorted(address.read(names).items()):
        try:
            plans[name] = Plan.model_validate(reading.from_text(content))
        except ValueError as error:
            raise StoreError(
                f"{address}/{name} is damaged; delete it, and run or push its suite again."
            ) from error
    return plans


def _joined(
    address: Address, folder: Path, records: Mapping[str, RunRecord], plans: Mapping[str, Plan]
) -> Plan | None:
    """The one plan of all parts, and of the folder if it has one; None without any there.

    ``records`` are those of both. Raises StoreError where they contradict each other.
    """
    if not plans:
        return None
    called = f"omicsbench pull {address} {folder}"
    sets = [_named(f"{address}/{name}", plan, records) for name, plan in plans.items()]
    there = joined_plan(sets, called) if sets[1:] else sets[0].plan
    if not reading.is_file(folder / PLAN_FILE):
        return there
    own = _named(str(folder), read_plan(folder), records)
    both = joined_plan([*sets, own], called)
    runs = set(both.runs or ())
    if runs == set(there.runs or ()):
        return there
    return own.plan if runs == set(own.plan.runs or ()) else both


def _named(name: str, plan: Plan, records: Mapping[str, RunRecord]) -> NamedSet:
    return NamedSet(name, plan, {key: records[key] for key in plan.runs or () if key in records})


def _write(
    address: Address,
    folder: Path,
    found: Mapping[str, RunRecord],
    own: Mapping[str, RunRecord],
) -> int:
    """Write records and pictures that a folder does not hold; returns how many records it were.

    ``own`` are the records that it holds.
    """
    new = [
        record
        for key, record in found.items()
        if key not in own or _replaces(own[key], record, folder, address)
    ]
    held = _pictures(folder) if folder.is_dir() else {}
    lacking = {name for name in address.names("embeddings") if _lacks(held, name)}
    if not reading.is_file(folder / FROZEN_FILE):
        lacking |= address.names("") & {FROZEN_FILE}
    store.open_folder(folder)
    with claimed(folder, "omicsbench pull"):
        for record in new:
            store.write_record(folder, record)
        for name, content in address.read(lacking).items():
            (folder / name).parent.mkdir(exist_ok=True)
            disk.put(folder / name, content)
    return len(new)


def _pictures(folder: Path) -> dict[str, bytes]:
    """All pictures of a folder, those of training cells too, by name of their file."""
    loose = {path.name: reading.read(path) for path in folder.glob("embeddings/[!.]*.npy")}
    return arrays_of(folder) | loose


def _lacks(held: Mapping[str, bytes], name: str) -> bool:
    return bool(_PICTURE.fullmatch(name)) and name.rpartition("/")[2] not in held


def _name(key: str) -> str:
    return f"runs/{key}.json"


def _content(record: RunRecord) -> bytes:
    return (record.model_dump_json() + "\n").encode()
