"""Packed records: one text file, made so that its diff can be read.

The first line tells the format, the next hold what many runs share, the others one run each::

    {"packed":1}
    {"shared":"environment","id":"0c1d...","value":{"omicsbench":"0.1.0",...}}
    {"schema_version":2,"key":"00a1...","spec":{...},...,"environment":"0c1d...",...}

A run's line is the JSON that its own file held, in that order, with an id in place of what is
shared. Ids are hashes of the values, and both kinds of line are sorted: a run that is added,
changed or taken away changes its own line, and at most adds a shared one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from omicsbench.errors import StoreError
from omicsbench.records import reading
from omicsbench.records.decode import NewerRecord, damaged, from_content
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunRecord

PACKED_FILE = "records.jsonl"
FORMAT = 1
MEND = "restore it, or delete the line"

# Where runs hold what many of them share: a field of the record, or of its spec.
SHARED = (
    ("spec", "metrics"),
    ("skipped_metrics",),
    ("own_metrics",),
    ("rooms",),
    ("dataset_info",),
    ("environment",),
    ("limits",),
)

HEADS = (b'{"packed":', b'{"shared":')  # of lines that are no run

Content = dict[str, Any]  # a record as JSON


def encode(contents: Iterable[Content]) -> bytes:
    """The packed file of these records: the same bytes in whatever order they come."""
    shared: dict[tuple[str, str], Any] = {}
    runs = [_factored(content, shared) for content in sorted(contents, key=_rank)]
    facts = [{"shared": of, "id": id_, "value": shared[of, id_]} for of, id_ in sorted(shared)]
    lines = [{"packed": FORMAT}, *facts, *runs]
    return "".join(f"{_text(line)}\n" for line in lines).encode()


def decode_lines(lines: Iterable[bytes], name: str) -> Iterator[tuple[str, Content] | StoreError]:
    """Each run of a packed file: where it stands and its content, or why it cannot be read.

    ``name`` is the file's. What runs share is one object in all of them; do not change it.
    """
    shared: dict[Any, Any] = {}
    number = 0
    for number, text in enumerate(lines, 1):
        where = f"Line {number} of {name}"
        try:
            line = from_json(text, allow_inf_nan=False)
            if number == 1:
                if type(line["packed"]) is not int:
                    raise TypeError
                if line["packed"] > FORMAT:
                    yield NewerRecord(
                        f"{name} was packed by a newer omicsbench (format {line['packed']}, this "
                        f"one reads {FORMAT}): update omicsbench."
                    )
                    return
            elif "shared" in line:
                shared[line["id"]] = line["value"]
            else:
                yield where, _restored(line, shared)
        except (ValueError, KeyError, TypeError, AttributeError):
            yield damaged(where, MEND)
    if number == 0:  # the first line is always there
        yield StoreError(f"{name} is empty; restore it, or delete it.")


def read(path: Path) -> Iterator[RunRecord | StoreError]:
    """Each record of a packed file, or why it cannot be read; nothing without a file."""
    if not reading.is_file(path):
        return
    for found in decode_lines(reading.lines(path), str(path)):
        if isinstance(found, StoreError):
            yield found
            continue
        where, content = found
        try:
            yield from_content(content, where, MEND)
        except StoreError as error:
            yield error


def find(path: Path, key: str) -> RunRecord | None:
    """The record of one run, if the file holds it and it can be read."""
    if not reading.is_file(path):
        return None
    stated = f'"key":"{key}"'.encode()
    lines = [line for line in reading.lines(path) if stated in line or line.startswith(HEADS)]
    for found in decode_lines(lines, str(path)):
        if not isinstance(found, StoreError) and found[1].get("key") == key:
            try:
                return from_content(found[1], found[0], MEND)
            except StoreError:
                return None
    return None


def _rank(content: Content) -> tuple[Any, ...]:
    spec = content["spec"]
    names = ("dataset", "task", "pipeline", "size", "repeat", "device")
    return (*(spec[name] for name in names), _text(spec.get("tuning")), content["key"])


def _factored(content: Content, shared: dict[tuple[str, str], Any]) -> Content:
    """The record with ids in place of what is shared, which is put into ``shared``."""
    made = copy.copy(content)
    made["spec"] = copy.copy(content["spec"])
    for *parents, name in SHARED:
        holder = made[parents[0]] if parents else made
        if value := holder.get(name):
            # The order within a value is kept, so it counts: modalities are shown in theirs.
            holder[name] = digest(_text(value))
            shared[name, holder[name]] = value
    return made


def _restored(line: Content, shared: dict[Any, Any]) -> Content:
    """The opposite of ``_factored``, in place. Raises KeyError if the shared line is not there."""
    for *parents, name in SHARED:
        holder = line[parents[0]] if parents else line
        if isinstance(holder.get(name), str):
            holder[name] = shared[holder[name]]
    return line


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
