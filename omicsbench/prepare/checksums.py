"""Checksums of a prepared folder: written when it is made, looked at whenever it is opened.

A byte that a disk, a copy or a hand has changed would change scores without a word. The files are
summed by blocks (CRC-32, which misses no single changed byte), so that opening looks at all of what
is small and at some blocks, drawn anew each time, of what is large.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable
from pathlib import Path

from omicsbench.records.facts import Frozen

FILE = "checksums.json"
BLOCK = 1 << 22  # bytes
AT_OPENING = 64  # blocks of a file, 256 MB; where it has more, the ends and some between


class FileSums(Frozen):
    """What a file holds: its size, and a sum of each of its blocks."""

    size: int
    blocks: tuple[int, ...]


class FolderSums(Frozen):
    """All files of a folder, by their paths in it."""

    files: dict[str, FileSums]


def write(folder: Path) -> None:
    """Sum up every file of a folder that is otherwise finished."""
    found = {}
    for path in _files(folder):
        size = path.stat().st_size
        found[path.relative_to(folder).as_posix()] = FileSums(
            size=size, blocks=tuple(_sums(path, range(_count(size))))
        )
    text = FolderSums(files=found).model_dump_json()
    (folder / FILE).write_text(text, encoding="utf-8")


def files_of(content: bytes) -> list[str]:
    """The files that stored checksums are of. Raises ValueError for what are none."""
    return sorted(FolderSums.model_validate_json(content).files)


def damaged(folder: Path, every_block: bool = False) -> str | None:
    """What is wrong with a folder, in words that follow its name; None if all is right.

    Raises PermissionError if it may not be read.
    """
    try:
        expected = FolderSums.model_validate_json((folder / FILE).read_bytes()).files
        names = {path.relative_to(folder).as_posix() for path in _files(folder)}
        if more := sorted(names - expected.keys()):
            return f"is damaged ({more[0]} is not of it)"
        wrong = (n for n, sums in expected.items() if not _same(folder / n, sums, every_block))
        if name := next(wrong, None):
            return f"is damaged ({name} is not what was written)"
    except FileNotFoundError as error:
        return f"is damaged ({Path(error.filename).name} is missing)"
    except PermissionError:
        raise
    except (OSError, ValueError) as error:
        return f"is damaged ({getattr(error, 'strerror', None) or 'its checksums cannot be read'})"
    return None


def _same(path: Path, sums: FileSums, every_block: bool) -> bool:
    count = _count(sums.size)
    if path.stat().st_size != sums.size or len(sums.blocks) != count:
        return False
    chosen: Iterable[int] = range(count)
    if count > AT_OPENING and not every_block:
        between = random.SystemRandom().sample(range(1, count - 1), AT_OPENING - 2)
        chosen = [0, *sorted(between), count - 1]
    chosen = list(chosen)
    return _sums(path, chosen) == [sums.blocks[block] for block in chosen]


def _files(folder: Path) -> list[Path]:
    """All that was written; hidden files are the system's."""
    files = (path for path in folder.rglob("[!.]*") if path.is_file())
    return sorted(path for path in files if path.name != FILE)


def _count(size: int) -> int:
    return -(-size // BLOCK)


def _sums(path: Path, blocks: Iterable[int]) -> list[int]:
    found = []
    with path.open("rb") as file:
        for block in blocks:
            file.seek(block * BLOCK)
            found.append(zlib.crc32(file.read(BLOCK)))
    return found
