"""Two revisions against each other on one machine: samples taken in turn, suspects twice.

A *sample* of a side is one repeat of the suite, so that samples pair by repeat. They are taken in
the order AB, BA, AB, ..., each in a fresh process, one at a time: a machine that slows down for a
while slows down both sides.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.inputs.cache import look_in
from omicsbench.inputs.fetch import Tell
from omicsbench.planning.suite import Suite, threads_of
from omicsbench.records import store
from omicsbench.records.claim import claimed
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunRecord
from omicsbench.revisions.build import Built, build
from omicsbench.revisions.checkout import RevisionError, locate
from omicsbench.running.runner import Interrupted
from omicsbench.tracking.compare import Change, Comparison, Strictness, compare_records
from omicsbench.tracking.sides import StoredRuns, strictness_of

MIN_SAMPLES = 6  # of a side: with fewer, no test can tell noise from a regression
SIDES = ("a", "b")
NO_PART_OF_A_RUN = {"summary", "analysis"}  # of a suite
NO_RUN_SUCCEEDED = 1  # exit code of `run`: data like any other
STOPPED = 130  # exit code of `run` that somebody stopped, by a key or by a signal
END_S = 30.0  # for a side to end on its own when it is told to stop


def compare_revisions(
    base: str,
    head: str,
    suite: Suite,
    *,
    samples: int | None = None,
    plugins: Path | None = None,
    out: Path | None = None,
    noise: Path | None = None,
    tell: Tell = lambda step: None,
) -> Comparison:
    """Build two revisions of the repository here, and run a suite with them in turn.

    Parameters
    ----------
    base, head : commits, tags or branches, or folders with a checkout.
    samples : of each side; by default the suite's repeats, at least 6.
    plugins, tell : as of `build`.
    out : where samples are kept, so that the same call resumes.
    noise : the floor that a calibration wrote.

    Raises OmicsbenchError for bad input, RevisionError where a side cannot be built or run,
    Interrupted on Ctrl-C. Finished samples are kept in every case.
    """
    if samples is not None and samples < MIN_SAMPLES:
        raise OmicsbenchError(
            f"{samples} samples: fewer than {MIN_SAMPLES} of a side tell nothing."
        )
    stated = StoredRuns("the suite", [], suite.analysis, {})
    strictness = strictness_of(stated, stated, noise, interleaved=True)
    here = Path()
    for name in (base, head):  # an unknown one is told before minutes go into the other
        locate(name, here)
    built = [build(name, here, plugins=plugins, tell=tell) for name in (base, head)]
    trial = set_up(suite, built[0], built[1], out)
    with claimed(trial.folder, f"omicsbench ab {base} {head}"):
        found = compare_samples(trial, samples or max(suite.repeats, MIN_SAMPLES), strictness, tell)
        clear(trial)
    return found


@dataclass(frozen=True)
class Trial:
    """A suite, two builds, and the folder in which all samples of theirs are kept."""

    suite: Suite
    base: Built
    head: Built
    folder: Path

    def side(self, name: str) -> Built:
        return self.base if name == "a" else self.head


def set_up(suite: Suite, base: Built, head: Built, out: Path | None) -> Trial:
    """A trial in a folder named by what is compared, so that the same command resumes it.

    The suite is made alike for both sides: a single job, a fixed number of threads, and every
    pipeline in every sample. Raises StoreError if the folder cannot be written.
    """
    suite = suite.model_copy(
        update={
            "threads": threads_of(suite),
            "jobs": 1,
            "repeats": 1,
            "fewer_repeats": {},
            "tune": suite.tune and suite.tune.model_copy(update={"repeats": None}),
        }
    )
    home = out or Path("results") / "ab" / f"{base.version.short}..{head.version.short}"
    key = digest([base.identity, head.identity, as_toml(suite)])
    folder = home / f"{suite.name}-{key[:8]}"
    try:
        (folder / "done").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"Cannot write {folder}: {error.strerror}; choose another --out."
        ) from error
    # Records of two builds are no part of a checkout, and must not change what `.` stands for.
    store.write_text(folder / ".gitignore", "*\n")
    return Trial(suite, base, head, folder)


def as_toml(suite: Suite) -> str:
    """What a run needs of a suite, as TOML: older revisions refuse entries they do not know."""
    content = suite.model_dump(mode="json", exclude_defaults=True, exclude=NO_PART_OF_A_RUN)
    return "".join(f"{name} = {_toml(value)}\n" for name, value in content.items())


def _toml(value: Any) -> str:
    """Strings, numbers and booleans are written alike in JSON and TOML."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k, ensure_ascii=False)} = {_toml(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def turns(repeats: Iterable[int]) -> list[tuple[int, str]]:
    """Whose sample comes when: A and B take turns at going first."""
    return [(r, side) for r in repeats for side in (SIDES if r % 2 == 0 else SIDES[::-1])]


