"""What axe-core finds wrong with a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = Path(__file__).parents[1] / "vendor" / "axe-core" / "axe.min.js"
FOUND = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  (v) => v.id + ": " + v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | "))
"""


def violations(page: Any) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
    found: list[str] = page.evaluate(FOUND)
    return found
