"""Small repositories: commits of any files, and of plug-ins that change what one method does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

Git = Callable[..., str]  # words: what git prints
Repository = Callable[..., Path]  # stages of a method: the folder
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


def repository(folder: Path, *stages: dict[str, object]) -> Path:
    """Make a repository of plug-ins whose commits are the given stages of a method."""
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


def commit_files(repository: Path, git: Git, files: dict[str, str]) -> str:
    """Write files and commit them; the new commit."""
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", "change")
    return git("rev-parse", "HEAD")
