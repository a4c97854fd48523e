"""The log beside the results: what a suite said and did, a line each with the time, appended."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import TextIO

LOG_FILE = "log.txt"


class Log:
    """Lines of a results folder's ``log.txt``; kept back until there is a folder.

    What cannot be written is left out: a log is no reason to stop a suite.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / LOG_FILE if folder else None
        self._file: TextIO | None = None
        self._waiting: list[str] = []

    def write(self, line: str) -> None:
        text = f"{datetime.now().astimezone().isoformat(timespec='seconds')} {line}\n"
        if self._file is None:
            self._waiting.append(text)
            return
        with contextlib.suppress(OSError):
            self._file.write(text)

    def open(self) -> None:
        """From now on the folder is there."""
        if self._path is None or self._file is not None:
            return
        with contextlib.suppress(OSError):
            # Written line by line: what a killed suite did last is what one wants to know.
            self._file = self._path.open("a", encoding="utf-8", errors="replace", buffering=1)
            self._file.write("".join(self._waiting))
        self._waiting.clear()

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
