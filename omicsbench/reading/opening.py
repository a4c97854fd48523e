"""Text files opened whatever they are packed with and in whichever encoding they are written."""

from __future__ import annotations

import codecs
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO, cast

from omicsbench.errors import DataError

_HEAD = 1 << 16  # bytes
_MARKS = (  # UTF-32 before UTF-16: its mark begins with the other's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
FALLBACK = "latin-1"  # of a file that is not UTF-8


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    """The text of a file, unpacked, with its line ends as they are."""
    with _open_bytes(path) as packed:
        stream = io.TextIOWrapper(packed, encoding=encoding, newline="")
        yield stream
        stream.detach()


def encoding_of(path: Path) -> str:
    """The encoding, by its mark or by what the first bytes can be. Raises DataError: no text."""
    with _open_bytes(path) as stream:
        head = stream.read(_HEAD)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        for encoding, places in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
            if 2 * places.count(0) > len(places):
                return encoding
        raise DataError(f"{path} is no text, as its name says: give it the suffix of its format.")
    return "utf-8" if _is_utf8(head) else FALLBACK


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a last character may be cut
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _open_bytes(path: Path) -> Iterator[IO[bytes]]:
    import bz2
    import gzip
    import lzma

    with path.open("rb") as file:
        head = file.read(6)
        file.seek(0)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(file) as stream:
                yield cast("IO[bytes]", stream)
        elif head.startswith(b"BZh"):
            with bz2.open(file) as stream:
                yield stream
        elif head == b"\xfd7zXZ\0":
            with lzma.open(file) as stream:
                yield stream
        elif head.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(file) as archive, archive.open(_member(path, archive)) as stream:
                yield stream
        else:
            yield file


def _member(path: Path, archive: zipfile.ZipFile) -> str:
    """The only file of an archive. Raises DataError if there are several."""
    names = [n for n in archive.namelist() if not n.endswith("/") and "__MACOSX" not in n]
    if "[Content_Types].xml" in names:
        raise DataError(f"{path} is an Excel workbook, whatever its name: save it as CSV there.")
    if len(names) != 1:
        raise DataError(f"{path} is an archive of {len(names)} files: give one of them.")
    return names[0]
