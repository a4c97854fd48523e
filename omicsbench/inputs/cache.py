"""Folders of the user's cache: made whole or not at all, and shared with whoever may read them."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from omicsbench.errors import StoreError
from omicsbench.records.disk import beside, clear_stale


def cache_folder() -> Path:
    """Where data is kept: ``$OMICSBENCH_CACHE`` or the user's cache folder."""
    named = os.environ.get("OMICSBENCH_CACHE")
    return Path(named) if named else _own_folder()


def look_in(kind: str) -> list[Path]:
    """Folders that may hold what is cached of a kind (``downloads``, ``prepared``), in order.

    The last is where it is made: where the cache is another user's, who lets it be read alone, that
    is the user's own.
    """
    shared, own = cache_folder() / kind, _own_folder() / kind
    if shared == own or _may(os.W_OK, shared):
        return [shared]
    return [shared, own] if _may(os.R_OK, shared) else [own]


def made_in(kind: str) -> Path:
    """Where what is cached of a kind is made."""
    return look_in(kind)[-1]


@contextlib.contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder``, renamed to it when the block ends well.

    Of two processes that make the same folder, the slower finds the other's and drops its own.
    Raises StoreError, in one sentence, where the disk is full or cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        clear_stale(folder.parent)
        # Not by tempfile, which lets nobody else read: a cache may be shared.
        temporary = beside(folder.with_name(f"{folder.name}-{secrets.token_hex(4)}"))
        temporary.mkdir()
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


def remove(folder: Path) -> None:
    """Take a folder away, at once for others who look. Raises OSError if it cannot be."""
    aside = beside(folder.with_name(f"{folder.name}-{secrets.token_hex(4)}"))
    folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _own_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("omicsbench"))


def _may(what: int, folder: Path) -> bool:
    """False for a folder of a cache that stands there and is closed to this user in that way."""
    there = folder if os.path.exists(folder) else folder.parent  # noqa: PTH110 (asks, never fails)
    return not there.is_dir() or os.access(there, what | os.X_OK)
