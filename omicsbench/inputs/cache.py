"""Folders of the user's cache: made whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from omicsbench.errors import StoreError

STALE_S = 86_400


def cache_folder() -> Path:
    """Where data is kept: ``$OMICSBENCH_CACHE`` or the user's cache folder."""
    import platformdirs

    named = os.environ.get("OMICSBENCH_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("omicsbench"))


@contextlib.contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder``, renamed to it when the block ends well.

    Of two processes that make the same folder, the slower finds the other's and drops its own.
    Raises StoreError, in one sentence, where the disk is full or cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for stale in folder.parent.glob(f".{folder.name}-*"):
            if time.time() - stale.stat().st_mtime > STALE_S:
                shutil.rmtree(stale, ignore_errors=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            yield temporary
            temporary.rename(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:  # numpy tells of a full disk without saying so
        raise StoreError(
            f"Cannot write prepared data to {folder.parent}: "
            f"{error.strerror or 'is the disk full'}? Free some space or set OMICSBENCH_CACHE to "
            "another folder. Finished runs are kept."
        ) from error
