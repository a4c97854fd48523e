"""Files of state as they come back: whole, damaged, absurd, or something that is no file.

Everything that was stored, or that a user has edited, is read through here. What is no regular
file is told at once and never waited for, nothing larger than any real file is taken into memory,
and numbers are finite.
"""

from __future__ import annotations

import errno
import math
import os
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from omicsbench.errors import StoreError

LARGEST = 64 << 20  # bytes of a file, or of a line of one; a record has some thousands
LARGEST_INTEGER = 2**63 - 1  # that tables can hold

Model = TypeVar("Model", bound=BaseModel)

KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def is_file(path: Path) -> bool:
    """Whether there is a file; false where there is nothing.

    Raises StoreError where something else is in its place, such as a folder: it must not pass for
    nothing.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        if path.is_symlink():
            raise unreadable(path, error) from error
        return False
    except OSError as error:
        raise unreadable(path, error) from error
    _must_be_regular(path, mode)
    return True


def read(path: Path, largest: int = LARGEST) -> bytes:
    """The content of a file. Raises FileNotFoundError if there is none, StoreError otherwise."""
    try:
        with opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > largest:
                raise _too_large(path, f"{size:,} bytes", largest)
            return file.read()
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            raise
        raise unreadable(path, error) from error


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, one at a time. Raises as `read`."""
    try:
        with opened(path) as file:
            while line := file.readline(LARGEST + 1):
                if len(line) > LARGEST:
                    raise _too_large(path, "a line without end", LARGEST)
                yield line
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            raise
        raise unreadable(path, error) from error


def from_text(text: bytes) -> Any:
    """What a JSON text says: numbers are finite, nesting has a bound. Raises ValueError."""
    return finite(from_json(text, allow_inf_nan=False))


def finite(content: Any) -> Any:
    """The content, if all its numbers can be computed with. Raises ValueError.

    A number such as 1e999 is infinite once it is read, and no table holds an integer of 400 digits.
    """
    if isinstance(content, dict):
        for value in content.values():
            finite(value)
    elif isinstance(content, list):
        for value in content:
            finite(value)
    elif content in (math.inf, -math.inf):
        raise ValueError("a number is too large")
    elif isinstance(content, int) and abs(content) > LARGEST_INTEGER:
        raise ValueError(f"a number has {len(str(content))} digits")
    return content


def from_toml(text: bytes) -> dict[str, Any]:
    """What a TOML text says, with the byte-order mark and line ends of any editor.

    Raises ValueError.
    """
    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8 text ({error.reason} at byte {error.start})") from error
    except RecursionError as error:
        raise ValueError("its brackets are nested too deeply") from error


def typed(kind: type[Model], path: Path, damaged: Callable[[Path, str], StoreError]) -> Model:
    """What a JSON file says, as ``kind`` has it; ``damaged`` words the error for one that does not.

    Raises FileNotFoundError if there is none, StoreError otherwise.
    """
    try:
        return kind.model_validate(from_text(read(path)))
    except ValidationError as error:
        raise damaged(path, first_problem(error)) from error
    except ValueError as error:
        raise damaged(path, str(error)) from error


def first_problem(error: ValidationError) -> str:
    """Where the first wrong entry stands, and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False)[0]
    reason = first["msg"].removeprefix("Value error, ")
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), reason)))


def unreadable(path: Path, error: OSError) -> StoreError:
    """What is wrong with a file that cannot be read, and what to do."""
    if error.errno == errno.ENXIO:  # what opening a socket says
        return _no_file(path, "a socket")
    if error.errno in (errno.EACCES, errno.EPERM):
        what = "permission denied; ask whoever owns it for the right to read it"
    elif path.is_symlink() and error.errno in (errno.ENOENT, errno.ELOOP):
        what = "it is a link that leads nowhere; restore what it led to, or delete it"
    else:
        what = f"{error.strerror or type(error).__name__}; restore it, or move it away"
    return StoreError(f"Cannot read {path}: {what}.")


def opened(path: Path) -> BinaryIO:
    """The file, opened without waiting for whoever writes to a pipe. Raises OSError, StoreError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _must_be_regular(path, os.fstat(handle).st_mode)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def _must_be_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise _no_file(path, next((kind for holds, kind in KINDS if holds(mode)), "no file"))


def _no_file(path: Path, kind: str) -> StoreError:
    return StoreError(f"Cannot read {path}: it is {kind}, not a file; move it away.")


def _too_large(path: Path, what: str, largest: int) -> StoreError:
    return StoreError(
        f"{path} holds {what}, and no such file has more than {largest >> 20} MiB; restore it, "
        "or move it away."
    )
