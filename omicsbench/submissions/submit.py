"""Make a result set ready for a pull request, or verify one by what was run again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.metrics.known import known
from omicsbench.records import disk, store
from omicsbench.records.packing import pack
from omicsbench.records.planned import planned_records, read_plan
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.submission import (
    OWN_FILES,
    Rerun,
    Submission,
    Trust,
    content_hash,
    read_submission,
    trust,
    write_submission,
)
from omicsbench.registry.discover import discover
from omicsbench.submissions.checks import ResultSet, check_set


def submit(folder: Path, author: str, plugins: Sequence[Path] = ()) -> Submission:
    """Pack a result set, check it, and keep beside it what came out and the author's own files.

    Raises StoreError for records that cannot be read, of another schema for instance.
    """
    pack(folder)
    kept = _keep(folder, plugins)
    records, missing, _ = planned_records(folder)
    given = ResultSet(read_plan(folder), records, missing, discover(kept), kept)
    found = Submission(author=author, records=content_hash(folder), checks=check_set(given))
    write_submission(folder, found)
    return found


def verify(folder: Path, again: Path) -> Submission:
    """Compare a submitted set with what somebody else ran again of it.

    It is verified if of each contestant that finished a run at least one was run again, and every
    score is the same within the margin of its metric. Raises StoreError, saying why, if not.
    """
    if folder.resolve() == again.resolve():
        raise StoreError(f"{again} is the submitted set itself; name what was run again.")
    found = read_submission(folder)
    if found is None or trust(folder) is Trust.FAILED:
        raise StoreError(
            f"{folder} holds no submission whose checks hold; run `omicsbench submit {folder}` "
            "first."
        )
    theirs = {r.key: r for r in planned_records(folder)[0] if r.status is Status.OK}
    ours = [r for r in store.read_records(again) if r.key in theirs and r.status is Status.OK]
    agreed = Counter(_agreeing(r, theirs[r.key]) for r in ours)
    absent = sorted({r.spec.label for r in theirs.values()} - agreed.keys())
    if absent:
        raise StoreError(
            f"{again} holds no finished run of {absent[0]} that {folder} has too; run a part of "
            "the same suite that has each contestant, such as --shard 1/4."
        )
    where = {r.environment.cpu for r in ours}
    made = Rerun(runs=dict(sorted(agreed.items())), cpu=", ".join(sorted(where)))
    verified = found.model_copy(update={"rerun": made})
    write_submission(folder, verified)
    return verified


def _agreeing(again: RunRecord, first: RunRecord) -> str:
    """The contestant's name, if both records of a run agree. Raises StoreError if they do not."""
    metrics = known([first, again])
    for name in first.scores.keys() | again.scores.keys():
        a, b = first.scores.get(name), again.scores.get(name)
        allowed = metrics[name].margin if name in metrics else 0.0
        if a is None or b is None or abs(a - b) > allowed:
            s = first.spec
            raise StoreError(
                f"Not verified: {s.label} on {s.dataset}, n = {s.size:,}, repeat {s.repeat} has "
                f"{name} {_shown(a)} as submitted and {_shown(b)} when run again."
            )
    return first.spec.label


def _shown(score: float | None) -> str:
    return "none" if score is None else f"{score:.4g}"


def _keep(folder: Path, plugins: Sequence[Path]) -> list[Path]:
    """Copies of the author's own files in the result set; those that lie there already stay."""
    kept = folder / OWN_FILES
    for given in plugins:
        if not given.exists():
            raise StoreError(f"There is no file or folder {given}.")
        for file in sorted(given.glob("*.py")) if given.is_dir() else [given]:
            if file.resolve() != (kept / file.name).resolve():
                with disk.whole(kept / file.name) as temporary:
                    shutil.copyfile(file, temporary)
    return [kept] if kept.is_dir() else []
