"""Whatever is killed, and whenever: no finished run is lost, and a resumed suite ends the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from killing import RUNS, campaigns

PLUGINS = Path(__file__).parents[1] / "plugins"


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plugins"
    folder.mkdir()
    shutil.copy(PLUGINS / "steady.py", folder)
    return folder


def test_a_few_random_kills(tmp_path: Path, plugins: Path) -> None:
    found = campaigns(tmp_path / "kills", plugins, kills=3, seed=1)
    assert found.kills.total() >= 3
    assert found.wrong == {}


@pytest.mark.slow
def test_many_random_kills(
    tmp_path: Path,
    plugins: Path,
    request: pytest.FixtureRequest,
    tell: Callable[[str, str, str], None],
) -> None:
    wanted = request.config.getoption("--kills", None) or 20
    keep = request.config.getoption("--keep", None)
    folder = (keep or tmp_path).resolve() / "kills"
    found = campaigns(folder, plugins, wanted, seed=15)
    assert found.wrong == {}
    assert found.kills.total() >= wanted
    struck = ", ".join(f"{name} {n}" for name, n in sorted(found.kills.items()))
    tell(
        f"SIGKILL of driver, worker, scorer or a method's child, SIGTERM to the group, at random "
        f"moments of a suite of {RUNS} runs, which is resumed until it is done",
        f"{found.kills.total()} ({struck})",
        f"{found.lost} lost, {found.doubled} doubled, {found.changed} changed, {found.set_aside} "
        f"set aside, {found.orphans} orphans, {found.temporary} temporary folders, "
        f"{found.unequal} scores unequal",
    )
