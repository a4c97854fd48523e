"""The child's side of a process of the harness: how it begins, and how it starts anew.

``python -P -m MODULE JOB IN OUT``: a file that only this process is told of, and two pipes. What a
method prints goes elsewhere and cannot spoil an answer.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from omicsbench.processes.channel import Channel, Content

UNSERVED = "unserved.json"  # beside the job: the request for which a process started anew


class Served:
    """What this process was told, its channel to the driver, and where its files lie."""

    def __init__(self, arguments: Sequence[str]) -> None:
        job, fd_in, fd_out = Path(arguments[0]), int(arguments[1]), int(arguments[2])
        private = json.loads(job.read_text(encoding="utf-8"))
        _die_with(private["driver"])
        _end_at_once()
        for fd in (fd_in, fd_out):
            os.set_inheritable(fd, False)
        self.told: dict[str, Any] = private["told"]
        self.folder = job.parent
        self.channel = Channel(fd_in, fd_out, bytes.fromhex(private["token"]), private["driver"])
        self._fds = fd_in, fd_out

    def unserved(self) -> Content | None:
        """The request for which this process started anew, if it did."""
        file = self.folder / UNSERVED
        if not file.exists():
            return None
        kept = json.loads(file.read_text(encoding="utf-8"))
        file.unlink()
        self.channel.request = kept["request"]
        content: Content = kept["content"]
        return content

    def start_anew(self, content: Content) -> NoReturn:
        """Become a fresh process with the same command, pipes and limits; it serves ``content``."""
        kept = {"request": self.channel.request, "content": content}
        (self.folder / UNSERVED).write_text(json.dumps(kept), encoding="utf-8")
        for fd in self._fds:
            os.set_inheritable(fd, True)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - itself, as it was called


def _end_at_once() -> None:
    """Let SIGINT end the process: as an exception, a method could take it for its own end.

    A trainer that stops early when it is interrupted would return half a fit as if it were whole.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _die_with(driver: int) -> None:
    """On Linux: end when the driver does, however it dies, and inherit orphans of children."""
    if sys.platform != "linux":
        return
    import ctypes

    pr_set_pdeathsig, pr_set_child_subreaper = 1, 36
    libc = ctypes.CDLL(None)
    libc.prctl(pr_set_pdeathsig, signal.SIGKILL)
    libc.prctl(pr_set_child_subreaper, 1)
    if os.getppid() != driver:  # it died before this was asked for
        sys.exit("the driver is gone")
