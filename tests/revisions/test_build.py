"""Revisions made ready to run: built once and whole; clear refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from omicsbench.errors import OmicsbenchError
from omicsbench.revisions.build import build
from omicsbench.revisions.checkout import RevisionError
from repositories import Git, commit_files

# A project that builds without a download: its backend, in the tree, writes the wheel itself.
PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "omicsbench"
version = "1"
dependencies = []
"""


BACKEND = """\
import pathlib, zipfile
NAME = "omicsbench-1-py3-none-any.whl"
META = {
    "METADATA": "Metadata-Version: 2.1\\nName: omicsbench\\nVersion: 1\\n",
    "WHEEL": "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(pathlib.Path(folder) / NAME, "w") as wheel:
        for path in pathlib.Path("omicsbench").glob("*.py"):
            wheel.write(path)
        for name, text in META.items():
            wheel.writestr(f"omicsbench-1.dist-info/{name}", text)
        wheel.writestr("omicsbench-1.dist-info/RECORD", "")
    return NAME
"""


MAIN = 'print("--repeats --out --no-report --plugins", {text!r})\n'


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(OmicsbenchError, match="not in a git repository"):
        build("HEAD", tmp_path)


def test_plugins_come_from_the_revision(repository: Path, git: Git) -> None:
    commit_files(repository, git, {"my/m.py": "one", "lib.py": "", "src/other.py": ""})
    commit_files(repository, git, {"my/m.py": "two"})
    (repository / "my" / "m.py").write_text("three")
    built = [build(r, repository, plugins=Path("my")) for r in ("HEAD~", "HEAD", ".")]
    texts = [(b.plugins / "m.py").read_text() for b in built if b.plugins]
    assert texts == ["one", "two", "three"]
    assert len({b.identity for b in built}) == 3
    # What the plug-ins import of their repository is the revision's, were it installed or not.
    for b in built:
        where = "import lib, other; print(lib.__file__, other.__file__)"
        found = subprocess.run(
            [b.python, "-P", "-c", where],
            env=b.variables(),
            capture_output=True,
            text=True,
            check=True,
            cwd=repository,
        ).stdout.split()
        assert b.plugins is not None
        assert found == [
            str(b.plugins.parent / "lib.py"),
            str(b.plugins.parent / "src" / "other.py"),
        ]


def test_plugins_that_tell_nothing_are_refused(repository: Path, git: Git, tmp_path: Path) -> None:
    commit_files(repository, git, {"a.py": "1"})
    commit_files(repository, git, {"my/m.py": "1"})
    with pytest.raises(RevisionError, match=r"HEAD~ has no folder my"):
        build("HEAD~", repository, plugins=Path("my"))
    with pytest.raises(OmicsbenchError, match="outside the repository"):
        build("HEAD", repository, plugins=tmp_path)
    with pytest.raises(OmicsbenchError, match="is no omicsbench"):
        build("HEAD", repository)
    commit_files(repository, git, {"omicsbench/__init__.py": "", "methods/m.py": ""})
    with pytest.raises(OmicsbenchError, match="leave --plugins out"):
        build("HEAD", repository, plugins=Path("methods"))


def test_environments_are_shared_and_code_is_not(
    repository: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    project = {"pyproject.toml": PROJECT, "backend.py": BACKEND, "omicsbench/__init__.py": ""}
    commit_files(repository, git, project | {"omicsbench/__main__.py": MAIN.format(text="one")})
    commit_files(repository, git, {"omicsbench/__main__.py": MAIN.format(text="two")})
    steps: list[str] = []
    one, two = (build(r, repository, tell=steps.append) for r in ("HEAD~", "HEAD"))
    assert one.python == two.python != Path(sys.executable)
    assert [step.split()[0] for step in steps] == ["environment", "building", "building"]
    for built, word in ((one, "one"), (two, "two")):
        said = subprocess.run(
            built.command("run"), env=built.variables(), capture_output=True, text=True, check=True
        ).stdout
        assert word in said
    # Without the path there is none: the environment holds libraries alone.
    bare = subprocess.run(
        [one.python, "-P", "-c", "import omicsbench"],
        capture_output=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        check=False,
    )
    assert bare.returncode == 1

    # The same again takes nothing; what was left half made is made anew.
    steps.clear()
    build("HEAD", repository, tell=steps.append)
    assert steps == []
    home = one.python.parent.parent
    (home / "whole").unlink()
    one.python.unlink()
    assert build("HEAD", repository, tell=steps.append).python.is_file()
    assert len(steps) == 1


def test_what_cannot_be_built_or_is_too_old(
    repository: Path, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMICSBENCH_CACHE", str(tmp_path / "cache"))
    project = {"pyproject.toml": PROJECT, "backend.py": BACKEND, "omicsbench/__init__.py": ""}
    commit_files(repository, git, project | {"omicsbench/__main__.py": 'print("--repeats --out")'})
    with pytest.raises(RevisionError, match=r"too old.*--no-report, --plugins"):
        build("HEAD", repository)
    commit_files(repository, git, {"omicsbench/__main__.py": 'raise SystemExit("No such command")'})
    with pytest.raises(RevisionError, match="No such command"):
        build("HEAD", repository)
    commit_files(repository, git, {"backend.py": 'raise RuntimeError("the backend is broken")'})
    with pytest.raises(RevisionError, match="Cannot build HEAD: ") as refused:
        build("HEAD", repository)
    assert "Traceback" not in str(refused.value)
    commit_files(repository, git, {"pyproject.toml": PROJECT.replace("[project]", "[project")})
    with pytest.raises(RevisionError, match=r"pyproject\.toml"):
        build("HEAD", repository)
    assert not list((tmp_path / "cache" / "revisions").glob(".*"))
