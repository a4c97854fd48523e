"""The process that holds a file, and whether it still lives.

The kernel says so where the file system has locks: it frees that of a process that is gone,
however it went. Where there are none, the process's id and start say it, on its own machine only.
"""

from __future__ import annotations

import fcntl
import os
import socket
import uuid
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

SAME_START_S = 2.0  # the start of a process is told by a clock that is set now and then
MOST_BYTES = 100_000  # of what an owner says of itself


class Owner(BaseModel):
    """A process. ``machine`` is where its id means something: host, boot, process namespace."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    machine: str
    host: str
    pid: int
    started: float
    since: str
    command: str
    token: str

    def __str__(self) -> str:
        return f"`{self.command}`, process {self.pid} on {self.host} since {self.since}"

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a process of this machine."""
        return self.machine == _machine()

    def lives(self) -> bool:
        """Whether the process is there; to be asked on its own machine."""
        import psutil

        try:
            started: float = psutil.Process(self.pid).create_time()
        except psutil.NoSuchProcess:
            return False
        return abs(started - self.started) < SAME_START_S


def this_process(command: str) -> Owner:
    """This process, as the owner of one thing: no two have the same token."""
    import psutil

    return Owner(
        machine=_machine(),
        host=socket.gethostname(),
        pid=os.getpid(),
        started=psutil.Process().create_time(),
        since=datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
        command=command,
        token=uuid.uuid4().hex,
    )


def write_owner(handle: int, owner: Owner) -> None:
    """Write who holds an open file, in place: a lock belongs to the file, not to its name."""
    os.ftruncate(handle, 0)
    os.pwrite(handle, owner.model_dump_json().encode(), 0)
    os.fsync(handle)


def read_owner(file: int | Path) -> Owner | None:
    """Who holds a file, open or by its path; None if it is not there or does not say."""
    try:
        if isinstance(file, Path):
            handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # a named pipe is not waited for
            try:
                text = os.read(handle, MOST_BYTES)
            finally:
                os.close(handle)
        else:
            text = os.pread(file, MOST_BYTES, 0)
        return Owner.model_validate_json(text)
    except (OSError, ValueError):
        return None


def lock(handle: int) -> bool | None:
    """Lock an open file, not waiting: whether it is got; None where the file system has no locks.

    It is let go when the file is closed, however that happens.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def is_named(handle: int, path: Path) -> bool:
    """Whether an open file is the one that ``path`` names: it may have been removed meanwhile."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


@cache
def _machine() -> str:
    """Containers of one machine may share its name and boot, and number processes anew."""
    found = [socket.gethostname()]
    try:
        found.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip())
        found.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        pass  # no Linux: the name has to do
    return " ".join(found)
