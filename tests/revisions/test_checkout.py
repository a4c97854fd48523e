"""What a revision's name stands for, and its files as committed or as they lie there."""

from __future__ import annotations

from pathlib import Path

import pytest

from omicsbench.errors import OmicsbenchError
from omicsbench.revisions.checkout import locate, write_files
from repositories import Git, commit_files


def test_a_commit_is_exported_as_committed_and_the_checkout_left_alone(
    repository: Path, git: Git, tmp_path: Path
) -> None:
    first = commit_files(repository, git, {"a.py": "1", "results/x.json": "{}"})
    commit_files(repository, git, {"a.py": "2"})
    (repository / "a.py").write_text("3")
    (repository / "b.py").write_text("new")
    before = git("status", "--porcelain")
    assert locate("HEAD~", repository).identity == first
    out = tmp_path / "out"
    out.mkdir()
    write_files(locate("HEAD~", repository), out)
    assert {p.name: p.read_text() for p in out.iterdir()} == {"a.py": "1"}
    assert git("status", "--porcelain") == before
    assert (repository / "a.py").read_text() == "3"


def test_a_folder_is_taken_as_it_is(repository: Path, git: Git, tmp_path: Path) -> None:
    commit_files(repository, git, {"a.py": "1", "gone.py": "1", ".gitignore": "*.log\n"})
    clean = locate(".", repository)
    (repository / "x.log").write_text("ignored")
    (repository / "results").mkdir()
    (repository / "results" / "r.json").write_text("{}")
    assert locate(".", repository).identity == clean.identity
    (repository / "a.py").write_text("2")
    edited = locate(".", repository)
    (repository / "b.py").write_text("untracked")
    (repository / "gone.py").unlink()
    last = locate(str(repository), tmp_path / "repository")
    assert len({clean.identity, edited.identity, last.identity}) == 3
    out = tmp_path / "out"
    out.mkdir()
    write_files(last, out)
    content = {p.name: p.read_text() for p in out.iterdir()}
    assert content == {"a.py": "2", "b.py": "untracked", ".gitignore": "*.log\n"}


def test_a_revision_goes_before_a_folder_of_its_name(repository: Path, git: Git) -> None:
    commit = commit_files(repository, git, {"my/a.py": "1"})
    assert locate("my", repository).commit is None
    git("branch", "my")
    assert locate("my", repository).commit == commit


@pytest.mark.parametrize("name", ["nope", "-x", "HEAD~5", "--output=x"])
def test_an_unknown_revision_is_named(repository: Path, git: Git, name: str) -> None:
    commit_files(repository, git, {"a.py": "1"})
    with pytest.raises(OmicsbenchError, match="no revision") as refused:
        locate(name, repository)
    assert name in str(refused.value)
