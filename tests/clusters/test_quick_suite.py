"""The quick suite by a real Dask cluster and a real SLURM, a worker killed on the way: as here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from dask_cluster import Cluster, cluster_in, wait_for
from omicsbench.records import store
from slurm_cluster import jobs_of, slurm_in

pytest.importorskip("submitit")
pytest.importorskip("distributed")
pytestmark = pytest.mark.slow  # the suite three times

FIRST = 20  # records after which a worker is killed
PROFILE = """
[slurm]
minutes = 2
memory_gb = 4
"""


def _run(out: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    call = ["run", "quick", "--no-report", "-q", "--out", str(out), *words]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "omicsbench", *call],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | variables,
    )


def _end(driver: subprocess.Popen[str]) -> None:
    _, errors = driver.communicate(timeout=3_600)
    assert driver.returncode == 0, errors


def _untimed(out: Path) -> dict[str, Any]:
    """What each run is and gave, but for what its machine took for it."""
    return {
        r.key: (r.spec, r.status, r.reason, r.cause, r.scores, r.validation, r.in_sample)
        for r in store.read_records(out)
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("alone")
    _end(_run(out))
    made = _untimed(out)
    assert len(made) > 300
    return made


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster_in(tmp_path_factory.mktemp("dask")) as found:
        yield found


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with slurm_in(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


def _killed_on_the_way(
    driver: subprocess.Popen[str], out: Path, workers: Callable[[], list[psutil.Process]]
) -> None:
    """Kill a worker that is at work once some records are there; these stay as they are."""
    try:
        _kill_one(driver, out, workers)
    finally:
        driver.kill()


def _kill_one(
    driver: subprocess.Popen[str], out: Path, workers: Callable[[], list[psutil.Process]]
) -> None:
    wait_for(lambda: driver.poll() is not None or len(store.loose_files(out)) >= FIRST, 600)
    assert driver.poll() is None, driver.communicate()
    before = {path: path.read_bytes() for path in store.loose_files(out)}
    killed: list[psutil.Process] = []

    def kill() -> list[psutil.Process]:
        for worker in filter(_at_work, workers()):
            with suppress(psutil.NoSuchProcess):
                worker.send_signal(signal.SIGKILL)
                killed.append(worker)
                break
        return killed

    wait_for(kill)
    _end(driver)
    after = {path: path.read_bytes() for path in store.loose_files(out)}
    assert before.items() <= after.items()


def _at_work(process: psutil.Process) -> bool:
    """Whether it has a worker, to whom it hands runs."""
    with suppress(psutil.Error):
        below = process.children(recursive=True)
        return any("omicsbench.running.worker" in " ".join(one.cmdline()) for one in below)
    return False


def test_three_dask_workers_of_which_one_is_killed(
    tmp_path: Path, cluster: Cluster, alone: dict[str, Any]
) -> None:
    driver = _run(tmp_path, "--executor", f"dask://{cluster.address.removeprefix('tcp://')}")
    _killed_on_the_way(driver, tmp_path, cluster.busy)
    assert _untimed(tmp_path) == alone


def test_slurm_of_which_a_job_is_killed(
    tmp_path: Path, slurm: dict[str, str], alone: dict[str, Any]
) -> None:
    (tmp_path / "profile.toml").write_text(PROFILE)
    out = tmp_path / "out"
    words = "--executor", "slurm", "--profile", str(tmp_path / "profile.toml")
    driver = _run(out, *words, **slurm)
    _killed_on_the_way(driver, out, lambda: jobs_of(out))
    assert _untimed(out) == alone
