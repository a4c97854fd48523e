"""Prepared data at an address that machines share: ``$OMICSBENCH_REMOTE_CACHE``.

The files of a folder go first, under the hash of their checksums; the checksums, which list them,
are put last and once. So what is listed is whole; of two that prepare the same the first counts.
Whatever goes wrong with the address is told once, and done without: docs/remote.md.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path, PurePosixPath

from omicsbench.errors import StoreError
from omicsbench.inputs.cache import made_whole
from omicsbench.prepare import checksums
from omicsbench.records import disk
from omicsbench.records.address import Address
from omicsbench.records.ids import digest

VARIABLE = "OMICSBENCH_REMOTE_CACHE"


class _DamagedError(StoreError):
    """What was fetched is not what was put."""


def fetched(folder: Path) -> bool:
    """Fetch a prepared folder, if there is an address and it holds that; whether it is here now."""
    address = _address()
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
        _forget(address, listed)
        return False
    except StoreError as error:
        _tell(f"{error} Its prepared data are done without.")
        return False
    return True


def share(folder: Path) -> None:
    """Put a prepared folder, if there is an address and it lacks that."""
    address = _address()
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


def _fetch(address: Address, folder: Path) -> None:
    """Raises _DamagedError for what is not as it was put, AddressError where it cannot be had."""
    listed = _listed(folder)
    content = address.read([listed])[listed]
    try:
        names = checksums.files_of(content)
        if any(PurePosixPath(name).is_absolute() or ".." in name.split("/") for name in names):
            raise ValueError
    except ValueError as error:
        raise _DamagedError(f"{address}/{listed} is damaged.") from error
    with made_whole(folder) as temporary:
        for name in names:
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            address.download(_place(folder, content, name), temporary / name)
        disk.put(temporary / checksums.FILE, content)
        if wrong := checksums.damaged(temporary, every_block=True):
            raise _DamagedError(f"{folder.name}, fetched from {address}, {wrong}.")


def _forget(address: Address, listed: str) -> None:
    """Let somebody put it anew, if that is allowed."""
    try:
        address.remove(listed)
    except StoreError as error:
        _tell(str(error))


def _address() -> Address | None:
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    try:
        return Address(named)
    except StoreError as error:
        raise StoreError(f"{VARIABLE}: {error}") from error


def _listed(folder: Path) -> str:
    """The object that says a folder is there: it is put last."""
    return f"{folder.parent.name}/{folder.name}.json"


def _place(folder: Path, content: bytes, name: str) -> str:
    """Where a file of a folder with these checksums lies."""
    return f"{folder.parent.name}/{folder.name}/{digest(content.decode())}/{name}"


@cache
def _tell(said: str) -> None:
    print(said, file=sys.stderr)
