"""What may lie in place of a file, and what may stand in one: for tests of all that reads."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], object]
FAR = 1 << 40  # a terabyte, of which nothing lies on the disk


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may be no longer than 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(FAR)


# What is no file.
IN_PLACE: dict[str, Damage] = {
    "folder": lambda path: path.mkdir(),
    "named pipe": os.mkfifo,
    "socket": _socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "leads nowhere": lambda path: path.symlink_to("gone"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "a terabyte": _sparse,
}

# What is no text of ours, whatever the format.
TEXTS: dict[str, bytes] = {
    "empty": b"",
    "zeros": bytes(1000),
    "cut off": b'{"schema_version": 3, "key": "0',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "Latin-1": b'{"\xfc": 1}',
    "lone surrogate": rb'{"floors": "\ud800"}',
    "nested": b"[" * 100_000,
    "nested tables": b'{"a":' * 100_000,
    "digits": b'{"schema_version": ' + b"9" * 100_000 + b"}",
    "infinite": b'{"schema_version": 1e999, "packed": 1e999, "floors": {"p": {"q": 1e999}}}',
    "Infinity": b'{"schema_version": Infinity, "floors": {"p": {"q": Infinity}}}',
    "NaN": b'{"schema_version": NaN, "floors": {"p": {"q": NaN}}, "runs": NaN}',
    "true": b'{"schema_version": true, "packed": true, "floors": true, "runs": true}',
    "text for a number": b'{"schema_version": "3", "packed": "1", "floors": "3", "runs": "3"}',
    "list": b"[1, 2]",
    "number": b"7",
    "null": b"null",
    "tables of lists": b'{"schema_version": [3], "packed": [1], "floors": [], "runs": {}}',
}


def place(path: Path, damage: Damage | bytes) -> Path:
    """Put the damage in place of whatever lies at the path."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    if isinstance(damage, bytes):
        path.write_bytes(damage)
    else:
        damage(path)
    return path
