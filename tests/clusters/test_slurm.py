"""Suites by SLURM, a real one on this machine: as local runs, though jobs and drivers die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dask_cluster import wait_for
from gated import GATED
from omicsbench.records import store
from slurm_cluster import jobs_of, slurm_in

pytest.importorskip("submitit")
pytestmark = [pytest.mark.slow, pytest.mark.promise]  # real jobs

HUNGRY = """
import numpy as np
from omicsbench.plugin import method


@method(name="hungry", family="simple", summary="x", source="x")
class Hungry:
    "The first columns; from 100 rows on it fills 2 GiB."
    def __init__(self, n_components: int | None = None):
        self.n_components = n_components
    def fit(self, X):
        if len(X) >= 100:
            np.ones(2**28).sum()
        return self
    def transform(self, X):
        return X[:, : self.n_components].astype("float32")
"""
SUITE = """
pipelines = ["gated", "pca", "random_embedding"]
repeats = 2
n_components = 2
metrics = ["knn_recall"]
threads = 1
memory_gb = 2
sizes = [30, 120]
[[datasets]]
name = "linear_control(n=300)"
[[datasets]]
name = "nonlinear_control(n=300)"
"""
PROFILE = """
[slurm]
minutes = 0.02
memory_gb = 1
"""


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with slurm_in(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "gated.py").write_text(GATED)
    (tmp_path / "suite.toml").write_text(SUITE)
    (tmp_path / "profile.toml").write_text(PROFILE)
    return tmp_path


def _driver(place: Path, out: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    call = ["run", str(place / "suite.toml"), "--plugins", str(place / "plugins")]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "omicsbench", *call, "--out", str(out), "--no-report", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | variables,
    )


def _by_slurm(place: Path, out: Path, slurm: dict[str, str], gate: Path) -> subprocess.Popen[str]:
    words = ["--executor", "slurm", "--profile", str(place / "profile.toml")]
    return _driver(place, out, *words, **slurm, GATE=str(gate))


def _said(driver: subprocess.Popen[str]) -> str:
    said, errors = driver.communicate(timeout=300)
    assert driver.returncode == 0, errors
    return said


def _scores(out: Path) -> dict[str, Any]:
    return {r.key: (r.status, r.scores, r.validation) for r in store.read_records(out)}


def _jobs(slurm: dict[str, str]) -> list[str]:
    """The state of each job that SLURM has."""
    said = subprocess.run(
        ["squeue", "--noheader", "--array", "--format=%T"],
        env=os.environ | slurm,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.split()


def test_slurm_makes_what_this_machine_makes_though_a_job_is_killed(
    place: Path, slurm: dict[str, str]
) -> None:
    gate, out = place / "gate", place / "out"
    driver = _by_slurm(place, out, slurm, gate)
    wait_for(lambda: driver.poll() is not None or len(store.loose_files(out)) >= 4)
    assert driver.poll() is None, driver.communicate()
    assert len(_jobs(slurm)) >= 2, "the suite is done in several jobs"
    before = {path: path.read_bytes() for path in store.loose_files(out)}
    victims = jobs_of(out)
    victims[0].send_signal(signal.SIGKILL)
    gate.touch()
    assert "Runs: 24 ok" in _said(driver)
    assert before.items() <= {p: p.read_bytes() for p in store.loose_files(out)}.items()
    assert "Runs: 24 ok" in _said(_driver(place, place / "local"))
    assert _scores(out) == _scores(place / "local")
    assert not _jobs(slurm)


def test_a_driver_that_dies_is_taken_up_by_the_same_command(
    place: Path, slurm: dict[str, str]
) -> None:
    gate, out = place / "gate", place / "out"
    first = _by_slurm(place, out, slurm, gate)
    wait_for(lambda: first.poll() is not None or len(store.loose_files(out)) >= 4)
    first.kill()
    first.communicate()
    said = _said(_driver(place, out, "--collect"))
    assert "are still to come" in said
    gate.touch()
    assert "Runs: 24 ok" in _said(_by_slurm(place, out, slurm, gate))
    assert len(_scores(out)) == 24


def test_ctrl_c_takes_the_jobs_back(place: Path, slurm: dict[str, str]) -> None:
    out = place / "out"
    driver = _by_slurm(place, out, slurm, place / "gate")
    wait_for(lambda: driver.poll() is not None or "PENDING" in _jobs(slurm))
    wait_for(lambda: driver.poll() is not None or len(store.loose_files(out)) >= 2)
    driver.send_signal(signal.SIGINT)
    _, errors = driver.communicate(timeout=120)
    assert "goes on from there" in errors
    assert not {"PENDING", "RUNNING"} & set(_jobs(slurm)), "nothing is left to start"
    wait_for(lambda: not _jobs(slurm), 60)


def test_what_slurm_refuses_ends_in_a_sentence(place: Path, slurm: dict[str, str]) -> None:
    (place / "profile.toml").write_text('[slurm]\npartition = "nowhere"\n')
    driver = _by_slurm(place, place / "out", slurm, place / "gate")
    _, errors = driver.communicate(timeout=120)
    assert driver.returncode == 2
    assert "SLURM does not take the jobs" in errors
    assert "invalid partition" in errors
    assert "Traceback" not in errors


def test_a_run_that_needs_more_than_its_job_is_done_again_with_more(
    place: Path, slurm: dict[str, str]
) -> None:
    (place / "suite.toml").write_text(
        SUITE.replace("gated", "hungry").replace("memory_gb = 2", "memory_gb = 8")
    )
    (place / "plugins" / "hungry.py").write_text(HUNGRY)
    (place / "profile.toml").write_text("[slurm]\nmemory_gb = 2\n")
    out = place / "out"
    assert "Runs: 24 ok" in _said(_by_slurm(place, out, slurm, place / "gate"))
    hungry = [r for r in store.read_records(out) if r.spec.pipeline.startswith("hungry")]
    assert all((r.peak_rss_bytes or 0) > 2 * 2**30 for r in hungry if r.spec.size > 100)
