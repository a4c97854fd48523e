"""The real command line, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

Cli = Callable[..., subprocess.CompletedProcess[str]]


def call(*args: object, **more: object) -> subprocess.CompletedProcess[str]:
    """Run ``omicsbench`` with its words; ``more`` goes to subprocess.run."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "omicsbench", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        **({"timeout": 240} | more),
    )
