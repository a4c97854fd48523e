"""The history file: one line of JSON for each revision, suite and machine, in order of date.

A line is a summary of stored runs, so that years of them can be committed. The file is written in
one step. Two branches that both add lines merge by keeping all lines; where a revision comes twice,
the later measurement counts.
"""

from __future__ import annotations

import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from omicsbench.errors import StoreError
from omicsbench.records import reading
from omicsbench.records.facts import Moment
from omicsbench.records.ids import digest
from omicsbench.records.spec import OwnMetric, RunRecord, Status
from omicsbench.records.store import write_text
from omicsbench.records.table import current, equal_terms
from omicsbench.tracking.quantities import quantities, quantity_kind

SCHEMA = 1
CONFLICT = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")  # what git leaves in a file
REFERENCE_S = 0.01  # seconds of the fixed computation to which times are brought
DIGITS = 6


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Machine(_Frozen):
    """What times and memory depend on. Those of different machines are never joined."""

    id: str = Field(description="fingerprint of the rest")
    cpu: str
    cores: int
    gpu: str | None
    system: str


class OverRepeats(NamedTuple):
    """One quantity over the repeats of a cell; in the file three numbers."""

    mean: float
    sd: float  # 0 for one repeat
    n: int


class Cell(_Frozen):
    """The runs of one data set, pipeline and size, over their repeats."""

    task: str
    dataset: str
    dataset_id: str
    pipeline: str = Field(description="with its tuning, if any")
    size: int
    device: str
    conditions: str = Field(description="hash of what else runs must share to be compared")
    repeats: tuple[int, ...] = Field(description="those that finished")
    failed: dict[str, int] = Field(default_factory=dict, description="runs by status but ok")
    reference_s: float | None = Field(
        default=None, description="mean of the fixed computation; times are divided by it if known"
    )
    values: dict[str, OverRepeats] = Field(default_factory=dict, description="by quantity")

    @property
    def name(self) -> tuple[str, str, str, int, str]:
        """What the cell is called: task, data set, pipeline, size, device."""
        return self.task, self.dataset, self.pipeline, self.size, self.device


