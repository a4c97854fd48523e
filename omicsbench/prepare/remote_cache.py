"""Prepared data at an address that machines share: ``$OMICSBENCH_REMOTE_CACHE``.

The files of a folder go first, under the hash of their checksums; the checksums, which list them,
are put last and once. So what is listed is whole; of two that prepare the same the first counts.
Whatever goes wrong with the address is told once, and the process does without it from then on:
docs/remote.md.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path, PurePosixPath

from omicsbench.errors import StoreError
from omicsbench.inputs.cache import made_whole
from omicsbench.prepare import checksums
from omicsbench.prepare.contents import Contents
from omicsbench.records import disk
from omicsbench.records.address import Address
from omicsbench.records.ids import digest

VARIABLE = "OMICSBENCH_REMOTE_CACHE"
# Addresses that failed this process, which waits for each once: to fetch from, and to put to.
UNREACHED: set[str] = set()
UNWRITTEN: set[str] = set()


class _DamagedError(StoreError):
    """What was fetched is not what was put; ``content`` is the list that led to it."""

    def __init__(self, said: str, content: bytes) -> None:
        super().__init__(said)
        self.content = content


def fetched(folder: Path) -> bool:
    """Fetch a prepared folder, if there is an address and it holds that; whether it is here now."""
    address = _address(UNREACHED)
    if address is None:
        return False
    listed = _listed(folder)
    try:
        if listed not in address.names(folder.parent.name):
            return False
        _fetch(address, folder)
        print(f"{folder.name} was fetched from {address}.", file=sys.stderr)
    except _DamagedError as error:
        _tell(f"{error} It is prepared here.")
        _forget(address, listed, error.content)
        return False
    except StoreError as error:
        _tell(f"{error} Its prepared data are done without.")
        UNREACHED.add(str(address))
        UNWRITTEN.add(str(address))
        return False
    return True


def share(folder: Path) -> None:
    """Put a folder that was prepared just now, if there is an address and it lacks that."""
    address = _address(UNWRITTEN)
    if address is None:
        return
    try:
        listed = _listed(folder)
        if listed in address.names(folder.parent.name):
            return
        content = (folder / checksums.FILE).read_bytes()
        for name in checksums.files_of(content):
            address.upload(folder / name, _place(folder, content, name))
        address.create(listed, content)
    except (StoreError, OSError, ValueError) as error:
        _tell(f"{folder.name} was not put to {address}: {error}")
        UNWRITTEN.add(str(address))


def _fetch(address: Address, folder: Path) -> None:
    """Raises _DamagedError for what is not as it was put, AddressError where it cannot be had."""
    listed = _listed(folder)
    content = address.read([listed])[listed]
    try:
        names = checksums.files_of(content)
        if any(PurePosixPath(name).is_absolute() or ".." in name.split("/") for name in names):
            raise ValueError
    except ValueError as error:
        raise _DamagedError(f"{address}/{listed} is damaged.", content) from error
    with made_whole(folder) as temporary:
        for name in names:
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            address.download(_place(folder, content, name), temporary / name)
        disk.put(temporary / checksums.FILE, content)
        if wrong := checksums.damaged(temporary, every_block=True):
            raise _DamagedError(f"{folder.name}, fetched from {address}, {wrong}.", content)
        if not _says_it_is(temporary, folder.name):
            raise _DamagedError(f"{address}/{listed} is of other data.", content)


def _says_it_is(folder: Path, name: str) -> bool:
    """Whether a folder's own account names what is asked for: SLUG-ID, or SLUG-ID-REPEAT."""
    try:
        return bool(re.search(rf"-{re.escape(Contents.read(folder).id)}(-\d+)?$", name))
    except (OSError, ValueError):
        return False


def _forget(address: Address, listed: str, content: bytes) -> None:
    """Let somebody put it anew, if that is allowed and nobody has."""
    try:
        if address.read([listed])[listed] == content:
            address.remove(listed)
    except StoreError as error:
        _tell(str(error))


def _address(failed: set[str]) -> Address | None:
    """The address, but for one that has failed."""
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    try:
        address = Address(named)
    except StoreError as error:
        raise StoreError(f"{VARIABLE}: {error}") from error
    return None if str(address) in failed else address


def _listed(folder: Path) -> str:
    """The object that says a folder is there: it is put last."""
    return f"{folder.parent.name}/{folder.name}.json"


def _place(folder: Path, content: bytes, name: str) -> str:
    """Where a file of a folder with these checksums lies."""
    return f"{folder.parent.name}/{folder.name}/{digest(content.decode())}/{name}"


@cache
def _tell(said: str) -> None:
    print(said, file=sys.stderr)
