"""Files of a results folder are written whole or not at all; a failure is one sentence."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from pathlib import Path

from omicsbench.errors import StoreError


def write(path: Path, content: bytes) -> None:
    """Write a file durably, in one step. Raises StoreError if that is not possible."""
    temporary = path.with_name(f".{path.name}.{socket.gethostname()}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise explained(path, error) from error


def explained(path: Path, error: OSError) -> StoreError:
    """What is wrong with a file of a results folder, and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "the disk is full; free some space and run the same command again"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what = "permission denied; choose a folder you may write to with --out"
    elif error.errno in (errno.ENOTDIR, errno.EEXIST):
        what = "a file is in the way; choose another folder with --out"
    elif error.errno == errno.EISDIR:
        what = "a folder of that name is in the way; move it away"
    else:
        what = error.strerror or type(error).__name__
    return StoreError(f"Cannot write {path}: {what}. Finished runs are kept.")


def _sync(folder: Path) -> None:
    """Make a rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