class HistoryEntry(_Frozen):
    """One line: what one revision gave in one suite on one machine."""

    schema_version: int = SCHEMA
    revision: str
    date: Moment = Field(description="UTC, ISO 8601: of the commit, else of the first run")
    date_of: Literal["commit", "run"]
    commits: int | None = Field(default=None, description="in the revision's past, if known")
    measured: Moment = Field(description="UTC, ISO 8601: start of the last run")
    omicsbench: str
    suite: str
    machine: Machine
    libraries: dict[str, str]
    cells: tuple[Cell, ...]
    own_metrics: dict[str, OwnMetric] = Field(
        default_factory=dict, description="of the scores, those that are not of the package"
    )

    @model_serializer(mode="wrap")
    def _plain_as_ever(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without metrics of one's own the line is one that earlier versions read."""
        content: dict[str, Any] = dump(self)
        if not content["own_metrics"]:
            del content["own_metrics"]
        return content

    @property
    def started_at(self) -> str:
        return self.measured

    @property
    def key(self) -> tuple[str, str, str]:
        """Of which the file keeps one: revision, suite, machine."""
        return self.revision, self.suite, self.machine.id


def read_entries(path: Path) -> list[HistoryEntry]:
    """The lines of a history file, in order. Raises StoreError, with the line that is wrong."""
    try:
        lines = list(reading.lines(path))
    except FileNotFoundError as error:
        raise StoreError(f"There is no history file {path}; begin one with --add.") from error
    return joined(
        _entry_of(line, f"Line {number} of {path}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def _entry_of(line: bytes, where: str) -> HistoryEntry:
    """The entry of a line. Raises StoreError, naming the place, if it holds none."""
    try:
        content = reading.from_text(line)
        schema = content["schema_version"]
        if type(schema) is not int:
            raise TypeError(f"schema_version is {schema!r}")
        if schema != SCHEMA:
            raise StoreError(
                f"{where} has schema {schema}, this omicsbench reads {SCHEMA}: use the omicsbench "
                "that wrote it."
            )
        return HistoryEntry.model_validate(content)
    except (ValueError, KeyError, TypeError) as error:
        wrong = isinstance(error, ValidationError)
        what = reading.first_problem(error) if wrong else error  # type: ignore[arg-type]
        todo = "keep both sides of a merge" if line[:7] in CONFLICT else "delete the line"
        raise StoreError(
            f"{where} is no history entry ({what}): {todo}, or restore the file."
        ) from error


def write_entries(path: Path, entries: Iterable[HistoryEntry]) -> None:
    """Write the file in one step: one line an entry. Raises StoreError; the old file then stays."""
    lines = [entry.model_dump_json() + "\n" for entry in joined(entries)]
    write_text(path, "".join(lines))


def joined(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Entries by date, one of each revision, suite and machine: the one measured last."""
    kept: dict[tuple[str, str, str], HistoryEntry] = {}
    for entry in sorted(entries, key=lambda e: (e.measured, e.model_dump_json())):
        kept[entry.key] = entry
    return sorted(kept.values(), key=lambda e: (e.date, e.commits or 0, *e.key))


def entries(
    records: Sequence[RunRecord], *, revision: str | None = None, repository: Path = Path()
) -> tuple[list[HistoryEntry], int]:
    """The entries of stored runs, and how many runs were left out: no commit names their code.

    Parameters
    ----------
    revision : stands for that of the records, such as a commit of the user's own methods.
    repository : where git is asked for the dates of revisions.

    Raises StoreError if no run belongs to a commit.
    """
    groups: dict[tuple[str, str, str], list[RunRecord]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for record in records:
        named = revision or record.environment.git or ""
        if not named or (record.environment.uncommitted and not revision):
            left_out[named or "no revision"] += 1
        else:
            groups[named, record.suite, machine(record).id].append(record)
    if not groups:
        raise StoreError(
            f"All runs are of code that no commit holds ({', '.join(sorted(left_out)) or 'none'}): "
            "commit it and run again, or name the revision with --revision."
        )
    known = {named: _commit(named, repository) for named, _, _ in groups}
    made = [_entry(named, own, known[named]) for (named, _, _), own in groups.items()]
    return joined(made), left_out.total()


def machine(record: RunRecord) -> Machine:
    """The machine of a run; libraries and Python are no part of it."""
    known = record.environment
    content: dict[str, Any] = {
        "cpu": known.cpu or "unknown",
        "cores": known.cores,
        "gpu": known.gpu,
        "system": (known.platform or "unknown").split("-")[0],
    }
    return Machine(id=digest(content)[:8], **content)


def _entry(
    revision: str, records: Sequence[RunRecord], commit: tuple[str, int | None] | None
) -> HistoryEntry:
    newest = max(records, key=lambda r: (r.started_at, r.key))
    starts = sorted(_utc(r.started_at) for r in records if r.started_at)
    # A worker that failed early tells of fewer libraries, a network's of more.
    packages: dict[str, str] = {}
    own_metrics: dict[str, OwnMetric] = {}
    for r in sorted(records, key=lambda r: (r.started_at, r.key)):
        packages |= r.environment.packages
        own_metrics |= r.own_metrics
    packages["python"] = newest.environment.python or "unknown"
    cells: dict[tuple[Any, ...], list[RunRecord]] = defaultdict(list)
    for r in current(records):
        cells[(*_names(r), _conditions(r))].append(r)
    return HistoryEntry(
        revision=revision,
        date=commit[0] if commit else starts[0] if starts else "",
        date_of="commit" if commit else "run",
        commits=commit[1] if commit else None,
        measured=starts[-1] if starts else "",
        omicsbench=newest.environment.omicsbench or "unknown",
        suite=newest.suite,
        machine=machine(newest),
        libraries=dict(sorted(packages.items())),
        cells=tuple(_cell(cells[name]) for name in sorted(cells)),
        own_metrics=own_metrics,
    )


def _names(record: RunRecord) -> tuple[str, str, str, str, int, str]:
    s = record.spec
    return s.task, s.dataset, s.dataset_id, s.label, s.size, s.device


def _conditions(record: RunRecord) -> str:
    return digest([record.spec.protocol, record.spec.seed, *equal_terms(record)])[:8]


def _cell(records: Sequence[RunRecord]) -> Cell:
    task, dataset, dataset_id, pipeline, size, device = _names(records[0])
    done = [r for r in records if r.status is Status.OK]
    references = [r.reference_s for r in done]
    known = [r for r in references if r is not None]
    in_step = bool(done) and len(known) == len(done)
    values: dict[str, list[float]] = defaultdict(list)
    for r in done:
        for name, value in quantities(r).items():
            pace = REFERENCE_S / r.reference_s if in_step and r.reference_s else 1.0
            values[name].append(value * pace if quantity_kind(name) == "time" else value)
    return Cell(
        task=task,
        dataset=dataset,
        dataset_id=dataset_id,
        pipeline=pipeline,
        size=size,
        device=device,
        conditions=_conditions(records[0]),
        repeats=tuple(sorted(r.spec.repeat for r in done)),
        failed=dict(
            sorted(Counter(r.status.value for r in records if r.status is not Status.OK).items())
        ),
        reference_s=_short(float(np.mean(known))) if in_step else None,
        values={name: _summary(values[name]) for name in sorted(values)},
    )


def _summary(values: Sequence[float]) -> OverRepeats:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return OverRepeats(mean=_short(float(np.mean(values))), sd=_short(sd), n=len(values))


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _utc(moment: str) -> str:
    """A moment, ISO 8601, in UTC to the second."""
    made = datetime.fromisoformat(moment)
    made = made if made.tzinfo else made.replace(tzinfo=UTC)
    return made.astimezone(UTC).isoformat(timespec="seconds")


def _commit(revision: str, repository: Path) -> tuple[str, int | None] | None:
    """Date of a commit and the number of commits up to it, None if its past is cut off (shallow).

    None where git, the repository or the commit is missing.
    """
    date = _git(
        repository, "show", "-s", "--format=%cI", "--end-of-options", f"{revision}^{{commit}}"
    )
    if not date:
        return None
    whole = _git(repository, "rev-parse", "--is-shallow-repository") == "false"
    count = _git(repository, "rev-list", "--count", "--end-of-options", revision) if whole else None
    return _utc(date), int(count) if count else None


def _git(repository: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(repository), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
