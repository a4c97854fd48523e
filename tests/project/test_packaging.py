"""The built wheel works where the checkout is not: a fresh venv, another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, built as a user's pip would, from what git would ship."""
    source = tmp_path_factory.mktemp("source")
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    for name in filter(None, names):
        if (ROOT / name).is_file() and not name.startswith("results/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    out = tmp_path_factory.mktemp("dist")
    # Wheel from sdist: what is missing in the one is missing in the other.
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(source)],
        check=True,
        capture_output=True,
        text=True,
    )
    return out


def test_the_wheel_lists_the_registry_outside_the_checkout(
    distributions: Path, tmp_path: Path
) -> None:
    (wheel,) = distributions.glob("*.whl")
    home = tmp_path / "venv"
    venv.create(home)
    python = home / "bin" / "python"
    # Listing needs these few only; the heavy libraries are looked up, not imported. Neither a pip
    # of its own nor compiling what is never imported is worth the seconds it takes.
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile"]
    needed = ["-c", ROOT / "constraints.txt", "typer", "numpy", "pydantic"]
    for words in (["--no-deps", wheel], needed):
        subprocess.run([*pip, *words], check=True, capture_output=True)
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    for kind, expected in (
        ("methods", "autoencoder"),
        ("datasets", "scmark_immune"),
        ("suites", "quick"),
        ("metrics", "knn_recall"),
    ):
        done = subprocess.run(
            [home / "bin" / "omicsbench", "list", kind],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    shown = subprocess.run(
        [python, "-m", "omicsbench", "show", "scmark_immune"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout
    assert str(home) in shown


def test_both_distributions_carry_all_that_is_needed(distributions: Path) -> None:
    (wheel,) = distributions.glob("*.whl")
    (sdist,) = distributions.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    for folder, package in (("methods", "methods"), ("datasets", "datasets")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(ROOT / folder).as_posix()
                assert f"omicsbench/{package}/{name}" in inside
                assert f"{folder}/{name}" in packed
    for path in (ROOT / "omicsbench").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(ROOT).as_posix() in inside
