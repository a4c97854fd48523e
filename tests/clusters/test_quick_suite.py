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

import builders
from dask_cluster import Cluster, cluster_in, wait_for
from omicsbench.records import store
from omicsbench.records.spec import Status
from slurm_cluster import jobs_of, slurm_in

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow  # the suite three times

FIRST = 20  # runs done after which a worker is killed; what cannot run is stored before
LIMIT_S = 300  # of a run: the suite's own is near where all these share a few cores
LONGEST_S = 2 * 3_600
UNLIKE = builders.MEASURED | {"limits"}  # what a job may take bounds what a run may
PROFILE = """
[slurm]
minutes = 10
memory_gb = 4
"""

Runs = dict[str, dict[str, Any]]  # by key, what each run is and gave


def _run(out: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    call = ["run", "quick", f"--timeout={LIMIT_S}", "--no-report", "-q", "--out", str(out), *words]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "omicsbench", *call],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=out.parent,  # jobs begin in it, and Python looks there first
        env=os.environ | variables,
    )


def _end(driver: subprocess.Popen[str]) -> None:
    try:
        _, errors = driver.communicate(timeout=LONGEST_S)
    finally:
        _stop(driver)
    assert driver.returncode == 0, errors


def _stop(driver: subprocess.Popen[str]) -> None:
    """End it so that it takes back what it handed out: jobs of one killed by -9 go on."""
    if driver.poll() is None:
        driver.terminate()
        with suppress(subprocess.TimeoutExpired):
            driver.communicate(timeout=60)
    driver.kill()


def _untimed(out: Path) -> Runs:
    """What each run is and gave, but for what its machine took for it."""
    return {r.key: r.model_dump(exclude=UNLIKE) for r in store.read_records(out)}


def _unlike(made: Runs, alone: Runs) -> list[str]:
    """In what runs differ; the first ten."""
    found = [f"{key} is on one side alone" for key in sorted(made.keys() ^ alone.keys())]
    found += [
        f"{alone[key]['spec']}, {field}: {made[key][field]} and {told}"
        for key in sorted(made.keys() & alone.keys())
        for field, told in alone[key].items()
        if made[key][field] != told
    ]
    return found[:10]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Runs:
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
    pytest.importorskip("submitit")
    with slurm_in(tmp_path_factory.mktemp("slurm"), cpus=2) as variables:
        yield variables


def _killed_on_the_way(
    driver: subprocess.Popen[str],
    out: Path,
    workers: Callable[[], list[psutil.Process]],
    alone: Runs,
) -> None:
    """Kill a worker that is at work once some runs are done; these stay as they are."""
    cannot = sum(run["status"] is Status.SKIPPED for run in alone.values())
    try:
        _kill_one(driver, out, workers, FIRST + cannot)
    finally:
        _stop(driver)
    assert not _unlike(_untimed(out), alone)


def _kill_one(
    driver: subprocess.Popen[str],
    out: Path,
    workers: Callable[[], list[psutil.Process]],
    first: int,
) -> None:
    wait_for(lambda: driver.poll() is not None or len(store.loose_files(out)) >= first, 1_800)
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

    wait_for(kill, 600)
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
    tmp_path: Path, cluster: Cluster, alone: Runs
) -> None:
    driver = _run(tmp_path, "--executor", f"dask://{cluster.address.removeprefix('tcp://')}")
    _killed_on_the_way(driver, tmp_path, cluster.busy, alone)


def test_slurm_of_which_a_job_is_killed(tmp_path: Path, slurm: dict[str, str], alone: Runs) -> None:
    (tmp_path / "profile.toml").write_text(PROFILE)
    out = tmp_path / "out"
    words = "--executor", "slurm", "--profile", str(tmp_path / "profile.toml")
    driver = _run(out, *words, **slurm)
    _killed_on_the_way(driver, out, lambda: jobs_of(out), alone)
