"""Results under an address: put there as a folder lays them out, and fetched into a folder.

An object a record, named by its key, so that putting again changes nothing. Each part of a suite
has a plan of its own beside them (``plan-3of16.json``); what is fetched is the runs of all plans.
No finished run is ever replaced: docs/remote.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.records import disk, reading, store
from omicsbench.records.address import Address, AddressError
from omicsbench.records.claim import claimed
from omicsbench.records.decode import decode
from omicsbench.records.frozen import FROZEN_FILE
from omicsbench.records.merging import NamedSet, joined_plan, one_of
from omicsbench.records.packing import arrays_of
from omicsbench.records.planned import PLAN_FILE, Plan, read_plan, write_plan
from omicsbench.records.spec import RunRecord, Status

AT_ONCE = 16  # objects that are put at the same time
ABOUT = "about.txt"
PLANS = Path(PLAN_FILE).stem


@dataclass(frozen=True)
class Moved:
    """What lies at both ends now: runs, those that came just now, planned ones without a record."""

    runs: int
    new: int
    missing: int


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
    records, planned = store.stored(folder), reading.is_file(folder / PLAN_FILE)
    if not records and not planned:
        raise store.no_records(folder)
    label(address)
    _put_frozen(folder, address)
    if planned:
        put_plan(folder, address)
    there = address.names("runs")
    held = address.read(there & {_name(key) for key in records})
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
    return Moved(len(records), new, len(missing))


def put_record(
    address: Address, record: RunRecord, folder: Path, there: bytes | None = None
) -> bool:
    """Put one record of a folder, if need be; whether it changed what is there.

    ``there`` is the one that was seen there, if any. Raises AddressError, and StoreError where the
    run is there with other scores.
    """
    name, content = _name(record.key), _content(record)
    if there is None:
        if address.create(name, content):
            return True
        there = address.read([name])[name]
    where = f"{address}/{name}"
    replaced = there != content and _replaces(decode(there, where), record, where, str(folder))
    if replaced:
        address.replace(name, content)
    return replaced


def put_plan(folder: Path, address: Address) -> None:
    """Put the plan of a folder; that of the same part of a suite is replaced. Raises StoreError."""
    part = read_plan(folder).part
    name = f"{PLANS}-{part}.json" if part else PLAN_FILE
    address.replace(name, reading.read(folder / PLAN_FILE))


def _pull(address: Address, folder: Path) -> Moved:
    found = _records(address)
    plans = _plans(address)
    if not found and not plans:
        raise AddressError(f"{address} holds no run records; name an address that was put to.")
    plan = _joined(address, folder, found, plans)
    new = _write(address, folder, found)
    if plan:
        runs = plan.runs or ()
        with claimed(folder, "omicsbench pull"):
            write_plan(folder, json.dumps(plan.suite), runs, plan.command, plan.methods, plan.part)
    missing = set(plan.runs or () if plan else ()) - found.keys()
    return Moved(len(found), new, len(missing))


def fetch_records(address: Address, folder: Path) -> int:
    """Fetch what an address holds, but for its plans, into a folder that is to be filled.

    Returns how many records came. Raises as ``pull`` does, but not where nothing is there yet.
    """
    return _write(address, folder, _records(address))


def _replaces(held: RunRecord, other: RunRecord, where: str, from_: str) -> bool:
    """Whether another record of a run takes the place of the one that is held; no finished one's.

    Raises StoreError where the two are finished, with other scores.
    """
    one_of([(where, held), (from_, other)])
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
    """The records at an address by key. Raises StoreError for one that cannot be read."""
    names = {name for name in address.names("runs") if name.endswith(".json")}
    contents = address.read(names)
    records = (decode(contents[name], f"{address}/{name}") for name in sorted(names))
    return {record.key: record for record in records}


def _plans(address: Address) -> dict[str, Plan]:
    names = {n for n in address.names("") if n.startswith(PLANS) and n.endswith(".json")}
    plans = {}
    for name, content in sorted(address.read(names).items()):
        try:
            plans[name] = Plan.model_validate(reading.from_text(content))
        except ValueError as error:
            raise StoreError(
                f"{address}/{name} is damaged; run its suite again, or delete it."
            ) from error
    return plans


def _joined(
    address: Address, folder: Path, records: Mapping[str, RunRecord], plans: Mapping[str, Plan]
) -> Plan | None:
    """The one plan of all; None without any. Raises StoreError where they contradict each other."""
    if len(plans) < 2:
        return next(iter(plans.values()), None)
    sets = [
        NamedSet(
            f"{address}/{name}",
            plan,
            {key: records[key] for key in plan.runs or () if key in records},
        )
        for name, plan in plans.items()
    ]
    return joined_plan(sets, f"omicsbench pull {address} {folder}")


def _write(address: Address, folder: Path, found: Mapping[str, RunRecord]) -> int:
    """Write records and pictures that a folder does not hold; returns how many records it were."""
    own = store.stored(folder) if folder.is_dir() else {}
    new = [
        record
        for key, record in found.items()
        if key not in own or _replaces(own[key], record, str(folder), str(address))
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
    return name.endswith(".npy") and name.rpartition("/")[2] not in held


def _name(key: str) -> str:
    return f"runs/{key}.json"


def _content(record: RunRecord) -> bytes:
    return (record.model_dump_json() + "\n").encode()
