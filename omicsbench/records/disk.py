"""Files are written whole or not at all; a failure is one sentence.

Every module that leaves a file for somebody else to read writes it by these functions. What a
killed process left half-written is removed when the next one writes beside it, or begins.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from omicsbench.errors import StoreError

FOREIGN_S = 86_400.0  # after which a half-written file of another machine belongs to nobody
READER_S = 3.0  # how long the reader of a pipe is waited for
_TEMPORARY = re.compile(r"\..+\.(?P<process>[0-9]+)\.tmp")


def write(path: Path, content: bytes) -> None:
    """Write a file durably, in one step. Raises StoreError if that is not possible."""
    with _through(path) as temporary:
        temporary.write_bytes(content)


def put(path: Path, content: bytes) -> None:
    """Write a file of which the harness itself chose the name: it replaces whatever lies there.

    A pipe would be waited for, and a link leads where nobody has asked to write.
    """
    with _replacing(path, path) as temporary:
        temporary.write_bytes(content)


def create(path: Path, content: bytes) -> bool:
    """Write a file in one step where there is none yet; False where there is one, which stays.

    Raises StoreError if that is not possible.
    """
    temporary = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_stale(path.parent)
        try:
            temporary.write_bytes(content)
            _sync(temporary)
            os.link(temporary, path)  # unlike a renamed file, a link replaces nothing
            _sync(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise explained(path, error) from error
    return True


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside ``path``, to be written to; what was written replaces ``path`` at the end.

    For what writes to a path by itself. The folder is made. Where the block fails, ``path`` stays
    as it was. Raises StoreError if that is not possible.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explained(path.parent, error) from error
    clear_stale(path.parent)
    with _through(path) as temporary:
        yield temporary


def clear_stale(folder: Path) -> None:
    """Remove what is half-written in a folder, files and folders, by the dead; never fails."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") and _is_stale(entry):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        Path(entry.path).unlink()


def beside(path: Path) -> Path:
    """The name under which ``path`` is made, and by which ``clear_stale`` knows whose it is."""
    return path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")


def explained(path: Path, error: OSError) -> StoreError:
    """What is wrong with a file that was to be written, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "the disk is full; free some space and run the same command again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what = "permission denied; name a place that you may write to"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        what = "a file is in the way; name another place"
    elif error.errno == errno.ENXIO:
        what = "it is a pipe that nobody reads; remove it, or read it first"
    elif error.errno == errno.EISDIR:
        what = "a folder of that name is in the way; move it away"
    elif error.errno == errno.ENOENT:
        return StoreError(
            f"Cannot write {path}: its folder was removed; run the same command again."
        )
    else:
        what = error.strerror or type(error).__name__
    return StoreError(f"Cannot write {path}: {what}. Finished runs are kept.")


@contextlib.contextmanager
def _through(path: Path) -> Iterator[Path]:
    """What the user named: the end of a link is replaced, what takes anything is written into."""
    try:
        if _takes_anything(path):
            with _read_by_somebody(path):
                yield path
            return
        with _replacing(path, Path(os.path.realpath(path))) as temporary:
            yield temporary
    except OSError as error:
        raise explained(path, error) from error


@contextlib.contextmanager
def _replacing(path: Path, target: Path) -> Iterator[Path]:
    """A path beside ``target``, which takes its place at the end; ``path`` is what errors name."""
    temporary = beside(target)
    try:
        try:
            yield temporary
            _sync(temporary)
            temporary.replace(target)
            _sync(target.parent)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise explained(path, error) from error


def _takes_anything(path: Path) -> bool:
    """Whether it is a terminal, a pipe or the like, which no file may replace."""
    if path.is_relative_to("/dev") and not path.is_relative_to("/dev/shm"):  # noqa: S108
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


@contextlib.contextmanager
def _read_by_somebody(path: Path) -> Iterator[None]:
    """Where it is a pipe: else whoever opens it waits without end. Raises OSError."""
    if not path.is_fifo():
        yield
        return
    until = time.monotonic() + READER_S
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError as error:
            if error.errno != errno.ENXIO or time.monotonic() > until:
                raise
            time.sleep(0.05)
    try:
        yield  # held until what is written has a handle of its own: the reader must see no end
    finally:
        os.close(handle)


def _is_stale(entry: os.DirEntry[str]) -> bool:
    found = _TEMPORARY.fullmatch(entry.name)
    if not found:
        return False
    written = entry.stat(follow_symlinks=False).st_mtime
    if not entry.name.endswith(f".{socket.gethostname()}.{found['process']}.tmp"):
        return time.time() - written > FOREIGN_S
    return not _ran(int(found["process"]), written)


def _ran(process: int, when: float) -> bool:
    """Whether a process of this machine lives and was there then: numbers are used again."""
    import psutil

    try:
        return bool(psutil.Process(process).create_time() <= when + 1)
    except psutil.Error:
        return bool(psutil.pid_exists(process))  # else it may not be asked


def _sync(path: Path) -> None:
    """Make what was written, or renamed in a folder, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
