"""A Dask cluster of three worker processes, apart from the test, and those who work for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

CLUSTER = """
import os, signal, sys
from distributed import LocalCluster, Status

if __name__ == "__main__":
    with LocalCluster(
        n_workers=3,
        threads_per_worker=1,
        dashboard_address=None,
        local_directory=sys.argv[1],
        silence_logs=50,
    ) as cluster:
        print(cluster.scheduler_address, flush=True)
        for line in sys.stdin:
            (nanny,) = [n for n in cluster.workers.values() if n.process.pid == int(line)]
            nanny.status = Status.closing_gracefully  # it starts no other
            os.kill(int(line), signal.SIGKILL)
"""


@dataclass(frozen=True)
class Cluster:
    """Its scheduler's address, and the folder in which its workers have their scratch."""

    address: str
    scratch: Path
    _orders: IO[str]

    def end_for_good(self, worker: psutil.Process) -> None:
        """Kill a Dask worker, in whose place no other comes."""
        self._orders.write(f"{worker.pid}\n")
        self._orders.flush()

    def harness(self) -> list[psutil.Process]:
        """The processes of omicsbench that Dask workers have started and that live."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                place = process.environ().get("TMPDIR", "")
                ours = place.startswith(f"{self.scratch}/")
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def busy(self) -> list[psutil.Process]:
        """The Dask workers that have a process of omicsbench at work."""
        found = []
        for process in self.harness():
            with suppress(psutil.Error):  # gone meanwhile
                parent = process.parent()
                if parent and parent.pid > 1 and "running.worker" in " ".join(process.cmdline()):
                    found.append(parent)
        return found

    def left(self) -> list[Path]:
        """Scratch folders of omicsbench on the workers' node."""
        return list(self.scratch.glob("omicsbench-*"))


@contextmanager
def cluster_in(place: Path, **variables: str) -> Iterator[Cluster]:
    """A cluster whose temporary files lie in ``place``; ``variables`` are its environment's."""
    scratch, script = place / "scratch", place / "cluster.py"
    scratch.mkdir()
    script.write_text(CLUSTER)
    process = subprocess.Popen(
        [sys.executable, str(script), str(place / "dask")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(scratch)} | variables,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    everyone: list[psutil.Process] = []
    try:
        yield Cluster(process.stdout.readline().strip(), scratch, process.stdin)
        everyone = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        for one in [*everyone, psutil.Process(process.pid)] if process.poll() is None else everyone:
            with suppress(psutil.Error):
                one.kill()
        process.wait()


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
