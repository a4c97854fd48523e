"""`omicsbench workflow`: scripts that a shell and the engines accept, and that make one result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import builders
from command import inside
from omicsbench.records import store

SUITE = (
    'pipelines = ["random_projection(2)", "pca(2)"]\nrepeats = 2\nthreads = 1\n'
    'metrics = ["reconstruction_r2"]\ndatasets = [{name = "linear_control(n=60)", sizes = [30]}]\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.toml").write_text(SUITE)
    return tmp_path


def written(engine: str, folder: Path) -> Path:
    done = inside("workflow", engine, "tiny.toml", "--shards", 2, "--minutes", 30, cwd=folder)
    assert done.returncode == 0, done.stderr
    (path,) = [path for path in folder.iterdir() if path.suffix != ".toml"]
    assert f"Wrote {path.name}" in done.stdout
    return path


@pytest.mark.parametrize("engine", ["sbatch", "snakemake", "nextflow"])
def test_a_workflow_is_written_once_and_says_how_to_send_it(engine: str, folder: Path) -> None:
    path = written(engine, folder)
    text = path.read_text()
    assert f"omicsbench run {folder / 'tiny.toml'} --shard" in text, "jobs run elsewhere"
    assert path.name in text.splitlines()[0] + text.splitlines()[2]
    again = inside("workflow", engine, "tiny.toml", cwd=folder)
    assert (again.returncode, path.read_text()) == (2, text)
    assert "exists already" in again.stderr


def test_results_that_are_there_are_not_merged_into(folder: Path) -> None:
    store.write_record(store.open_folder(folder / "results" / "tiny"), builders.record())
    done = inside("workflow", "sbatch", "tiny.toml", cwd=folder)
    assert (done.returncode, "holds records already" in done.stderr) == (2, True)


def test_a_suite_that_is_not_there_is_refused(folder: Path) -> None:
    done = inside("workflow", "sbatch", "no.toml", cwd=folder)
    assert (done.returncode, list(folder.glob("*sbatch"))) == (2, [])


SNAKEMAKE = pytest.mark.skipif(
    shutil.which("snakemake") is None, reason="snakemake is not installed"
)


@SNAKEMAKE
def test_snakemake_plans_every_shard(folder: Path) -> None:
    path = written("snakemake", folder)
    words = ["snakemake", "-s", path, "-n", "-p"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--shard 2/2" in done.stdout


@SNAKEMAKE
@pytest.mark.slow
def test_snakemake_makes_what_one_run_makes(folder: Path) -> None:
    path, env = written("snakemake", folder), with_command(folder)
    words = ["snakemake", "-s", path, "--cores", "2"]
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    equals_one_run(folder)


@pytest.mark.slow
def test_a_job_array_makes_what_one_run_makes(folder: Path) -> None:
    """Each job of the array as SLURM starts it, then the line that merges."""
    path, env = written("sbatch", folder), with_command(folder)
    for i in ("1", "2"):
        job = env | {"SLURM_ARRAY_TASK_ID": i}
        subprocess.run(["bash", path], cwd=folder, env=job, check=True, capture_output=True)
    line = next(at for at in path.read_text().splitlines() if "merge" in at)
    subprocess.run(
        ["bash", "-c", line.partition("&&")[2]],
        cwd=folder,
        env=env,
        check=True,
        capture_output=True,
    )
    equals_one_run(folder)


def with_command(folder: Path) -> dict[str, str]:
    """An environment in which `omicsbench` is this one, wherever it is installed."""
    (folder / "omicsbench").write_text(f'#!/bin/sh\nexec {sys.executable} -m omicsbench "$@"\n')
    (folder / "omicsbench").chmod(0o755)
    return os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def equals_one_run(folder: Path) -> None:
    assert inside("run", "tiny.toml", "--out", "whole", cwd=folder).returncode == 0
    merged, whole = (
        {r.key: r.scores for r in store.read_records(folder / name)}
        for name in ("results/tiny", "whole")
    )
    assert merged == whole
    assert len(whole) == 4
