"""A command in a process of its own, whose memory is watched and whose leftovers are found."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

HELPERS = Path(__file__).parent
_number = itertools.count(random.SystemRandom().randrange(10**6))


class Watched:
    """``omicsbench`` with its words; temporary files go to ``folder``/tmp.

    All that it starts carries a number of its own in the environment, or sleeps as many seconds.
    """

    def __init__(self, folder: Path, *words: object) -> None:
        self.mark = f"{10**8 + next(_number)}.0"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.said = folder / "said.txt"
        self.peak_bytes = 0
        own = {"FOREVER_S": self.mark, "TMPDIR": str(self.temporary)}
        paths = [str(HELPERS), os.environ.get("PYTHONPATH", "")]
        own["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "omicsbench", *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder,
                env=os.environ | own,
            )

    def wait(self, limit_s: float) -> int:
        """Its exit code. Ends all of it and raises TimeoutExpired after so many seconds."""
        deadline = time.monotonic() + limit_s
        while True:
            self._look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(0.1)
            if time.monotonic() > deadline:
                self.end()
                raise subprocess.TimeoutExpired(self.process.args, limit_s)

    def _look(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            found = re.search(r"VmHWM:\s+(\d+) kB", status)
            self.peak_bytes = max(self.peak_bytes, int(found[1]) * 1024 if found else 0)

    def words(self) -> str:
        """What it has printed."""
        return self.said.read_text(errors="replace")

    def alive(self) -> list[psutil.Process]:
        """All living processes that it started, at any remove; without itself."""
        return [p for p in self._marked() if p.pid != self.process.pid]

    def left(self, within_s: float = 5.0) -> list[str]:
        """Command lines of what has not ended so many seconds later."""
        deadline = time.monotonic() + within_s
        while (found := self.alive()) and time.monotonic() < deadline:
            time.sleep(0.05)
        names = []
        for process in found:
            with contextlib.suppress(psutil.Error):
                names.append(f"{process.pid} {' '.join(process.cmdline())}")
        return names

    def files(self) -> list[str]:
        """Temporary files and folders that are there."""
        return sorted(path.name for path in self.temporary.iterdir())

    def end(self) -> None:
        """Kill it and all that it started."""
        for process in self._marked():
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)
        self.process.wait()

    def _marked(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if self.mark in process.environ().get("FOREVER_S", "") or any(
                    self.mark in word for word in process.cmdline()
                ):
                    yield process
