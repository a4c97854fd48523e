"""What a user waits for besides the methods themselves."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Watch:
    """Notes when each record arrived."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def dataset(self, name: str, share: float) -> None:
        pass

    def start(self, todo: Sequence[Any], done: int) -> None:
        pass

    def record(self, record: Any) -> None:
        self.times.append(time.perf_counter())


def track_harness_time_per_run() -> float:
    """Seconds per run that costs nothing, isolated and stored one by one, without worker start."""
    from omicsbench.runner import run_suite
    from omicsbench.suite import make_suite

    suite = make_suite({
        "name": "overhead", "pipelines": ["random_embedding"], "metrics": [], "repeats": 200,
        "datasets": [{"name": "linear_control(n=1000)", "sizes": [50]}], "n_components": 2,
    })  # fmt: skip
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        run_suite(suite, Path(folder), observer=watch)
    return (watch.times[-1] - watch.times[0]) / (len(watch.times) - 1)


track_harness_time_per_run.unit = "s"  # type: ignore[attr-defined]


def time_list_methods() -> None:
    """Wall time of ``omicsbench list methods`` in a fresh process."""
    command = [sys.executable, "-P", "-m", "omicsbench", "list", "methods"]
    subprocess.run(command, check=True, capture_output=True)
