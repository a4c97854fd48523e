"""A process that outlives the driver by a moment, to end what the driver's children have started.

The kernel ends workers when the driver dies, however it dies, but not what they started. So one
guardian for each driver, a child of it, is told which processes live; when it is gone, that ends
all that belongs to them, removes their folders, and goes.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from shutil import rmtree

from omicsbench.processes import descendants

LOOK_S = 1.0  # the pipe may be held open by a fork of the driver, so its pid is looked at too
LEAVE_S = 5.0
GONE_S = 30.0  # between the closing of its pipe and the end of a driver
POLL_S = 0.02


class _Guardian:
    """The driver's side: which folders are under guard, and the pipe to the guardian."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Guard nothing; also in a fork of the driver, whose parent has the guardian."""
        self._lock = threading.Lock()
        self._folders: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1

    def watch(self, folder: Path) -> None:
        """Guard what belongs to the process of this folder, until ``forget``."""
        with self._lock:
            self._folders.add(str(folder))
            if not self._tell(f"+{folder}"):
                self._start()

    def forget(self, folder: Path) -> None:
        """The process of this folder has been ended."""
        with self._lock:
            self._folders.discard(str(folder))
            self._tell(f"-{folder}")

    def _tell(self, line: str) -> bool:
        if self._process is None:
            return False
        with contextlib.suppress(OSError):
            return os.write(self._pipe, f"{line}\n".encode()) > 0
        return False

    def _start(self) -> None:
        """Start one, in place of one that hears no more. Raises OSError if that cannot be."""
        if self._process is not None:
            self._process.kill()  # it would take the closed pipe for the end of the driver
            self._end()
        read, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", __name__, str(read), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(read,),
                start_new_session=True,
            )
        finally:
            os.close(read)
        for folder in self._folders:
            self._tell(f"+{folder}")

    def _end(self) -> None:
        if self._process is not None:
            os.close(self._pipe)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LEAVE_S)
            self._process = None

    def end(self) -> None:
        """Let the guardian go; it does so as soon as its pipe is closed."""
        with self._lock:
            self._end()


_guardian = _Guardian()
watch, forget = _guardian.watch, _guardian.forget
atexit.register(_guardian.end)
os.register_at_fork(after_in_child=_guardian.begin)


def main(pipe: int, driver: int) -> None:
    """Hear what lives until the driver is gone; then end and remove it all."""
    living: set[str] = set()
    rest = b""
    while True:
        gone = os.getppid() != driver  # maybe before this began: what it had told is in the pipe
        if not select.select([pipe], [], [], 0 if gone else LOOK_S)[0]:
            if gone:
                break
            continue
        chunk = os.read(pipe, 65536)
        if not chunk:
            break
        *lines, rest = (rest + chunk).split(b"\n")
        for line in map(os.fsdecode, lines):
            (living.add if line[0] == "+" else living.discard)(line[1:])
    deadline = time.monotonic() + GONE_S
    while living and os.getppid() == driver:  # the pipe is closed a little before
        if time.monotonic() > deadline:
            return
        time.sleep(POLL_S)
    for folder in living:
        descendants.end(folder)
        rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
