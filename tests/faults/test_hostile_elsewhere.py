"""Hostile metrics and data sets, files that are hostile when imported, models kept for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hostile_suite import HONEST, plugins, registry, run, wrong
from hostility import ROWS, Kind
from omicsbench.records.spec import Status
from watched import Watched

Tell = Callable[[str, str, str], None]
PLAIN = ["knn_recall", "knn_transfer_balanced_accuracy"]
# What a file does when a worker imports it, and whether it does no harm.
IMPORTED = {
    "raises": "raise RuntimeError('not here')",
    "exits": "os._exit(51)",
    "exits_0": "os._exit(0)",
    "asks_to_exit": "sys.exit(52)",
    "aborts": "os.abort()",
    "forks": "os.fork()",
    "prints": "print('x' * 1_000_000)",
    "closes": "os.closerange(0, 3)",
    "changes_folder": "os.chdir('/')",
    "has_numpy_raise": "numpy.seterr(all='raise')",
}
HARMLESS = {"forks", "prints", "closes", "changes_folder", "has_numpy_raise"}
FILE = """
import os, sys, numpy
from hostility import Honest
from omicsbench.plugin import method

if "omicsbench.running.worker" in sys.orig_argv:
    {deed}

@method(name="imported_{name}", family="simple", summary="x", source="tests")
class Imported(Honest):
    "Honest, once it is imported."
"""
SHARED = ("cannot_be_pickled", "raises_when_pickled", "exits_when_unpickled")


@pytest.mark.slow
def test_all_kinds_of_metrics(tmp_path: Path, tell: Tell) -> None:
    folder = plugins(tmp_path, ["metrics"])
    metrics = {
        name: entry.make.kind
        for name, entry in registry(folder).metrics.items()
        if hasattr(entry.make, "kind")
    }
    alone = run(tmp_path / "alone", (), folder)
    found = [*alone.problems()]
    for name, kind in metrics.items():
        outcome = run(tmp_path / name, (), folder, metrics=[*PLAIN, name])
        expected = Kind(kind.status, kind.says, f"{kind.status}|skipped", kind.same)
        found += [f"{name}: {what}" for what in outcome.problems()]
        runs = outcome.runs.get(HONEST["embed"], {})
        honest = alone.runs[HONEST["embed"]]
        found += [f"{name}: {what}" for what in wrong(expected, runs, honest)]
    assert found == [], "\n".join(found)
    tell(
        "hostile metrics, each in a suite of an honest method",
        f"{len(metrics)} kinds",
        "one record a run, as expected, other metrics as without it",
    )


@pytest.mark.slow
def test_all_kinds_of_loaders(tmp_path: Path, tell: Tell) -> None:
    folder = plugins(tmp_path, ["datasets"])
    loaders = {
        name: entry.make.says
        for name, entry in registry(folder).datasets.items()
        if hasattr(entry.make, "says")
    }
    found = []
    for name, says in loaders.items():
        words = ["--only", "-m", "pca", "--dataset", name, "--plugins", folder, "--no-report"]
        place = tmp_path / name
        command = Watched(place, "run", "quick", *words, "--out", place / "out")
        code = command.wait(120)
        last = command.words().strip().splitlines()[-1]
        if code != 2 or "Traceback" in command.words() or says not in last:
            found.append(f"{name}: exit code {code}: {command.words()[-500:]}")
        if command.left() or command.files():
            found.append(f"{name}: left {command.left()} {command.files()}")
    assert found == [], "\n".join(found)
    tell("hostile loaders of data sets", f"{len(loaders)} kinds", "one sentence, exit code 2")


@pytest.mark.slow
def test_files_that_are_hostile_when_imported(tmp_path: Path, tell: Tell) -> None:
    folder = plugins(tmp_path, ())
    for name, deed in IMPORTED.items():
        (folder / f"{name}.py").write_text(FILE.format(name=name, deed=deed))
    outcome = run(tmp_path, [f"imported_{name}" for name in IMPORTED], folder)
    found = [*outcome.problems()]
    honest = outcome.runs[HONEST["embed"]]
    for name in IMPORTED:
        good = name in HARMLESS
        kind = Kind("ok") if good else Kind("crashed|error", "", "crashed|error|skipped")
        runs = outcome.runs.get(f"imported_{name}", {})
        found += [f"{name}: {what}" for what in wrong(kind, runs, honest)]
    found += [f"honest: {r.reason}" for r in honest.values() if r.status is not Status.OK]
    assert found == [], "\n".join(found)
    tell(
        "files of methods that are hostile when a worker imports them",
        f"{len(IMPORTED)} kinds",
        "one record each, the other methods complete",
    )


@pytest.mark.slow
def test_models_that_are_kept_for_other_pipelines(tmp_path: Path, tell: Tell) -> None:
    folder = plugins(tmp_path, ["cheating"])
    ends = ("honest_method", "pca")
    chains = [f"{name}(5) > {end}" for name in SHARED for end in ends]
    outcome = run(tmp_path, chains, folder, sizes=[ROWS])
    found = [*outcome.problems()]
    names = [f"{name}(5) > {end}(2)" for name in SHARED for end in ends]
    for name in names:
        record = next(iter(outcome.by_pipeline.get(name, {}).values()), None)
        harmless = name.startswith("cannot")
        if record is None or (harmless and record.status is not Status.OK):
            found.append(f"{name}: {record and record.reason}")
    honest = outcome.runs[HONEST["embed"]][ROWS]
    if honest.status is not Status.OK:
        found.append(f"honest: {honest.reason}")
    assert found == [], "\n".join(found)
    tell(
        "models that cannot be kept for other pipelines, or run code where they are taken",
        f"{len(SHARED)} kinds in {len(names)} pipelines",
        "one record each, the other methods complete",
    )


@pytest.mark.slow
def test_a_name_that_is_there_twice(tmp_path: Path) -> None:
    folder = plugins(tmp_path, ())
    text = (folder / "hostile_raising.py").read_text(encoding="utf-8")
    (folder / "twin.py").write_text(text, encoding="utf-8")
    command = Watched(tmp_path, "run", "quick", "--plugins", folder, "--out", tmp_path / "out")
    assert command.wait(60) == 2
    assert "rename one" in " ".join(command.words().split())
