"""One file over HTTP, into a ``.part`` file that a later call goes on with."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omicsbench.errors import DataError

TIMEOUT_S = (15.0, 60.0)  # to connect, and between two pieces of the answer
TRIES = 4  # in a row that bring no byte; a try that brought some starts the count anew
PAUSE_S = 1.0  # before the next try, longer each time
PIECE = 1 << 16  # bytes that are lost at most when a connection breaks


@dataclass(frozen=True)
class Download:
    """A downloader for ``pooch.retrieve``: ``Download(part)(url, output_file, pooch)``.

    What has arrived stays in ``part`` when the download breaks, is stopped or fills the disk, and
    the next call asks for the rest only. That is safe where the server confirms that the
    file is still the same one (its ETag or date is kept beside ``part``), or where the caller
    knows a checksum of the whole (``checked``); otherwise it starts over.

    Raises DataError, in one sentence, if the file cannot be had.
    """

    part: Path
    checked: bool = False

    def __call__(self, url: str, output_file: str, pooch: Any = None) -> None:
        """Download ``url`` and put it under ``output_file``. ``part`` stays, as a second link."""
        import requests

        failures = 0
        while True:
            before = _size(self.part)
            try:
                self._attempt(url)
                break
            except _Again as error:
                reason = str(error)
            except requests.RequestException as error:
                reason = _plain(error)
            except OSError as error:
                raise DataError(
                    f"Cannot write {self.part}: {error.strerror or error}. What has arrived is "
                    "kept: free some space, or set OMICSBENCH_CACHE to another folder, and fetch "
                    "again."
                ) from error
            failures = 1 if _size(self.part) > before else failures + 1
            if failures >= TRIES:
                raise DataError(
                    f"{url} cannot be downloaded ({reason}): fetch again when the network is "
                    f"there, or bring the file by other means and put it at {_final(self.part)}."
                )
            time.sleep(PAUSE_S * failures)
        _hand_over(self.part, Path(output_file))
        self._validator.unlink(missing_ok=True)

    @property
    def _validator(self) -> Path:
        """Holds what tells the server's file apart from a later one under the same address."""
        return self.part.with_name(f"{self.part.name}.etag")

    def _attempt(self, url: str) -> None:
        """One request for what is missing. Raises _Again or a RequestException if it breaks."""
        import requests

        # As stored: a range of a compressed answer would be a range of something else.
        headers = {"Accept-Encoding": "identity"}
        there = _size(self.part)
        if there:
            known = self._validator.read_text("utf-8") if self._validator.is_file() else ""
            if known or self.checked:
                headers["Range"] = f"bytes={there}-"
            if known:
                headers["If-Range"] = known
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code == 416 and there:
                if _total(answer) == there:
                    return  # all had arrived already
                self.part.unlink()
                raise _Again("the server's file is shorter than what had arrived")
            if answer.status_code >= 500 or answer.status_code == 429:
                raise _Again(f"the server answers {answer.status_code} {answer.reason}")
            if answer.status_code not in (200, 206):
                raise DataError(
                    f"{url} cannot be downloaded: the server answers {answer.status_code} "
                    f"{answer.reason}; bring the file by other means and put it at "
                    f"{_final(self.part)}."
                )
            # 200: the whole file, because the server knows no ranges or the file has changed.
            start = there if answer.status_code == 206 else 0
            if start and _first(answer) != start:
                self.part.unlink()
                raise _Again("the server sent another part than the one asked for")
            if not start:
                self._validator.write_text(_validate(answer.headers), encoding="utf-8")
            self._receive(answer, start)

    def _receive(self, answer: Any, start: int) -> None:
        total = _total(answer)
        if total is not None:
            free = shutil.disk_usage(self.part.parent).free
            if total - start > free:
                raise DataError(
                    f"{_final(self.part).name} needs {gigabytes(total - start)} more, and "
                    f"{self.part.parent} has {gigabytes(free)} free: free some space, or set "
                    "OMICSBENCH_CACHE to another folder."
                )
        with (
            self.part.open("r+b" if start else "wb") as stream,
            _bar(_final(self.part).name, start, total) as advance,
        ):
            stream.seek(start)
            for piece in answer.iter_content(PIECE):
                stream.write(piece)
                advance(len(piece))
        arrived = _size(self.part)
        if total is not None and arrived != total:
            raise _Again(f"the connection broke off after {arrived:,} of {total:,} bytes")


class _Again(Exception):
    """A try that failed in a way that the next may not."""


def gigabytes(size: int) -> str:
    """``3.9 GB``, ``17.1 MB``, ``512 bytes``: decimal units, as download pages state them."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _final(part: Path) -> Path:
    return part.with_name(part.name.removesuffix(".part"))


def _validate(headers: Any) -> str:
    """What ``If-Range`` may ask for: a strong ETag, or the date of the last change."""
    etag = headers.get("ETag", "")
    return str(etag if etag.startswith('"') else headers.get("Last-Modified", ""))


def _total(answer: Any) -> int | None:
    """Bytes of the whole file, None where the server does not say."""
    whole = answer.headers.get("Content-Range", "").rpartition("/")[2]
    if answer.status_code == 200 and "Content-Encoding" not in answer.headers:
        whole = answer.headers.get("Content-Length", "")
    return int(whole) if whole.isdigit() else None


def _first(answer: Any) -> int | None:
    """Place of the first byte of a partial answer."""
    first = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else None


def _plain(error: Exception) -> str:
    """The innermost cause of a network error, without the objects around it."""
    inner: Any = error
    while True:
        cause = getattr(inner, "reason", None)
        cause = (
            cause
            if isinstance(cause, Exception)
            else next((part for part in inner.args if isinstance(part, Exception)), None)
        )
        if cause is None:
            break
        inner = cause
    text = str(getattr(inner, "strerror", None) or inner)
    last = text.rpartition(": ")[2].strip(" '\"")
    while last.count(")") > last.count("("):  # closed what was cut off
        last = last[: last.rindex(")")] + last[last.rindex(")") + 1 :]
    return last.strip(" '\"") or type(inner).__name__


def _hand_over(part: Path, output: Path) -> None:
    """A second link to ``part``, so that a file found wrong can be kept; else a move."""
    output.unlink(missing_ok=True)
    try:
        output.hardlink_to(part)
    except OSError:  # a file system without hard links
        part.replace(output)


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