def take(
    trial: Trial, repeats: Sequence[int], tell: Tell, pipelines: Sequence[str] | None = None
) -> tuple[list[RunRecord], list[RunRecord]]:
    """Both sides' records of these repeats, of some pipelines or of all; takes what is missing.

    Raises RevisionError, naming the side, if one cannot run the suite; Interrupted on Ctrl-C.
    Finished samples are kept in every case.
    """
    suite = trial.suite
    if pipelines is not None:
        suite = suite.model_copy(update={"pipelines": tuple(pipelines)})
    text = as_toml(suite)
    file = trial.folder / f"{digest(text)[:8]}.toml"
    store.write_text(file, text)
    order = turns(repeats)
    marks = [trial.folder / "done" / f"{side}-{repeat}-{file.stem}" for repeat, side in order]
    for number, ((repeat, side), mark) in enumerate(zip(order, marks, strict=True), start=1):
        if mark.exists():
            continue
        tell(f"sample {number} of {len(order)}: {trial.side(side).name}, repeat {repeat}")
        try:
            _sample(trial, side, file, repeat)
            store.write_text(mark, "")
        except KeyboardInterrupt:
            kept = sum(mark.exists() for mark in marks)
            raise Interrupted(
                f"Stopped. {kept} of {len(order)} samples are kept in {trial.folder}; the same "
                "command goes on from there."
            ) from None
    base, head = (
        [
            record
            for record in _records(trial, side)
            if record.spec.repeat in repeats
            and (pipelines is None or record.spec.pipeline in pipelines)
        ]
        for side in SIDES
    )
    return base, head


def compare_samples(trial: Trial, samples: int, strictness: Strictness, tell: Tell) -> Comparison:
    """Compare the two sides in so many samples of each, and suspects in as many again.

    A pipeline is suspect if something about it is a regression, or a run of it was lost. It alone
    is run again, on further repeats; a regression that these do not show by themselves only warns.
    Raises as `take`.
    """
    names = trial.base.name, trial.head.name
    base, head = take(trial, range(samples), tell)
    first = compare_records(base, head, strictness=strictness, names=names)
    suspects = {c.pipeline for c in first.regressions} | {run.pipeline for run in first.lost}
    if not suspects:
        return first
    tell(f"again, with fresh samples: {', '.join(sorted(suspects))}")
    pipelines = sorted({r.spec.pipeline for r in base if r.spec.label in suspects})
    base, head = take(trial, range(samples, 2 * samples), tell, pipelines)
    return confirmed(first, compare_records(base, head, strictness=strictness, names=names))


