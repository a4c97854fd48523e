"""Files that data sets need from elsewhere: downloaded once, checked ever after.

They lie in ``downloads`` of the cache folder. Beside each, ``NAME.sha256`` holds its
checksum, where it came from, and the size and time at which it was last found right, so that
4 GB are not read again at every start.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from omicsbench.errors import DataError
from omicsbench.inputs.cache import look_in, made_in
from omicsbench.inputs.download import Download
from omicsbench.inputs.turns import alone
from omicsbench.plugin import Remote
from omicsbench.records.store import write_text

Tell = Callable[[str], None]
_HASH = re.compile(r"^([0-9a-f]{64})(?:\s|$)", re.MULTILINE | re.IGNORECASE)


def downloads_folder() -> Path:
    """Where downloaded files lie, and where files brought by other means are put."""
    return made_in("downloads")


def local_path(remote: Remote) -> Path:
    """Where the file lies, or will once it is there."""
    places = [folder / remote.name for folder in look_in("downloads")]
    return next((path for path in places if path.is_file()), places[-1])


def known_sha256(remote: Remote) -> str | None:
    """The checksum recorded beside the file, 64 hex digits; None before the first download."""
    record = _Record.read(local_path(remote))
    return record.sha256 if record else None


def fetch(remote: Remote, tell: Tell | None = None) -> Path:
    """The file, downloaded if it is not there, and checked.

    A stated sha256 must hold. A stated md5 must hold unless a sha256 is recorded beside
    the file: that is how a user accepts a file whose stated checksum is in doubt. Where nothing
    is stated, the sha256 of the first download is recorded, told to ``tell`` (by default
    printed to stderr), and must hold from then on.

    Raises DataError, in one sentence, if the file cannot be had or is not the right one.
    """
    tell = tell or _print
    path = local_path(remote)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            part = path.with_name(f"{path.name}.part")
            with alone(path, part, tell):
                if not path.is_file():  # else another process has just brought it
                    _retrieve(remote, path, part, tell)
        _verify(remote, path, tell)
    except OSError as error:
        where = error.filename or path
        raise DataError(
            f"Cannot use {where}: {error.strerror or error}; mend that, or set OMICSBENCH_CACHE "
            "to another folder."
        ) from error
    return path


@dataclass(frozen=True)
class _Record:
    """What ``NAME.sha256`` says of a file. ``sha256sum -c`` can read it as well."""

    sha256: str
    url: str = ""
    stamp: str = ""

    @staticmethod
    def path(file: Path) -> Path:
        return file.with_name(f"{file.name}.sha256")

    @classmethod
    def read(cls, file: Path) -> _Record | None:
        path = cls.path(file)
        if not path.is_file():
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
        found = _HASH.search(text)
        if not found:
            raise DataError(f"{path} holds no sha256: delete it to record that of the file anew.")
        comments = dict(re.findall(r"^# (from|found right at): (.*)$", text, re.MULTILINE))
        return cls(found[1].lower(), comments.get("from", ""), comments.get("found right at", ""))

    def write(self, file: Path) -> None:
        text = f"# from: {self.url}\n# found right at: {self.stamp}\n{self.sha256}  {file.name}\n"
        if os.access(file.parent, os.W_OK):  # else it is another user's, and hashed at each start
            write_text(self.path(file), text)


def _retrieve(remote: Remote, path: Path, part: Path, tell: Tell) -> None:
    """Download to ``path``. Nothing stands there unless its stated checksum holds."""
    record = _Record.read(path)  # of a file that has been deleted since
    expected = _stated(remote)
    if record and not (expected or "").startswith("sha256:"):
        expected = f"sha256:{record.sha256}"
    tell(f"Downloading {remote.url} to {path}.")
    Download(remote.url, part, expected is not None, remote.max_bytes)()
    if expected:
        algorithm, _, digest = expected.partition(":")
        if (actual := _hash(part, algorithm)) != digest:
            raise _reject(remote, path, part, expected, actual)
    part.replace(path)


def _verify(remote: Remote, path: Path, tell: Tell) -> None:
    """Check the file unless its size and time are those at which it was found right."""
    record = _Record.read(path)
    stated = _stated(remote)
    if record and record.url and record.url != remote.url:
        raise DataError(
            f"{path} was downloaded from {record.url}, and {remote.url} has the same name: "
            "move it and its .sha256 away to fetch the other."
        )
    stamp = _stamp(path)
    same = (
        stated is None
        or not stated.startswith("sha256:")
        or (record is not None and stated == f"sha256:{record.sha256}")
    )
    if record and record.stamp == stamp and same:
        return
    found = _hash(path, "sha256")
    if record and found != record.sha256 and same:
        raise DataError(
            f"{path} has sha256 {found} where {record.sha256} is recorded: it was damaged or "
            "replaced; delete it to download it again, or its .sha256 too if it is right."
        )
    if stated and (not record or not same):
        algorithm, _, expected = stated.partition(":")
        certain = algorithm == "sha256"
        actual = found if certain else _hash(path, algorithm)
        if actual != expected:  # a file that the user brought is left where it is
            wrong = _Mismatch(remote, path, path, stated, actual)
            raise wrong.certain("delete it and fetch again") if certain else wrong.doubtful(found)
    if not stated and not record:
        tell(
            f"No checksum of {path.name} is known: the sha256 of this first copy, {found}, is "
            f"recorded in {_Record.path(path).name} beside it and checked from now on."
        )
    _Record(found, remote.url, stamp).write(path)


def _stated(remote: Remote) -> str | None:
    """``algorithm:hex`` in lower case. Raises DataError for what is no checksum."""
    if remote.digest is None:
        return None
    digest = remote.digest.lower()
    if not re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", digest):
        raise DataError(
            f"Checksum {remote.digest!r} of {remote.url} is neither sha256:... nor md5:...: "
            "correct it in the data set's file."
        )
    return digest


@dataclass(frozen=True)
class _Mismatch:
    """A file whose checksum is not the expected one, in words; nothing is done to it here.

    Attributes
    ----------
    path : where the file belongs.
    file : where it lies; at ``path`` if the user has brought it, or it has been replaced.
    expected, actual : ``algorithm:hex``, and the hex digits that were found.
    """

    remote: Remote
    path: Path
    file: Path
    expected: str
    actual: str

    @property
    def _start(self) -> str:
        algorithm, _, digest = self.expected.partition(":")
        what = self.path if self.file == self.path else self.remote.url
        return f"{what} has {algorithm} {self.actual} where {digest} is expected"

    def certain(self, done: str) -> DataError:
        """Of a sha256, which leaves no doubt; ``done`` is what became, or is to become, of it."""
        mend = "the source has changed"
        if self.expected != _stated(self.remote):
            record = _Record.path(self.path)
            mend += f" since the first download: delete {record} to take it as it is"
        return DataError(f"{self._start}; {done}, and if that ends alike, {mend}.")

    def doubtful(self, sha256: str) -> DataError:
        """Of any other checksum: the user may know better, and accept the file by its sha256."""
        doubt = f" ({self.remote.note.rstrip('.')})" if self.remote.note else ""
        move = "" if self.file == self.path else f"move {self.file} to {self.path} and "
        return DataError(
            f"{self._start}{doubt}: delete {self.file.name} and fetch again, or, if you have "
            f"reason to trust it, {move}write its sha256, {sha256}, into "
            f"{_Record.path(self.path)}, which then counts instead."
        )


def _reject(remote: Remote, path: Path, part: Path, expected: str, actual: str) -> DataError:
    """Delete a download that is not the expected file, or set it aside, and say so.

    It is set aside, for the user to judge, unless a sha256 leaves no doubt.
    """
    if expected.startswith("sha256:"):
        part.unlink()
        wrong = _Mismatch(remote, path, part, expected, actual)
        return wrong.certain("it was deleted: fetch again")
    kept = part.replace(path.with_name(f"{path.name}.rejected"))
    return _Mismatch(remote, path, kept, expected, actual).doubtful(_hash(kept, "sha256"))


def _hash(path: Path, algorithm: str) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} bytes, {status.st_mtime_ns} ns"


def _print(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
