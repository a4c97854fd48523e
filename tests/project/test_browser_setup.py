"""A fresh machine gets a browser for the tests of pages, or one line says that it has none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from browser import launched

SCRIPT = Path(__file__).parents[2] / ".ci" / "browser"
BROWSER = "#!/bin/sh\nexit 0\n"
BROKEN = "#!/bin/sh\nexit 1\n"
SUDO = '#!/bin/sh\nshift\nexec "$@"\n'
NO_SUDO = "#!/bin/sh\nexit 1\n"
# Installs a browser once it has been told to fetch its lists, as on a fresh machine.
APT = """#!/bin/sh
case "$1" in
  update) : >"$HERE/lists" ;;
  install) [ -e "$HERE/lists" ] && cp "$HERE/made" "$HERE/chromium" ;;
esac
"""
PLAYWRIGHT = '#!/bin/sh\necho "$@" >>"$HERE/asked"\n'
NO_TOOLS: dict[str, str] = {}


@pytest.mark.parametrize(
    ("tools", "said", "asked"),
    [
        ({"chromium": BROWSER}, "", ""),
        ({"apt-get": APT, "sudo": SUDO, "made": BROWSER}, "", ""),
        ({"apt-get": APT, "sudo": NO_SUDO, "made": BROWSER}, "No browser could be installed", ""),
        ({"chromium": BROKEN, "apt-get": APT, "sudo": SUDO, "made": BROWSER}, "", ""),
        (
            {"apt-get": APT, "sudo": SUDO, "made": BROKEN, ".venv/bin/playwright": PLAYWRIGHT},
            "",
            "install --with-deps chromium",
        ),
        ({"sudo": NO_SUDO, ".venv/bin/playwright": PLAYWRIGHT}, "", "install chromium"),
        (NO_TOOLS, "No browser could be installed", ""),
    ],
)
def test_it_is_found_installed_or_said(
    tmp_path: Path, tools: dict[str, str], said: str, asked: str
) -> None:
    for name, script in (tools | {"id": "#!/bin/sh\necho 1000\n"}).items():
        tool = tmp_path / name
        tool.parent.mkdir(parents=True, exist_ok=True)
        tool.write_text(script, encoding="utf-8")
        tool.chmod(0o755)
    for name in ("cp", "true"):
        (tmp_path / name).symlink_to(Path("/bin") / name)
    done = subprocess.run(
        ["/bin/sh", str(SCRIPT)],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "HERE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(said)
    assert bool(done.stdout) == bool(said)
    found = tmp_path / "asked"
    assert (found.read_text().strip() if found.exists() else "") == asked


def test_a_browser_that_does_not_start_is_told_and_the_next_one_tried() -> None:
    error = pytest.importorskip("playwright.sync_api").Error

    class Chromium:
        def launch(self, executable_path: str, args: list[str]) -> Any:
            if executable_path != "good":
                raise error(
                    "BrowserType.launch: Target page has been closed\nBrowser logs:\n"
                    "[pid=7][err] error while loading shared libraries: libnss3.so\nand more"
                )
            return "started"

    assert launched(Chromium(), ["bad", "good"]) == "started"
    with pytest.raises(pytest.skip.Exception, match=r"no browser starts: bad: .*libnss3") as told:
        launched(Chromium(), ["bad", "worse"])
    assert "and more" not in str(told.value)
    with pytest.raises(pytest.skip.Exception, match="none of"):
        launched(Chromium(), [])
