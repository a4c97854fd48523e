"""What a name of a revision stands for in git, and its files in a folder of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from omicsbench.errors import OmicsbenchError

LEFT_OUT = "results"  # of an export: records in it are no code


class RevisionError(OmicsbenchError):
    """A revision that is there but cannot be built, or cannot run a suite."""


@dataclass(frozen=True)
class CodeVersion:
    """What a name stands for: a commit, or a checkout as it is (``commit`` is None).

    ``identity`` is the commit's hash or a digest of the files: equal ones are equal code.
    """

    name: str
    root: Path
    commit: str | None
    identity: str

    @property
    def short(self) -> str:
        """Names a folder; tells a checkout as it is from a commit."""
        return self.identity[:10] if self.commit else f"tree-{self.identity[:8]}"


def locate(revision: str, repository: Path) -> CodeVersion:
    """What a name stands for: a git revision, otherwise a folder with a checkout, such as ``.``.

    Raises OmicsbenchError where there is no repository, or nothing in it by that name.
    """
    root = top(repository)
    if not revision.startswith("-"):
        found = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if found.returncode == 0:
            commit = found.stdout.decode().strip()
            return CodeVersion(revision, root, commit, commit)
    folder = repository / revision
    if folder.is_dir():
        root = top(folder)
        return CodeVersion(revision, root, None, _content(root))
    raise OmicsbenchError(
        f"There is no revision {revision!r} in {root}; give a commit, tag or branch (git fetch "
        "brings those of a server), or a folder with a checkout, such as `.`."
    )


def write_files(version: CodeVersion, into: Path) -> None:
    """Write the files of a revision to an empty folder.

    Raises RevisionError where git cannot, OSError where the folder cannot be written.
    """
    if version.commit is None:
        for name in _files(version.root):
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(version.root / name, into / name)
        return
    with tempfile.TemporaryFile() as packed:
        done = subprocess.run(
            [
                "git",
                "-C",
                str(version.root),
                "archive",
                "--format=tar",
                version.commit,
                "--",
                ".",
                f":(exclude,top){LEFT_OUT}",
            ],
            stdout=packed,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise RevisionError(f"Cannot export {version.name}: {said}.")
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(into, filter="data")


def top(folder: Path) -> Path:
    """Top of the checkout that a folder lies in. Raises OmicsbenchError where it lies in none."""
    if not folder.is_dir():
        raise OmicsbenchError(f"There is no folder {folder}.")
    found = _git(folder, "rev-parse", "--show-toplevel")
    if found.returncode != 0:
        raise OmicsbenchError(
            f"{folder.resolve()} is not in a git repository; go to one, and run it there."
        )
    return Path(os.fsdecode(found.stdout).rstrip("\n"))


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False
        )
    except FileNotFoundError:
        raise OmicsbenchError("git is not installed; revisions cannot be read.") from None


def _files(root: Path) -> list[Path]:
    """Files of a checkout that git knows or would add, relative to its top."""
    listed = _git(
        root,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
        "--",
        ".",
        f":(exclude,top){LEFT_OUT}",
    ).stdout
    names = sorted(os.fsdecode(name) for name in listed.split(b"\0") if name)
    return [Path(name) for name in names if (root / name).is_file()]


def _content(root: Path) -> str:
    """Digest of a checkout as it is: names and contents."""
    total = hashlib.sha256()
    for name in _files(root):
        content = hashlib.sha256((root / name).read_bytes()).hexdigest()
        total.update(f"{name.as_posix()}\0{content}\0".encode(errors="surrogateescape"))
    return total.hexdigest()
