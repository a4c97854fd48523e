"""The command `ab`: exit codes, what a commit did, and `git bisect` by it."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from command import Cli, inside
from omicsbench.revisions import trial as ab
from repositories import CRASHES, GOOD, SLOWER, SUITE, WORSE, Repository, repository


@pytest.fixture
def history(tmp_path: Path) -> Repository:
    """Makes a repository of plug-ins whose commits are the given stages of a method."""
    return partial(repository, tmp_path / "repository")


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
    history: Repository, options: list[str], code: int, words: str
) -> None:
    done = inside("ab", *options, cwd=history(GOOD, GOOD))
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
    done = inside(
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
