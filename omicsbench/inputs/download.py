"""One file over HTTP, into a ``.part`` file that a later call goes on with, within limits."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsbench.errors import DataError
from omicsbench.inputs import answers
from omicsbench.inputs.answers import gigabytes
from omicsbench.inputs.feed import PIECE, Broken, Feed, Hopeless

TRIES = 4  # in a row that bring no piece beyond the furthest byte ever had
PAUSE_S = 1.0  # before the next try, longer each time
LONGEST_S = 86_400.0  # of one call; the next goes on


@dataclass(frozen=True)
class Download:
    """A file to be downloaded to ``part``.

    What has arrived stays in ``part`` when the download breaks, is stopped or fills the disk, and
    the next call asks for the rest only. That is safe where the server confirms that the
    file is still the same one (its ETag or date is kept beside ``part``), or where the caller
    knows a checksum of the whole (``checked``); otherwise it starts over.

    Attributes
    ----------
    url, part : from where, to where.
    checked : whether the caller knows a checksum of the whole.
    max_bytes : a larger file is refused. One whose size the server does not state may take half of
        the free disk besides.
    """

    url: str
    part: Path
    checked: bool
    max_bytes: int

    def __call__(self) -> None:
        """Have the whole file in ``part``. Raises DataError, in one sentence, if that cannot be."""
        end = time.monotonic() + LONGEST_S
        if self.part.exists() and not os.access(self.part, os.W_OK):
            self._drop()  # another user's, whose cache this is too
        failures, furthest = 0, _size(self.part)
        while True:
            try:
                self._attempt(end)
                break
            except Broken as error:
                reason = str(error)
            except Hopeless as error:
                raise self._given_up(str(error)) from error
            except OSError as error:
                raise DataError(
                    f"Cannot write {self.part}: {error.strerror or error}. What has arrived is "
                    "kept: free some space, or set OMICSBENCH_CACHE to another folder, and fetch "
                    "again."
                ) from error
            failures += 1
            if _size(self.part) >= furthest + PIECE:
                failures, furthest = 1, _size(self.part)
            if failures >= TRIES:
                if not _size(self.part):
                    self._drop()
                raise self._given_up(reason)
            time.sleep(PAUSE_S * failures)
        self._validator.unlink(missing_ok=True)

    @property
    def _final(self) -> Path:
        return self.part.with_name(self.part.name.removesuffix(".part"))

    @property
    def _validator(self) -> Path:
        """Holds what tells the server's file apart from a later one under the same address."""
        return self.part.with_name(f"{self.part.name}.etag")

    def _drop(self) -> None:
        self.part.unlink(missing_ok=True)
        self._validator.unlink(missing_ok=True)

    def _known(self) -> str:
        """The validator of ``part``, if one is there that a header can carry."""
        if not self._validator.is_file():
            return ""
        text = self._validator.read_text("utf-8", errors="replace")
        return text if text.isascii() and text.isprintable() else ""

    def _given_up(self, reason: str) -> DataError:
        return DataError(
            f"{self.url} cannot be downloaded ({reason}): fetch again when the network is "
            f"there, or bring the file by other means and put it at {self._final}."
        )

    def _attempt(self, end: float) -> None:
        """One request for what is missing. Raises Broken or Hopeless."""
        # As stored: a range of a compressed answer would be a range of something else.
        headers = {"Accept-Encoding": "identity"}
        there = _size(self.part)
        if there:
            known = self._known()
            if known or self.checked:
                headers["Range"] = f"bytes={there}-"
            if known:
                headers["If-Range"] = known
        with Feed(self.url, headers) as feed:
            answer = feed.answer()
            total = answers.total(answer.status_code, answer.headers)
            if answer.status_code == 416 and "Range" in headers:
                if total == there:
                    return  # all had arrived already
                self._drop()
                raise Broken("the server's file is shorter than what had arrived")
            self._accept(answer)
            # 200: the whole file, because the server knows no ranges or the file has changed.
            start = there if answer.status_code == 206 else 0
            if answer.status_code == 206 and (
                "Range" not in headers or answers.first(answer.headers) != there
            ):
                self._drop()
                raise Broken("the server sent another part than the one asked for")
            most = self._most(start, total)
            if not start:
                self._validator.write_text(answers.validator(answer.headers), encoding="utf-8")
            self._receive(feed, start, total, most, end)

    def _accept(self, answer: Any) -> None:
        """Raises DataError or Broken for an answer that is no file."""
        if answer.status_code >= 500 or answer.status_code == 429:
            raise Broken(f"the server answers {answers.status(answer)}")
        if answer.status_code not in (200, 206):
            raise DataError(
                f"{self.url} cannot be downloaded: the server answers {answers.status(answer)}; "
                f"bring the file by other means and put it at {self._final}."
            )
        if (packed := answers.encoding(answer.headers)) not in answers.ENCODINGS:
            raise DataError(
                f"{self.url} cannot be downloaded: the server packs it in a way that was not asked "
                f"for ({packed[:40]}); bring the file by other means and put it at {self._final}."
            )

    def _receive(self, feed: Feed, start: int, total: int | None, most: int, end: float) -> None:
        arrived = start
        with (
            self.part.open("r+b" if start else "wb") as stream,
            _bar(self._final.name, start, total) as advance,
        ):
            stream.seek(start)
            for piece in feed.pieces():
                arrived += len(piece)
                if arrived > most:
                    break
                stream.write(piece)
                advance(len(piece))
                if time.monotonic() > end:
                    raise DataError(
                        f"{self.url} is not here after {LONGEST_S / 3600:g} hours: what has "
                        "arrived is kept; fetch again to go on, or bring the file by other means "
                        f"and put it at {self._final}."
                    )
        if arrived > most:
            self._drop()
            if total is not None:
                raise Broken(f"the server sent more than the {total:,} bytes it announced")
            raise DataError(
                f"{self.url} does not say how large it is and did not end after {gigabytes(most)}, "
                "which were deleted: free some space if that is right, or bring the file by other "
                f"means and put it at {self._final}."
            )
        if total is not None and arrived != total:
            raise Broken(f"the connection broke off after {arrived:,} of {total:,} bytes")
        if not arrived:
            raise Broken("the server sent an empty file")

    def _most(self, start: int, total: int | None) -> int:
        """Bytes that the file may have. Raises DataError if what is announced is too much."""
        free = shutil.disk_usage(self.part.parent).free
        if total is None:
            return min(self.max_bytes, start + free // 2)
        if total > self.max_bytes:
            raise DataError(
                f"{self.url} is said to have {gigabytes(total)}, more than the "
                f"{gigabytes(self.max_bytes)} that are expected at most: it is not downloaded; if "
                f"it is right, bring the file by other means and put it at {self._final}."
            )
        if total - start > free:
            raise DataError(
                f"{self._final.name} needs {gigabytes(total - start)} more, and "
                f"{self.part.parent} has {gigabytes(free)} free: free some space, or set "
                "OMICSBENCH_CACHE to another folder."
            )
        return total


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


@contextmanager
def _bar(name: str, start: int, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar with an estimate of the time left, on a terminal only."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(file=sys.stderr)
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task(name, total=total, completed=start)
        yield lambda size: bar.update(task, advance=size)
