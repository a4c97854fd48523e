"""What a result set that somebody else made says of itself: submission.json, beside the records.

Three states are told apart. *Failed*: a check does not hold, or the records were changed after they
were checked. *Unverified*: every check holds, and nobody but its author has run it. *Verified*:
somebody else ran a part of it again and got the same scores.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from omicsbench._version import __version__
from omicsbench.errors import StoreError
from omicsbench.records import disk, reading, store
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.planned import PLAN_FILE

SUBMISSION_FILE = "submission.json"
OWN_FILES = "plugins"  # folder of the author's own methods, data sets and metrics


class Trust(StrEnum):
    """How far a result set can be trusted."""

    PROJECT = "project"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"


class SetCheck(BaseModel):
    """One rule that a result set is to pass: ``problem`` is empty where it does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str
    problem: str = ""


class Rerun(BaseModel):
    """What somebody else ran again: runs whose scores agree, by contestant, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: dict[str, int]
    cpu: str = ""


class Submission(BaseModel):
    """The outcome of the checks; ``records`` is the hash of what was checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    author: str
    omicsbench: str = __version__
    records: str
    checks: tuple[SetCheck, ...]
    rerun: Rerun | None = None

    @property
    def state(self) -> Trust:
        """Of the set as it was checked."""
        if any(check.problem for check in self.checks):
            return Trust.FAILED
        return Trust.VERIFIED if self.rerun else Trust.UNVERIFIED


def content_hash(folder: Path) -> str:
    """16 hex digits of the packed records of a result set, their plan and its author's files."""
    files = [folder / PACKED_FILE, folder / PLAN_FILE, *sorted(folder.glob(f"{OWN_FILES}/*.py"))]
    content = b"".join(reading.read(file) for file in files if reading.is_file(file))
    return hashlib.sha256(content).hexdigest()[:16]


def write_submission(folder: Path, submission: Submission) -> None:
    """Keep it beside the records. Raises StoreError if that is not possible."""
    text = submission.model_dump_json(indent=1) + "\n"
    disk.put(folder / SUBMISSION_FILE, text.encode(errors="replace"))


def read_submission(folder: Path) -> Submission | None:
    """That of a folder; None for the project's own. Raises StoreError for a damaged file."""
    path = folder / SUBMISSION_FILE
    return reading.typed(Submission, path, _damaged) if reading.is_file(path) else None


def trust(folder: Path) -> Trust:
    """How far a result set can be trusted, as it lies there now."""
    found = read_submission(folder)
    if found is None:
        return Trust.PROJECT
    if store.loose_files(folder):  # they would win over the records that were checked
        return Trust.FAILED
    return found.state if found.records == content_hash(folder) else Trust.FAILED


def _damaged(path: Path, problem: str) -> StoreError:
    return StoreError(f"{path} is damaged ({problem}); run `omicsbench submit` again.")
