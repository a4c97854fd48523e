"""A fresh machine gets a browser for the tests of pages, or one line says that it has none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "browser"


@pytest.mark.parametrize(
    ("present", "said"),
    [
        ({"chromium": 0}, ""),
        ({"apt-get": 0, "sudo": 0}, ""),
        ({"apt-get": 1, "sudo": 1}, "No browser could be installed"),
        ({}, "No browser could be installed"),
    ],
)
def test_it_is_found_installed_or_said(tmp_path: Path, present: dict[str, int], said: str) -> None:
    for name, code in present.items():
        tool = tmp_path / name
        tool.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
        tool.chmod(0o755)
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n", encoding="utf-8")
    (tmp_path / "id").chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT)],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(said)
    assert bool(done.stdout) == bool(said)