def confirmed(first: Comparison, fresh: Comparison) -> Comparison:
    """What stands of a comparison after another of its suspects, made of fresh samples alone.

    A regression found again is shown as found in the fresh samples: the first ones were chosen for
    being large. One that fresh samples could not test stands. Runs lost in either are lost, since a
    failure now and then is one; a note tells what became of them in the fresh samples.
    """
    again = {change.subject: change for change in fresh.changes}
    changes = [
        _stands(change, again.get(change.subject)) if change in first.regressions else change
        for change in first.changes
    ]
    found = replace(first, changes=tuple(changes), lost=first.lost + fresh.lost)
    notes = [*first.notes, *fresh.notes]
    if first.regressions:
        notes.append(
            f"Regressions: {len(first.regressions)} in the first samples, {len(found.regressions)} "
            "of them in fresh ones as well; what was not confirmed only warns."
        )
    if first.lost:
        notes.append(
            f"Lost runs: {len(first.lost)} in the first samples, {len(fresh.lost)} in fresh ones "
            "of the same pipelines."
        )
    changes.sort(key=lambda c: not (c.state == "regression" and c.blocks))
    return replace(found, changes=tuple(changes), notes=tuple(dict.fromkeys(notes)))


def _stands(change: Change, again: Change | None) -> Change:
    if again is None or again.state == "not comparable":
        return replace(change, reason="could not be tested in fresh samples")
    if again.state == "regression":
        return replace(again, reason="confirmed by fresh samples")
    return replace(change, blocks=False, reason="not confirmed by fresh samples")


def clear(trial: Trial) -> None:
    """Give back the disk that prepared data took; records stay."""
    shutil.rmtree(trial.folder / "cache", ignore_errors=True)


def _sample(trial: Trial, side: str, suite: Path, repeat: int) -> None:
    """One repeat of the suite by one side, in a process of its own.

    Raises RevisionError if it has none to give, KeyboardInterrupt if a signal stopped it.
    """
    built = trial.side(side)
    command = built.command(
        "run",
        str(suite.resolve()),
        "--repeats",
        str(repeat + 1),
        "--out",
        str((trial.folder / side).resolve()),
        "--no-report",
        *(("--plugins", str(built.plugins)) if built.plugins else ()),
    )
    variables = built.variables() | {"OMICSBENCH_CACHE": str(_prepared(trial, side))}
    with (trial.folder / f"{side}.log").open("ab+") as log:
        begin = log.seek(0, os.SEEK_END)
        code = _run(command, variables, log)
        log.seek(begin)
        said = log.read().decode(errors="replace").strip().splitlines()
    taken = code in (0, NO_RUN_SUCCEEDED) and any(
        record.spec.repeat == repeat for record in _records(trial, side)
    )
    if code == STOPPED or code < 0:  # whoever sent it, it tells nothing of the revision
        raise KeyboardInterrupt
    if not taken:
        last = said[-1].removeprefix("omicsbench: ") if said else f"exit code {code}"
        raise RevisionError(f"{built.name} cannot run the suite: {last}")


def _run(command: list[str], variables: dict[str, str], log: Any) -> int:
    """Exit code of a command. Ctrl-C ends it in its own way, so that nothing is half done."""
    child = subprocess.Popen(
        command,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_stopped_with_parent(),
    )
    try:
        return child.wait()
    except BaseException:
        child.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_S
        while child.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        child.kill()
        child.wait()
        raise


def _stopped_with_parent() -> Callable[[], None] | None:
    """What a child is to call first so that SIGTERM stops it if this process is killed (Linux)."""
    if sys.platform != "linux":
        return None
    pr_set_pdeathsig = 1
    libc = ctypes.CDLL(None)  # loaded before the fork
    return lambda: libc.prctl(pr_set_pdeathsig, signal.SIGTERM)


def _prepared(trial: Trial, side: str) -> Path:
    """A side's own cache: what one revision prepared is no test of the other.

    Downloads are shared.
    """
    folder = (trial.folder / "cache" / side).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    places = look_in("downloads")
    shared = next((place for place in places if place.is_dir()), places[-1])
    shared.mkdir(parents=True, exist_ok=True)
    if not (folder / "downloads").is_symlink():
        (folder / "downloads").symlink_to(shared.resolve())
    return folder


def _records(trial: Trial, side: str) -> list[RunRecord]:
    """All records of a side. Raises RevisionError where this omicsbench cannot read them."""
    try:
        return store.read_records(trial.folder / side)
    except StoreError as error:
        raise RevisionError(f"{trial.side(side).name}: {error}") from error
