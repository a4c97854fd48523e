"""Every reader can use the page: axe-core finds nothing, wide and narrow, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser import Visit
from demo import Made

AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
FOUND = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  (v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | "))
"""


def violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found: list[str] = page.evaluate(FOUND)
    return found


@pytest.mark.parametrize("width", [1440, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_report: Visit, made: Made, width: int, scheme: str) -> None:
    page, wrong = open_report(made[1], width)
    page.emulate_media(color_scheme=scheme)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelector('#heat td button').click()")
    page.locator("#runs[open] tbody tr").first.wait_for()
    assert violations(page) == []
    assert not wrong


def test_axe_sees_what_is_wrong(visit: Visit, made: Made) -> None:
    page, _ = visit(made[1], 1440)
    page.evaluate(
        "document.querySelector('[name=dataset]').closest('label').replaceWith("
        "document.querySelector('[name=dataset]'))"
    )
    assert any(found.startswith("select-name") for found in violations(page))
