"""A second user of this machine: one who reads and writes only what the first lets others."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FIRST = 54_321  # owns the files; the second is root without root's right to pass over permissions
DROPPED = "-dac_override,-dac_read_search,-fowner"
two_users = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="takes root and setpriv (util-linux) to be two users",
)


def give_to_first(folder: Path) -> None:
    """Let all of a folder belong to the first user."""
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, FIRST, FIRST, follow_symlinks=False)


def as_second(code: str, cache: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run Python as the second user, with the first one's cache and a home of one's own."""
    return subprocess.run(
        ["setpriv", "--bounding-set", DROPPED, sys.executable, "-P", "-B", "-c", code],
        env=os.environ | {"OMICSBENCH_CACHE": str(cache), "XDG_CACHE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
