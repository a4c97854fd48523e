"""An empty repository, and git in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from repositories import Git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


@pytest.fixture
def git(repository: Path) -> Git:
    """Runs git in the repository, which it makes."""

    def call(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=repository,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    call("init", "-q", "-b", "main")
    return call
