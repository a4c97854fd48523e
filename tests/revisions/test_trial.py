"""Two revisions in turn: order, resuming, what counts after a second look."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from omicsbench.planning.suite import load_suite, suites
from omicsbench.records.spec import RunRecord
from omicsbench.registry.discover import discover
from omicsbench.registry.pipeline import resolve
from omicsbench.revisions import trial as ab
from omicsbench.revisions.build import build
from omicsbench.revisions.checkout import RevisionError
from omicsbench.running.runner import Interrupted
from omicsbench.tracking.compare import Alarm, Change, Comparison
from omicsbench.tracking.lost_runs import LostRun
from repositories import GOOD, SUITE, Repository, repository
from users import as_second, give_to_first, two_users


@pytest.fixture
def history(tmp_path: Path) -> Repository:
    """Makes a repository of plug-ins whose commits are the given stages of a method."""
    return partial(repository, tmp_path / "repository")


def test_sides_take_turns_at_going_first() -> None:
    assert "".join(side for _, side in ab.turns(range(4))) == "abbaabba"
    assert ab.turns(range(3, 5)) == [(3, "b"), (3, "a"), (4, "a"), (4, "b")]


@pytest.mark.parametrize("name", sorted(suites()))
def test_both_sides_read_the_suite_that_is_meant(name: str, tmp_path: Path) -> None:
    suite = load_suite(name)
    path = tmp_path / "x.toml"
    path.write_text(ab.as_toml(suite))
    unsaid = dict.fromkeys(ab.NO_PART_OF_A_RUN)
    assert not ab.NO_PART_OF_A_RUN & tomllib.loads(path.read_text()).keys()
    assert load_suite(str(path)).model_dump() | unsaid == suite.model_dump() | unsaid
    # Suspects are named to a side by the text in a record.
    registry = discover()
    for text in suite.pipelines:
        written = resolve(text, registry, suite.n_components, suite.families).text
        assert resolve(written, registry, suite.n_components, suite.families).text == written


def test_what_toml_writes_differently() -> None:
    suite = load_suite("quick").model_copy(
        update={"pipelines": ("pca", 'x("ä", [1, 2.5], true)\n'), "fewer_repeats": {"a > b": 2}}
    )
    content = tomllib.loads(ab.as_toml(suite))
    assert tuple(content["pipelines"]) == suite.pipelines
    assert content["fewer_repeats"] == suite.fewer_repeats


def _keys(records: list[RunRecord]) -> dict[int, tuple[str, str]]:
    return {r.spec.repeat: (r.key, json.dumps(r.phases.model_dump())) for r in records}


def _until_a_sample_is_taken(folder: Path) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """An `ab` that is at its second sample, and the processes that it has started."""
    words = ["ab", "HEAD~", "HEAD", "--suite", "suite.toml", "--plugins", "my", "--out", "out"]
    command = [sys.executable, "-P", "-m", "omicsbench", *words]
    running = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while not list(folder.glob("out/*/done/a-0-*")):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return running, psutil.Process(running.pid).children(recursive=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_killed_one_leaves_no_side_at_work(history: Repository) -> None:
    running, children = _until_a_sample_is_taken(history(GOOD, GOOD))
    running.kill()
    running.communicate()
    assert not psutil.wait_procs(children, timeout=20)[1]


def test_stopped_and_resumed_samples_are_each_taken_once(history: Repository) -> None:
    folder = history(GOOD, GOOD)
    running, children = _until_a_sample_is_taken(folder)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1]
    assert running.returncode == 130, said
    assert "1 of 12 samples are kept in out" in said
    assert not psutil.wait_procs(children, timeout=10)[1]

    base, head = (build(r, folder, plugins=folder / "my") for r in ("HEAD~", "HEAD"))
    trial = ab.set_up(load_suite(str(folder / "suite.toml")), base, head, folder / "out")
    (kept,) = ab._records(trial, "a")
    steps: list[str] = []
    a, b = ab.take(trial, range(2), steps.append)
    assert [step.partition(":")[0] for step in steps] == [f"sample {n} of 4" for n in (2, 3, 4)]
    assert _keys(a)[0] == _keys([kept])[0]
    begun = {(side, r.spec.repeat): r.started_at for side, rs in (("a", a), ("b", b)) for r in rs}
    assert sorted(begun, key=lambda turn: begun[turn]) == [("a", 0), ("b", 0), ("b", 1), ("a", 1)]
    assert {r.environment.jobs for r in a + b} == {1}

    # Once more takes nothing, and neither does another look at some of the repeats.
    steps.clear()
    again, _ = ab.take(trial, range(2), steps.append)
    assert (_keys(again), steps) == (_keys(a), [])
    only, _ = ab.take(trial, range(1, 2), steps.append)
    assert list(_keys(only)) == [1]
    # The folder does not count as a change of the checkout.
    assert (
        build(".", folder, plugins=folder / "my").identity
        == build(str(folder), folder, plugins=folder / "my").identity
    )
    ab.clear(trial)
    assert not (trial.folder / "cache").exists()
    assert len(ab._records(trial, "a")) == 2


def test_a_side_that_cannot_run_the_suite_is_named(history: Repository) -> None:
    folder = history({**GOOD, "spoil": "pass"}, GOOD)
    (folder / "suite.toml").write_text(SUITE.replace('"first_axes"', '"second_axes"'))
    base, head = (build(r, folder, plugins=folder / "my") for r in ("HEAD~", "HEAD"))
    trial = ab.set_up(load_suite(str(folder / "suite.toml")), base, head, folder / "out")
    with pytest.raises(RevisionError, match=r"HEAD~ cannot run the suite: .*second_axes"):
        ab.take(trial, range(1), lambda step: None)


@pytest.mark.parametrize("how", ["kill -TERM $$", "kill -KILL $$", "exit 130"])
def test_a_side_that_a_signal_stops_is_an_interruption(
    how: str, history: Repository, tmp_path: Path
) -> None:
    """Not "cannot run the suite": git bisect would call the revision untestable."""
    folder = history(GOOD, GOOD)
    base, head = (build(r, folder, plugins=folder / "my") for r in ("HEAD~", "HEAD"))
    stand_in = tmp_path / "python"
    stand_in.write_text(f"#!/bin/sh\n{how}\n")
    stand_in.chmod(0o755)
    suite = load_suite(str(folder / "suite.toml"))
    trial = ab.set_up(suite, replace(base, python=stand_in), head, folder / "out")
    with pytest.raises(Interrupted, match="0 of 2 samples are kept"):
        ab.take(trial, range(1), lambda step: None)


CHANGE = Change("d", "p", 50, "wall_s", "regression", 1.0, 1.5, 1.5, 1.4, 1.6, 0.01, 0.1, 6, True)
FINE = replace(CHANGE, quantity="cpu_s", state="no change", p=0.5)
LOSS = LostRun("k", "d", "p", 50, 3, "crashed", "gone")


def _comparison(*changes: Change, lost: tuple[LostRun, ...] = ()) -> Comparison:
    return Comparison("a", "b", changes, lost, 6)


@pytest.mark.parametrize(
    ("fresh", "alarm", "reason"),
    [
        ({"effect": 1.3}, Alarm.REGRESSION, "confirmed by fresh samples"),
        ({"state": "no change"}, Alarm.NONE, "not confirmed by fresh samples"),
        ({"state": "improvement"}, Alarm.NONE, "not confirmed by fresh samples"),
        ({"state": "not comparable"}, Alarm.REGRESSION, "could not be tested"),
        ({"quantity": "other"}, Alarm.REGRESSION, "could not be tested"),
    ],
)
def test_a_suspect_fails_only_if_found_again(
    fresh: dict[str, Any], alarm: Alarm, reason: str
) -> None:
    found = ab.confirmed(_comparison(CHANGE, FINE), _comparison(replace(CHANGE, **fresh)))
    assert found.alarm is alarm
    judged = {change.subject: change for change in found.changes}
    assert reason in judged[CHANGE.subject].reason
    assert judged[FINE.subject] == FINE
    # A regression is shown as large as the fresh samples say; what only warns, as it was found.
    assert judged[CHANGE.subject].effect == (1.3 if reason.startswith("confirmed") else 1.5)


def test_runs_lost_in_fresh_samples_are_lost_too() -> None:
    fresh = _comparison(replace(CHANGE, state="no change"), lost=(LOSS,))
    found = ab.confirmed(_comparison(CHANGE, FINE), fresh)
    assert found.alarm is Alarm.LOST
    assert "not confirmed" in {c.subject: c for c in found.changes}[CHANGE.subject].reason
    assert ab.confirmed(_comparison(CHANGE, FINE), _comparison(FINE)).alarm is Alarm.REGRESSION


def test_runs_lost_in_the_first_samples_stay_lost() -> None:
    fresh = _comparison(replace(CHANGE, state="no change"))
    found = ab.confirmed(_comparison(CHANGE, lost=(LOSS,)), fresh)
    assert found.alarm is Alarm.LOST
    assert found.notes == (
        "Regressions: 1 in the first samples, 0 of them in fresh ones as well; what was not "
        "confirmed only warns.",
        "Lost runs: 1 in the first samples, 0 in fresh ones of the same pipelines.",
    )


PREPARED = """
from pathlib import Path
from types import SimpleNamespace
from omicsbench.revisions.trial import _prepared
print((_prepared(SimpleNamespace(folder=Path({folder!r})), "base") / "downloads").resolve())
"""


@two_users
def test_sides_find_the_downloads_of_a_cache_that_is_read_only(tmp_path: Path) -> None:
    downloads = tmp_path / "cache" / "downloads"
    downloads.mkdir(parents=True)
    give_to_first(tmp_path / "cache")
    code = PREPARED.format(folder=str(tmp_path / "trial"))
    done = as_second(code, tmp_path / "cache", tmp_path / "home")
    assert done.stdout == f"{downloads}\n", done.stderr
