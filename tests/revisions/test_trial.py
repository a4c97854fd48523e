"""Two revisions in turn: order, resuming, what counts after a second look, exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import replace
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
from omicsbench.tracking.lost_runs import Lost

Cli = Callable[..., subprocess.CompletedProcess[str]]
Repository = Callable[..., Path]
METHOD = '''\
import numpy as np
from omicsbench.plugin import method

@method(name="first_axes", family="simple", summary="The first k features.", source="tests")
class FirstAxes:
    """Keeps the first columns, after some work; stage {stage} of its history."""

    def __init__(self, n_components: int | None = None) -> None:
        self.n_components = n_components

    def fit(self, X):
        A = np.ones((200, 200)) / 200
        for _ in range({work}):
            A = np.tanh(A @ A)
        return self

    def transform(self, X):
        Z = np.array(X[:, : self.n_components], dtype=np.float32)
        {spoil}
        return Z
'''
GOOD = {"work": 60, "spoil": "pass"}
WORSE = {"work": 60, "spoil": "Z[:] = np.random.default_rng(0).standard_normal(Z.shape)"}
CRASHES = {"work": 60, "spoil": "raise RuntimeError('broken by this commit')"}
SLOWER = {"work": 120, "spoil": "pass"}
SUITE = """\
repeats = 2
n_components = 3
metrics = ["knn_recall", "trustworthiness"]
pipelines = ["first_axes"]
threads = 1
scored = 50
[[datasets]]
name = "linear_control(n=300)"
sizes = [50]
[analysis.tolerances]
time = 0.1
"""


@pytest.fixture
def history(tmp_path: Path) -> Repository:
    """Makes a repository of plug-ins whose commits are the given stages of a method."""

    def make(*stages: dict[str, object]) -> Path:
        folder = tmp_path / "repository"
        (folder / "my").mkdir(parents=True)
        (folder / "suite.toml").write_text(SUITE)

        def git(*arguments: str) -> None:
            subprocess.run(
                ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
                cwd=folder,
                check=True,
                capture_output=True,
            )

        git("init", "-q", "-b", "main")
        for number, stage in enumerate(stages):
            (folder / "my" / "axes.py").write_text(METHOD.format(stage=number, **stage))
            git("add", "-A")
            git("commit", "-q", "-m", f"stage {number}")
        return folder

    return make


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


def test_stopped_and_resumed_samples_are_each_taken_once(history: Repository) -> None:
    folder = history(GOOD, GOOD)
    command = [
        sys.executable,
        "-P",
        "-m",
        "omicsbench",
        "ab",
        "HEAD~",
        "HEAD",
        "--suite",
        "suite.toml",
        "--plugins",
        "my",
        "--out",
        "out",
    ]
    running = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while not list(folder.glob("out/*/done/a-0-*")):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    children = psutil.Process(running.pid).children(recursive=True)
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
LOSS = Lost("k", "d", "p", 50, 3, "crashed", "gone")


def _comparison(*changes: Change, lost: tuple[Lost, ...] = ()) -> Comparison:
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


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["HEAD~", "nope"], 2, "'nope'"),
        (["HEAD~", "nope", "--bisect"], 128, "'nope'"),
        (["HEAD~", "--bisect"], 128, "REV2"),
        (["HEAD~", "HEAD", "--frob", "--bisect"], 128, "--frob"),
        (["HEAD~", "HEAD", "--samples", "5"], 2, "fewer than 6"),
        (["HEAD~", "HEAD", "--suite", "cii", "--bisect"], 128, "cii"),
        (["HEAD~", "HEAD", "--suite", "suite.toml", "--plugins", "gone", "--bisect"], 125, "gone"),
        (["HEAD~", "HEAD", "--suite", "suite.toml"], 2, "--plugins"),
    ],
)
def test_bad_input_never_calls_a_revision_bad(
    history: Repository, cli: Cli, options: list[str], code: int, words: str
) -> None:
    done = cli("ab", *options, cwd=history(GOOD, GOOD))
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_bisect_is_not_judged_by_the_checkout_that_it_changes() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "omicsbench", "ab", "HEAD", "HEAD", "--bisect"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 128
    assert "changes at every step" in done.stderr or "not in a git repository" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "code"),
    [(GOOD, 0), (SLOWER, 1), (WORSE, 1), (CRASHES, 4)],
    ids=["same", "slower", "worse", "crashes"],
)
def test_what_a_commit_did_is_found(
    history: Repository, cli: Cli, stage: dict[str, object], code: int
) -> None:
    folder = history(GOOD, stage)
    done = cli(
        "ab",
        "HEAD~",
        "HEAD",
        "--suite",
        "suite.toml",
        "--plugins",
        "my",
        "--json",
        "found.json",
        cwd=folder,
        timeout=900,
    )
    assert done.returncode == code, done.stdout + done.stderr
    found = json.loads((folder / "found.json").read_text())
    worse = {c["quantity"] for c in found["changes"] if c["state"] == "regression" and c["blocks"]}
    if stage is SLOWER:
        assert worse & {"wall_s", "cpu_s"}  # a busy machine may hide the former
        assert "knn_recall" not in worse
    if stage is WORSE:
        assert "knn_recall" in worse
    if stage is CRASHES:
        assert {loss["status"] for loss in found["lost"]} == {"error"}
        assert len(found["lost"]) == 2 * ab.MIN_SAMPLES  # looked at twice


@pytest.mark.slow
def test_git_bisect_finds_the_commit(history: Repository) -> None:
    folder = history(GOOD, GOOD, GOOD, WORSE, WORSE)
    subprocess.run(
        ["git", "bisect", "start", "main", "main~4"], cwd=folder, check=True, capture_output=True
    )
    done = subprocess.run(
        [
            "git",
            "bisect",
            "run",
            sys.executable,
            "-P",
            "-m",
            "omicsbench",
            "ab",
            "main~4",
            "HEAD",
            "--suite",
            "suite.toml",
            "--plugins",
            "my",
            "--bisect",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is the first bad commit" in done.stdout
    assert "stage 3" in done.stdout


@pytest.mark.slow
def test_two_commits_of_this_repository_in_environments_of_their_own(
    tmp_path: Path, cli: Cli
) -> None:
    """A clone, and a commit that makes one method crash and leaves the others as they are."""
    root = Path(__file__).parents[2]
    clone = tmp_path / "clone"

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=clone,
            check=True,
            capture_output=True,
        )

    cloned = subprocess.run(
        ["git", "clone", "-q", str(root), str(clone)], capture_output=True, check=False
    )
    if cloned.returncode:
        pytest.skip("not a git checkout")
    method = clone / "methods" / "random_projection.py"
    text = method.read_text()
    assert "    def transform(self" in text
    method.write_text(text.replace("    def transform(self", "    def transformed(self"))
    git("commit", "-qam", "break a method")
    (clone / "suite.toml").write_text(SUITE.replace('"first_axes"', '"random_projection", "pca"'))
    done = cli(
        "ab",
        "HEAD~",
        "HEAD",
        "--suite",
        "suite.toml",
        "--json",
        "found.json",
        cwd=clone,
        timeout=3_000,
    )
    assert done.returncode == 4, done.stdout + done.stderr
    found = json.loads((clone / "found.json").read_text())
    assert {loss["pipeline"].partition("(")[0] for loss in found["lost"]} == {"random_projection"}
    compared = {c["pipeline"].partition("(")[0] for c in found["changes"]}
    assert "pca" in compared
