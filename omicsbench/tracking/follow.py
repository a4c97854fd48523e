"""A history file brought up to date with stored runs, and what it then tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.records import reading
from omicsbench.records.store import read_records
from omicsbench.tracking.history import HistoryEntry, entries, joined, read_entries, write_entries
from omicsbench.tracking.trends import Trends, trends


@dataclass(frozen=True)
class History:
    """What a history file holds. ``left_out`` counts runs of code that no commit holds."""

    trends: Trends
    added: tuple[HistoryEntry, ...]
    left_out: int


def follow(file: Path, add: Sequence[Path] = (), revision: str | None = None) -> History:
    """Add results folders to a history file, and tell what changed since its beginning.

    Parameters
    ----------
    file : one line of JSON for each revision, suite and machine; made if folders are added.
    add : results folders; shards of one suite go together.
    revision : commit of what was measured, in place of the recorded one.

    Raises StoreError for a file that cannot be read, or runs that belong to no commit.
    """
    if revision is not None and not add:
        raise OmicsbenchError("A revision names what is added: give a results folder with --add.")
    kept = read_entries(file) if reading.is_file(file) or not add else []
    new: list[HistoryEntry] = []
    left_out = 0
    if add:
        records = [record for folder in add for record in read_records(folder)]
        new, left_out = entries(records, revision=revision)
        kept = joined([*kept, *new])
        write_entries(file, kept)
    if not kept:
        raise StoreError(f"{file} holds no revision; add results with --add.")
    return History(trends(kept), tuple(new), left_out)
