"""Whatever a plug-in does ends as one record with its cause, and touches nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import hostile_suite
from hostile_suite import BESIDE, HONEST, OF_METHODS, Runs, kinds, plugins, registry, run, wrong
from omicsbench.records.spec import Status

# One of each group, for every run of the tests: the whole matrix takes a quarter of an hour.
FEW = (
    "exits_74",
    "forks_and_returns",
    "starts_without_environment",
    "writes_garbage_everywhere",
    "returns_the_same_array_each_time",
)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Runs]:
    """Runs of the honest, by task, where nobody is hostile."""
    found = {}
    for task, beside in BESIDE.items():
        folder = tmp_path_factory.mktemp(f"undisturbed-{task}")
        outcome = run(folder, [beside], plugins(folder, ["predicting"]), task)
        assert not [*outcome.problems()], outcome.words
        found[task] = outcome.runs
    return found


def _judge(outcome: hostile_suite.Outcome, expected: dict, alone: Runs, honest: str) -> list[str]:
    found = [*outcome.problems()]
    for name, runs in alone.items():
        for size, record in runs.items():
            beside = outcome.runs.get(name, {}).get(size)
            if beside is None or beside.status is not Status.OK or beside.scores != record.scores:
                found.append(f"honest {name} on {size} rows: {beside and beside.reason}")
    for name, kind in expected.items():
        found += [
            f"{name}: {what}" for what in wrong(kind, outcome.runs.get(name, {}), alone[honest])
        ]
    return found


def test_one_of_each_kind(tmp_path: Path) -> None:
    folder = plugins(tmp_path)
    known = registry(folder)
    expected = {name: known.method(name).make.kind for name in FEW}
    outcome = run(tmp_path, FEW, folder)
    alone = {HONEST["embed"]: outcome.runs[HONEST["embed"]]}
    assert _judge(outcome, expected, alone, HONEST["embed"]) == []


@pytest.mark.slow
@pytest.mark.parametrize("group", OF_METHODS)
def test_all_kinds_of_methods(
    tmp_path: Path, group: str, undisturbed: dict[str, Runs], tell
) -> None:
    task = "predict" if group == "predicting" else "embed"
    folder = plugins(tmp_path, [group])
    expected = kinds(registry(folder), group)
    assert len(expected) > 8
    # Taking memory, which must not be mistaken for taking time, is slow on a busy machine.
    limit = {"timeout_s": 30} if group in ("memory", "children") else {}
    outcome = run(tmp_path, [BESIDE[task], *expected], folder, task, **limit)
    found = _judge(outcome, expected, undisturbed[task], HONEST[task])
    assert found == [], "\n".join(found)
    module = (hostile_suite.PLUGINS / f"hostile_{group}.py").read_text(encoding="utf-8")
    said = module.split(": ", 1)[1].split("\n", 1)[0].rstrip('".')
    peak = outcome.peak_bytes / 2**20
    tell(
        f"hostile {said}",
        f"{len(expected)} kinds",
        f"one record each, as expected; exit code {outcome.code}; driver {peak:.0f} MiB",
    )
