"""A process of the harness, seen from its parent: started, asked, held to its limits, ended.

Limits hold against native code: a process that exceeds one is killed with everything it started.
What it prints is read as it comes, and only the end is kept.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import psutil

from omicsbench.processes import descendants, guardian
from omicsbench.processes.channel import TOKEN_BYTES, Content, Garbled, Incoming, packed
from omicsbench.processes.disk_use import DiskUse
from omicsbench.processes.storable import text
from omicsbench.records.environment import worker_environment
from omicsbench.records.spec import Status

START_LIMIT_S = 300.0  # to begin: importing the heaviest libraries from a slow disk
POLL_S = 0.02
STOOD_STILL_S = 1.0  # between two polls: this process was suspended, and its clock with it
CHILDREN_POLL_S = 0.5  # walking the process tree costs more than reading one process
LOG_BYTES = 64 << 10  # of what a process printed: what is kept
CHUNK = 64 << 10
LITTLE_DISK = 16 << 20  # bytes: whose share of the disk is less is not to blame for taking more
LEAVE_S = 5.0  # a process that closed its pipe is given to end
# What batch systems, shells and the kernel send to processes that did nothing wrong. Others
# (SIGSEGV, SIGABRT, ...) are the answer to what a process did itself.
FROM_OUTSIDE = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGXCPU,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGKILL,
)
HINTS = {
    signal.SIGKILL: ", perhaps by the system for want of memory",
    signal.SIGXCPU: ", the limit of CPU time (ulimit -t)",
}


class Stopped(Exception):
    """The user asked to stop; the current run is left unrecorded."""


class Lost(Exception):
    """The process is gone, and what it was asked remains unanswered.

    ``outside`` names what ended it, if that may have come from outside; ``last`` is what it said.
    """

    def __init__(
        self, status: Status, reason: str, last: str = "", outside: str | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.last = last
        self.outside = outside


@dataclass(frozen=True)
class Terms:
    """What a process is held to, and where it may put its files."""

    scratch: Path
    threads: int
    memory_bytes: float
    disk_bytes: float = math.inf  # of temporary files


class Child:
    """``python -m module``, with pipes to it; a context manager that leaves nothing behind.

    The module ends with ``serve(main)`` of ``processes.serving``. Its temporary files lie in a
    folder of its own, ``folder``, which goes when it ends.
    """

    def __init__(
        self,
        module: str,
        told: Mapping[str, Any],
        terms: Terms,
        stop: threading.Event | None = None,
    ) -> None:
        """Start it. ``told`` is what it reads first, as JSON can hold it.

        Raises Lost if the system can start no process now.
        """
        self.terms = terms
        self.stop = stop
        self._request = 0
        self._log = b""
        self._looked = time.monotonic()
        self._children: set[psutil.Process] = set()
        self._open = contextlib.ExitStack()
        try:
            self._start(module, told)
        except OSError as error:
            self._open.close()
            reason = f"no process can be started: {text(error)}"
            raise Lost(Status.CRASHED, reason, outside="want of resources") from error

    def _start(self, module: str, told: Mapping[str, Any]) -> None:
        self.terms.scratch.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(dir=self.terms.scratch, prefix="process-")).resolve()
        self._open.callback(rmtree, self.folder, ignore_errors=True)
        (self.folder / "tmp").mkdir()
        self._disk = DiskUse(self.folder, self.terms.disk_bytes)
        self._open.callback(guardian.forget, self.folder)
        guardian.watch(self.folder)
        self._token = secrets.token_bytes(TOKEN_BYTES)
        job = self.folder / "job.json"
        private = {"token": self._token.hex(), "driver": os.getpid(), "told": told}
        job.write_text(json.dumps(private), encoding="utf-8")
        with contextlib.ExitStack() as theirs:
            request, self._requests = _pipe(theirs, self._open)
            self._replies, reply = _pipe(self._open, theirs)
            self._printed, output = _pipe(self._open, theirs)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", module, str(job), str(request), str(reply)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(request, reply),
                start_new_session=True,
                env={
                    **os.environ,
                    **worker_environment(self.terms.threads),
                    descendants.MARK: str(self.folder),
                    "TMPDIR": str(self.folder / "tmp"),
                },
            )
        self._open.callback(self._kill)
        self._watched = psutil.Process(self._process.pid)
        self._incoming = Incoming(self._token, self._process.pid)
        self._selector = self._open.enter_context(selectors.DefaultSelector())
        for ours in (self._replies, self._printed):
            os.set_blocking(ours, False)
            self._selector.register(ours, selectors.EVENT_READ)
        os.set_blocking(self._requests, False)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process and everything it started, and remove its folder."""
        self._open.close()

    def ask(self, content: Mapping[str, Any], limit_s: float = LEAVE_S) -> None:
        """Send a request; the messages that come from now on must answer it."""
        self._request += 1
        rest = packed(self._token, os.getpid(), self._request, content)
        clock = Clock(limit_s)
        while rest:
            try:
                rest = rest[os.write(self._requests, rest) :]
            except BlockingIOError:
                if not self._listen():
                    return
                self._check(clock)
            except BrokenPipeError:  # its end is noticed when the answer is awaited
                return

    def message(self, limit: float | Clock) -> Content:
        """The next message. What was sent before an end of any kind is still taken.

        ``limit`` are seconds, or a clock that has been running already.

        Raises Lost if the process ends, exceeds a limit, or writes anything else into the pipe;
        Stopped if the user asked to stop.
        """
        clock = limit if isinstance(limit, Clock) else Clock(limit)
        while True:
            try:
                found = self._incoming.message(self._request)
            except Garbled:
                reason = "something other than a message was written into the harness's own pipe"
                raise self._lost(Status.CRASHED, reason) from None
            if found is not None:
                return found
            if not self._listen():
                raise self._gone()
            self._check(clock)

    def _listen(self) -> bool:
        """Read what came, for a moment; False once nothing can come any more."""
        ended = self._process.poll() is not None
        ready = {key.fd for key, _ in self._selector.select(0 if ended else POLL_S)}
        if self._printed in ready:
            self._read_log()
        if self._replies not in ready:
            return not ended  # a child of it may hold the pipe open; nothing is left in it
        chunk = os.read(self._replies, CHUNK)
        self._incoming.feed(chunk)
        return bool(chunk)

    def _read_log(self) -> bool:
        """Keep the end of what was printed; False where nothing is to be read."""
        try:
            chunk = os.read(self._printed, CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._printed)
            return False
        self._log = (self._log + chunk)[-LOG_BYTES:]
        return True

    def _check(self, clock: Clock) -> None:
        """Raise if the user stopped the suite, or the process exceeds a limit."""
        if self.stop is not None and self.stop.is_set():
            raise Stopped
        if not clock.ticked():
            return
        if clock.over():
            raise self._lost(Status.TIMEOUT, f"exceeded its time limit of {clock.limit_s:g} s")
        if time.monotonic() - self._looked > CHILDREN_POLL_S:
            self._look_around()
        limit = self.terms.memory_bytes
        if self._memory() > limit:
            reason = f"exceeded its memory limit of {limit / 2**30:.3g} GiB"
            raise self._lost(Status.OUT_OF_MEMORY, reason)

    def _look_around(self) -> None:
        """What costs more than to look at one process: its children, and the disk."""
        self._looked = time.monotonic()
        self._children = descendants.kin([self._watched])
        if self._disk.exceeds([self._watched, *self._children]):
            reason = (
                f"wrote more than {self._disk.limit / 2**30:.3g} GiB of temporary files, "
                "its share of the free disk"
            )
            outside = "a full disk" if self._disk.limit < LITTLE_DISK else None
            raise self._lost(Status.CRASHED, reason, outside=outside)

    def _memory(self) -> int:
        """What the process holds, and what its children did when last looked for."""
        try:
            return descendants.memory_bytes(self._watched, self._children, self.terms.memory_bytes)
        except psutil.Error:
            return 0

    def _lost(
        self, status: Status, reason: str, last: str = "", outside: str | None = None
    ) -> Lost:
        self._kill()
        return Lost(status, reason, last, outside)

    def _gone(self) -> Lost:
        """Why the process ended, from its exit code and the last line it printed."""
        deadline = time.monotonic() + LEAVE_S
        while (code := self._process.poll()) is None:
            if time.monotonic() > deadline:
                return self._lost(Status.CRASHED, "closed the harness's own pipe")
            if not self._read_log():
                time.sleep(POLL_S)
        for _ in range(16):  # what the pipe, of 64 kB, still holds, and not all that others add
            if not self._read_log():
                break
        lines = self._log.decode(errors="replace").strip().splitlines()
        last = text(lines[-1], 300) if lines else "no message"
        number = _number(code)
        if number is None or code > 0:
            outside = number.name if number in FROM_OUTSIDE else None
            reason = f"the process ended with exit code {code}"
            return self._lost(Status.CRASHED, reason, f": {last}", outside)
        outside = number.name if number in FROM_OUTSIDE else None
        reason = f"the process was killed by {number.name}"
        return self._lost(Status.CRASHED, reason, HINTS.get(number, ""), outside)

    def _kill(self) -> None:
        """End the process and everything it started."""
        everyone = {self._watched, *self._children, *descendants.kin([self._watched])}
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        descendants.end(str(self.folder), everyone)
        with contextlib.suppress(subprocess.TimeoutExpired):  # stuck in the kernel
            self._process.wait(LEAVE_S)


class Clock:
    """A time limit that stands still while this process does."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._looked = time.monotonic()
        self._deadline = self._looked + limit_s

    def go_on(self) -> None:
        """Go on after a pause that does not count."""
        now = time.monotonic()
        self._deadline += now - self._looked
        self._looked = now

    def ticked(self) -> bool:
        """Whether it is time to look again; what is looked at costs more than the time."""
        now = time.monotonic()
        passed = now - self._looked
        if passed < POLL_S / 2:
            return False
        self._deadline += passed if passed > STOOD_STILL_S else 0.0
        self._looked = now
        return True

    def over(self) -> bool:
        return self._looked > self._deadline


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """Both ends of a pipe, each closed by the stack it is given to."""
    read, write = os.pipe()
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write


def _number(code: int) -> signal.Signals | None:
    """The signal that an exit code tells of: as the system does, or 128 more, as handlers do."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-code if code < 0 else code - 128)
    return None
