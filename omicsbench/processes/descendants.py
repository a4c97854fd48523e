"""All processes that a process of the harness started: found, weighed and ended.

A child may leave its parent's group (setsid) and outlive its parent (double fork), so kinship
alone does not find it. What finds it besides is a mark in its environment, which is inherited.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

MARK = "OMICSBENCH_OWNER"  # variable: the folder of the process that all this belongs to
PROC = Path("/proc")
QUIET = 4  # looks in a row
POLL_S = 0.005
PATIENCE_S = 10.0  # to see killed processes go


def kin(roots: Iterable[psutil.Process]) -> set[psutil.Process]:
    """What these processes started and what that did, as far as the parents still live."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    new = {process.pid for process in roots}
    while new:
        new = {child for pid in new for child in children.get(pid, ())} - found
        found |= new
    kin = set()
    for pid in found:
        with contextlib.suppress(psutil.Error):  # gone meanwhile
            kin.add(psutil.Process(pid))
    return kin


def _parents() -> Iterator[tuple[int, int]]:
    """Every process and its parent. Read from /proc where there is one: psutil takes ten times."""
    if not PROC.is_dir():
        for process in psutil.process_iter(["ppid"]):
            yield process.pid, process.info["ppid"]
    for name in _pids():
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
            yield int(name), int(file.read().rpartition(b")")[2].split(None, 2)[1])


def _pids() -> list[str]:
    """Of all processes, the newest first: it may be replaced before it is looked at."""
    names = os.listdir(PROC) if PROC.is_dir() else []  # noqa: PTH208 (many, and often)
    return sorted((name for name in names if name.isdigit()), key=int, reverse=True)


def marked(owner: str) -> Iterator[psutil.Process]:
    """Processes whose environment says that they belong to ``owner``, or to a part of it.

    Only where the system tells of the environment in /proc, and for this user's processes.
    """
    line = f"{MARK}={owner}".encode()
    for name in _pids():
        with contextlib.suppress(OSError, psutil.Error):
            for entry in (PROC / name / "environ").read_bytes().split(b"\0"):
                if entry == line or entry.startswith(line + b"/"):
                    yield psutil.Process(int(name))
                    break


def end(owner: str, known: Iterable[psutil.Process] = ()) -> None:
    """Kill all that belongs to ``owner``, and ``known`` with its kin, until nothing is left.

    Where there were several, one of them may have been replaced by a child while it was looked for,
    so nothing has to be found some times in a row.
    """
    living, quiet, needed = set(known), 0, 1
    deadline = time.monotonic() + PATIENCE_S
    while quiet < needed and time.monotonic() < deadline:
        found = living | _stopped(owner)
        found |= kin(found)
        living = {process for process in found if process.pid != os.getpid() and _lives(process)}
        for process in living:
            with contextlib.suppress(psutil.Error):
                process.kill()
        needed = QUIET if len(found) > 1 else needed
        quiet = 0 if living else quiet + 1
        time.sleep(POLL_S if living or quiet < needed else 0)


def _stopped(owner: str) -> set[psutil.Process]:
    """What is marked, each stopped as soon as it is found: it starts nothing more."""
    found = set()
    for process in marked(owner):
        if process.pid != os.getpid():
            with contextlib.suppress(psutil.Error):
                process.suspend()
            found.add(process)
    return found


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def memory_bytes(process: psutil.Process, children: Iterable[psutil.Process], limit: float) -> int:
    """Memory that a process and its children hold; exact only above ``limit``.

    A page that several of them share counts once, where the kernel tells (PSS, Linux): after a
    fork nearly all are. Asking for that takes milliseconds a GB, so resident memory, which is never
    less, is asked for first.
    """
    own = int(process.memory_info().rss)
    everyone = [process, *children]
    if len(everyone) == 1:
        return own
    resident = sum(_rss(one) for one in everyone)
    return max(own, sum(_pss(one) for one in everyone)) if resident > limit else resident


def _rss(process: psutil.Process) -> int:
    with contextlib.suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _pss(process: psutil.Process) -> int:
    """Its share of memory: what it shares is divided by the number of those who share it."""
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
        return int(rollup.partition("\nPss:")[2].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return _rss(process)
