"""Git revisions of the harness, or of a repository of plug-ins, made ready to run side by side.

In two layers. The *environment* holds the libraries that a revision asks for; revisions that ask
for the very same share it. The *code* is the revision's own, from a clean export, in a folder of
its own that stands first on ``PYTHONPATH``. Both are kept in the cache and made once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from omicsbench.errors import OmicsbenchError, StoreError
from omicsbench.inputs.cache import made_in, made_whole
from omicsbench.inputs.fetch import Tell
from omicsbench.owned.scratch import scratch
from omicsbench.records import reading
from omicsbench.records.ids import digest
from omicsbench.revisions.checkout import CodeVersion, RevisionError, locate, top, write_files

PACKAGE = Path(__file__).resolve().parents[1]
FOR_DEVELOPERS = ("dev", "test", "tests", "docs")  # extras that a run does not need
NEEDED = ("--repeats", "--out", "--no-report", "--plugins")  # of the command run
SHOWN_LINES = 3  # of what pip said when it failed


@dataclass(frozen=True)
class Built:
    """A revision ready to run. ``identity`` covers its code and what it runs with."""

    version: CodeVersion
    identity: str
    python: Path
    paths: tuple[Path, ...]
    plugins: Path | None = None

    @property
    def name(self) -> str:
        return self.version.name

    def command(self, *arguments: str) -> list[str]:
        """The command line of this revision's omicsbench."""
        return [str(self.python), "-P", "-m", "omicsbench", *arguments]

    def variables(self) -> dict[str, str]:
        """Environment variables under which the command finds the revision's code."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "VIRTUAL_ENV")}
        before = kept.pop("PYTHONPATH", "") if self.plugins else ""  # how omicsbench may be found
        paths = [*map(str, self.paths), *filter(None, [before])]
        return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def build(
    revision: str,
    repository: Path,
    *,
    plugins: Path | None = None,
    tell: Tell = lambda step: None,
) -> Built:
    """A revision made ready to run; the user's checkout is not touched.

    Parameters
    ----------
    revision : any git revision, or a folder with a checkout, taken as it is, changed or not.
    plugins : folder inside the repository with methods and data sets. They are taken from the
        revision and run with the omicsbench of this interpreter.
    tell : called with each step that takes a while.

    Raises OmicsbenchError for an unknown revision, RevisionError if it cannot be built or is
    too old, StoreError if the cache cannot be written.
    """
    version = locate(revision, repository)
    if plugins is not None:
        return _with_plugins(version, repository, plugins, tell)
    with scratch("source") as files:
        write_files(version, files)
        project = _project(version, files)
        asked = _asked(project, files)
        home = _made_in("environments") / asked
        _environment(version, files, project, home, tell)
        python = home / "bin" / "python"
        code = _made_in("revisions") / f"{version.identity[:16]}-{asked}"
        if not code.is_dir():
            tell(f"building {version.name}")
            with made_whole(code) as whole:
                _pip(version, python, "--no-deps", "--target", str(whole), str(files))
    built = Built(version, digest([version.identity, asked]), python, (code,))
    _try(built)
    return built


def must_stand_outside(repository: Path) -> None:
    """Raises OmicsbenchError if the omicsbench that runs is that of the checkout itself."""
    root = top(repository)
    if root / "omicsbench" == PACKAGE:
        raise OmicsbenchError(
            f"The omicsbench that runs here is {root} itself, which git bisect changes at every "
            "step; install one elsewhere and let that judge (docs/ab.md)."
        )


def _with_plugins(version: CodeVersion, repository: Path, plugins: Path, tell: Tell) -> Built:
    """The revision's files, run by this interpreter's omicsbench.

    The export stands first on the path, so that what the plug-ins import from their own
    repository is the revision's too, even where it is installed.
    """
    try:
        inside = (repository / plugins).resolve().relative_to(top(repository))
    except ValueError:
        raise OmicsbenchError(
            f"--plugins {plugins} lies outside the repository {top(repository)}; both revisions "
            "would run the same files. Name a folder inside it."
        ) from None
    code = _made_in("exports") / version.identity[:16]
    if not code.is_dir():
        tell(f"exporting {version.name}")
        with made_whole(code) as whole:
            write_files(version, whole)
    if (code / "omicsbench").is_dir():
        raise OmicsbenchError(
            f"{version.root} is a repository of omicsbench itself: its methods and data sets "
            "belong to each revision; leave --plugins out."
        )
    if not (code / inside).is_dir():
        raise RevisionError(f"{version.name} has no folder {inside}.")
    identity = digest([version.identity, inside.as_posix(), sys.executable, _harness()])
    paths = tuple(path for path in (code / "src", code) if path.is_dir())
    return Built(version, identity, Path(sys.executable), paths, code / inside)


def _made_in(kind: str) -> Path:
    """A folder of the cache, absolute: a name that begins with a hyphen would be an option."""
    return made_in(kind).absolute()


def _harness() -> str:
    """Digest of the omicsbench of this interpreter: samples of two of them are not alike."""
    files = sorted(PACKAGE.rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _try(built: Built) -> None:
    """Raises RevisionError unless the revision's `run` has what is needed of it."""
    done = subprocess.run(
        built.command("run", "--help"),
        env=built.variables() | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RevisionError(
            f"{built.name} is too old, or broken: `omicsbench run --help` fails "
            f"({lines[-1] if lines else 'no message'})."
        )
    missing = [option for option in NEEDED if option not in done.stdout]
    if missing:
        raise RevisionError(f"{built.name} is too old: its `run` has no {', '.join(missing)}.")


def _environment(
    version: CodeVersion, files: Path, project: _Asked, home: Path, tell: Tell
) -> None:
    """The virtual environment of what the revision asks for; made where it is not there whole.

    It cannot be made elsewhere and moved, so a file written last says that it is whole.
    """
    whole = home / "whole"
    with _locked(home.with_suffix(".lock")):
        if whole.is_file():
            return
        tell(f"environment of {version.name}: installing what it needs (minutes, once)")
        shutil.rmtree(home, ignore_errors=True)
        _call(version, [sys.executable, "-m", "venv", str(home)])
        python = home / "bin" / "python"
        extras = project.extras
        wanted = ["all"] if "all" in extras else [e for e in extras if e not in FOR_DEVELOPERS]
        pinned = files / "constraints.txt"
        constraints = ["--constraint", str(pinned)] if pinned.is_file() else []
        named = f"[{','.join(wanted)}]" if wanted else ""
        _pip(version, python, *constraints, f"{files}{named}")
        # What is left are the libraries alone: the code comes from a folder of its own.
        _call(version, [str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "omicsbench"])
        whole.touch()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Of several processes one at a time. Raises StoreError if the cache cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise StoreError(
            f"Cannot write {path}: {error.strerror}. Set OMICSBENCH_CACHE to another folder."
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed, however that happens
        yield


class _Asked(BaseModel):
    """The table ``project`` of a pyproject.toml, as far as an environment rests on it."""

    name: str = ""
    dependencies: list[str] = []
    extras: dict[str, list[str]] = Field(default={}, alias="optional-dependencies")


class _Project(BaseModel):
    project: _Asked = _Asked()


def _project(version: CodeVersion, files: Path) -> _Asked:
    path = files / "pyproject.toml"
    try:
        found = _Project.model_validate(reading.from_toml(reading.read(path))).project
    except FileNotFoundError:
        found = _Asked()
    except ValidationError as error:
        problem = reading.first_problem(error)
        raise RevisionError(f"Cannot build {version.name}: pyproject.toml: {problem}.") from error
    except (ValueError, StoreError) as error:
        raise RevisionError(f"Cannot build {version.name}: pyproject.toml: {error}.") from error
    if found.name != "omicsbench":
        raise OmicsbenchError(
            f"{version.name} of {version.root} is no omicsbench; for methods and data sets of your "
            "own name their folder with --plugins."
        )
    return found


def _asked(project: _Asked, files: Path) -> str:
    """Digest of what an environment is made from."""
    pinned = files / "constraints.txt"
    return digest(
        [
            project.dependencies,
            {name: needs for name, needs in project.extras.items() if name not in FOR_DEVELOPERS},
            pinned.read_text("utf-8", "backslashreplace") if pinned.is_file() else "",
            sys.version,
            sysconfig.get_platform(),
            sys.base_prefix,
        ]
    )


def _pip(version: CodeVersion, python: Path, *arguments: str) -> None:
    _call(version, [str(python), "-m", "pip", "install", "--quiet", *arguments])


def _call(version: CodeVersion, command: list[str]) -> None:
    """Raises RevisionError with the last lines of what a failed command said."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command,
        env=clean | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        said = " / ".join(lines[-SHOWN_LINES:]) or f"exit code {done.returncode}"
        raise RevisionError(f"Cannot build {version.name}: {said}")
