"""Results: one JSON file per run, named by the run's key, never half-written; or packed.

An interrupted suite resumes where it stopped, readers need no locks, and a baseline can be packed
(records/packing.py), committed and compared. Every reader takes loose and packed records alike;
loose ones win. Who writes claims the folder (records/claim.py).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.records import disk, packed, reading
from omicsbench.records.decode import NewerRecord, decode
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.sharing import collector_waits
from omicsbench.records.spec import RunRecord, Status

PROBE_BYTES = 8192  # about a record


def open_folder(folder: Path) -> Path:
    """Make the results folder, without what killed runs left half-written.

    Raises StoreError if it cannot be written.
    """
    try:
        (folder / "runs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk.explained(folder, error) from error
    must_be_writable(folder)
    for place in (folder, folder / "runs", folder / "embeddings"):
        disk.clear_stale(place)
    return folder


def must_be_writable(folder: Path) -> None:
    """Raises StoreError unless records can be written into the results folder."""
    try:
        with tempfile.TemporaryFile(dir=folder / "runs") as file:
            file.write(b"x" * PROBE_BYTES)
    except OSError as error:
        raise disk.explained(folder, error) from error


def write_record(folder: Path, record: RunRecord) -> Path:
    """Store a record durably, in one step; a finished run is never replaced, by whatever.

    Returns the file that holds the run, which is the packed one if it was finished there. Raises
    ValueError for a key that is not that of the spec: it would name another file.
    """
    if record.key != record.spec.key:
        raise ValueError(f"{record.key} is not the key of {record.spec}")
    path = folder / "runs" / f"{record.key}.json"
    with contextlib.suppress(StoreError, FileNotFoundError):
        if read_record(path).status is Status.OK:
            return path
    if record.status is not Status.OK:
        old = packed.find(folder / PACKED_FILE, record.key)
        if old and old.status is Status.OK:
            return folder / PACKED_FILE
    disk.put(path, (record.model_dump_json() + "\n").encode())
    return path


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, its folder too. Raises StoreError if that is not possible."""
    with disk.whole(path) as temporary:
        # The name of a file may be no text, and a command that holds one is shown in pages.
        temporary.write_bytes(text.encode(errors="backslashreplace"))


def read_record(path: Path) -> RunRecord:
    """A record in a file of its own. Raises StoreError, for older, newer and broken ones apart."""
    return decode(reading.read(path), str(path))


def loose_files(folder: Path) -> list[Path]:
    """The files that hold one record each, in the order of their keys."""
    return sorted((folder / "runs").glob("[!.]*.json"))


def holds_records(folder: Path) -> bool:
    """Whether there is any record, readable or not."""
    return reading.is_file(folder / PACKED_FILE) or bool(loose_files(folder))


def read_records(folder: Path) -> list[RunRecord]:
    """All records of a results folder, in the order of their keys.

    Raises StoreError if the folder holds none or one cannot be read.
    """
    if not folder.is_dir():
        raise StoreError(f"There is no results folder {folder}.")
    records = {}
    with collector_waits():
        for name, found in _each(folder):
            if isinstance(found, StoreError):
                raise found
            records[name or found.key] = found
    if not records:
        raise no_records(folder)
    return [records[name] for name in sorted(records)]


def readable(folder: Path) -> tuple[dict[str, RunRecord], int]:
    """Readable records by key, and how many others there are: damaged or outdated, not done.

    Raises StoreError if a newer omicsbench wrote one: it must not be overwritten.
    """
    records, others = {}, 0
    with collector_waits():
        for name, found in _each(folder):
            if isinstance(found, NewerRecord):
                raise found
            if isinstance(found, StoreError):
                others += 1
            else:
                records[name or found.key] = found
    return records, others


def each(folder: Path) -> Iterator[RunRecord]:
    """The readable records one after another, for those who keep little of each.

    Raises as ``readable``.
    """
    for _, found in _each(folder):
        if isinstance(found, NewerRecord):
            raise found
        if isinstance(found, RunRecord):
            yield found


def stored(folder: Path) -> dict[str, RunRecord]:
    """The readable records by key, for a run that goes on from them. Raises as ``readable``."""
    return readable(folder)[0]


def no_records(folder: Path) -> StoreError:
    """The error for a folder without any record."""
    return StoreError(f"{folder} holds no run records; name a folder that `run` wrote.")


def _each(folder: Path) -> Iterator[tuple[str, RunRecord | StoreError]]:
    """Each record, loose or packed, or why it cannot be read; loose ones by name of their file.

    Loose ones first, for they win, and while a folder is packed they are in the packed file
    before they go.
    """
    seen = set()
    for path in loose_files(folder):
        try:
            found: RunRecord | StoreError = read_record(path)
        except FileNotFoundError:
            continue
        except StoreError as error:
            found = error
        else:
            seen.add(path.stem)
        yield path.stem, found
    for found in packed.read(folder / PACKED_FILE):
        if isinstance(found, StoreError) or found.key not in seen:
            yield "", found
