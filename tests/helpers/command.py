"""The real command line: in a process of its own, or, in a tenth of the time, in this one."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from unittest import mock

Done = subprocess.CompletedProcess[str]
Cli = Callable[..., Done]


def call(*args: object, **more: object) -> Done:
    """Run ``omicsbench`` with its words; ``more`` goes to subprocess.run."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "omicsbench", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        **({"timeout": 240} | more),
    )


def inside(*words: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
    """The same in this process, which spares seconds of imports; workers still have their own.

    For all that does not turn on how the process itself starts or ends. Whatever the command raises
    but an exit is a fault of it.
    """
    from omicsbench.cli.main import main  # after conftest.py has set the number of threads

    command = ["omicsbench", *map(str, words)]
    out, said = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", command),
        mock.patch.dict(os.environ, os.environ if env is None else env, clear=True),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(said),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return subprocess.CompletedProcess(command, code, out.getvalue(), said.getvalue())
