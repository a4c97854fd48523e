"""Processes that hold something until they are ended, and file systems without locks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_LOCKS = """
import errno, fcntl
def flock(handle, how):
    raise OSError(errno.ENOTSUP, "no locks here")
fcntl.flock = flock
"""


@contextmanager
def holding(block: str, *, lockless: bool = False) -> Iterator[subprocess.Popen[str]]:
    """A process in the block of a ``with`` statement, until it is ended by the test."""
    code = f"""
{NO_LOCKS if lockless else ""}
import time
from pathlib import Path
from omicsbench.owned.scratch import scratch
from omicsbench.records.claim import claimed
with {block} as held:
    print(held, flush=True)
    time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "it holds nothing"
        yield process
    finally:
        process.kill()
        process.wait()


def claiming(folder: Path) -> str:
    """The block in which a process claims a results folder."""
    return f"claimed(Path({str(folder)!r}), 'omicsbench run first')"
