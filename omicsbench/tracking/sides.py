"""The two sides of a comparison: a folder of results, or one committed at a git revision."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from omicsbench.errors import OmicsbenchError, StoreError, unknown
from omicsbench.metrics.known import known
from omicsbench.owned.scratch import scratch
from omicsbench.records import reading, store
from omicsbench.records.analysis import Analysis
from omicsbench.records.planned import planned_records, read_analysis
from omicsbench.records.spec import RunRecord
from omicsbench.tracking.compare import Comparison, Noise, Strictness, compare_records
from omicsbench.tracking.noise_floor import NOISE_FILE, read_noise
from omicsbench.tracking.quantities import COSTS, QuantityKind


@dataclass(frozen=True)
class StoredRuns:
    """One side: its name, its records, and what lies beside them."""

    name: str
    records: list[RunRecord]
    analysis: Analysis
    noise: Noise


def compare_stored(
    base: str, head: str, suite: str = "ci", noise: Path | None = None
) -> Comparison:
    """What became worse from BASE to HEAD, each a results folder or a committed one.

    Raises OmicsbenchError for what is neither, or a BASE without records.
    """
    old, new = read_side(base, suite), read_side(head, suite)
    if not old.records:
        raise OmicsbenchError(f"{base} holds no run records; run the suite there first.")
    strictness = strictness_of(old, new, noise)
    return compare_records(old.records, new.records, strictness=strictness, names=(base, head))


def read_side(text: str, suite: str) -> StoredRuns:
    """Records of a results folder, or of ``REVISION[:FOLDER]`` as committed there.

    Without a folder it is ``results/<suite>``. A folder without any record is an empty side.
    Raises OmicsbenchError if it is neither.
    """
    if Path(text).is_dir():
        return _side(text, Path(text))
    revision, _, stated = text.partition(":")
    with _committed(revision, stated or f"results/{suite}", text) as folder:
        return _side(text, folder)


def strictness_of(
    base: StoredRuns, head: StoredRuns, noise: Path | None = None, interleaved: bool = False
) -> Strictness:
    """How strict to be: HEAD's suite if it says, otherwise BASE's; and the noise found for BASE.

    Raises OmicsbenchError for a tolerance of something unknown.
    """
    stated = head.analysis.tolerances or base.analysis.tolerances
    followed = [*get_args(QuantityKind), *COSTS, *known([*base.records, *head.records])]
    for name in stated:
        if name not in followed:
            raise OmicsbenchError(f"analysis.tolerances: {unknown('quantity', name, followed)}")
    return Strictness(stated, read_noise(noise) if noise else base.noise, interleaved)


def _side(name: str, folder: Path) -> StoredRuns:
    noise = folder / NOISE_FILE
    try:
        records = planned_records(folder)[0]
    except StoreError:
        if store.holds_records(folder):
            raise
        records = []
    return StoredRuns(
        name,
        records,
        read_analysis(folder),
        read_noise(noise) if reading.is_file(noise) else {},
    )


@contextmanager
def _committed(revision: str, folder: str, text: str) -> Iterator[Path]:
    """A folder as committed at a revision, unpacked for the time being."""
    if revision.startswith("-"):  # git would take it as an option, such as --output=FILE
        raise OmicsbenchError(
            f"{text} is no results folder, and no git revision: none begins with a hyphen."
        )
    if Path(folder).is_absolute() or ".." in Path(folder).parts:
        raise OmicsbenchError(
            f"{text}: name the folder from where you are, and inside it, such as results/ci."
        )
    command = ["git", "--literal-pathspecs", "archive", "--format=tar", revision, "--", folder]
    try:
        found = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        raise OmicsbenchError(
            f"{text} is no results folder, and git is not installed to look for a revision."
        ) from None
    if found.returncode:
        reason = found.stderr.decode(errors="replace").strip().splitlines()
        raise OmicsbenchError(
            f"{text} is no results folder, and no git revision with {folder} committed in it "
            f"({reason[-1] if reason else 'git failed'}). `omicsbench ab` runs two revisions."
        )
    with scratch("committed") as place:
        try:
            with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
                archive.extractall(place, filter="data")
        except tarfile.FilterError as error:
            raise OmicsbenchError(
                f"{text} holds what cannot be unpacked here ({error}); commit the file itself."
            ) from error
        yield place / folder
