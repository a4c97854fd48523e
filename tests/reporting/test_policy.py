"""What a page allows: its own styles and scripts, by hash, and nothing that gets into it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from browser import Visit
from demo import Made


def _policy(path: Path) -> dict[str, list[str]]:
    text = path.read_text(encoding="utf-8")
    (stated,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    return {words[0]: words[1:] for words in map(str.split, stated.split(";"))}


def test_nothing_unsafe_is_allowed(made: Made, mixed: Made) -> None:
    for _, path in (made, mixed):
        allowed = _policy(path)
        assert allowed["default-src"] == ["'none'"]
        assert allowed["img-src"] == ["data:"]
        for kind, count in (("script-src", 2), ("style-src", 1)):
            assert len(allowed[kind]) == count
            assert all(word.startswith("'sha256-") for word in allowed[kind])
        text = path.read_text(encoding="utf-8")
        shown = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL)
        assert not re.search(r"<[^>]* style=", shown), "a style as an attribute would be refused"


@pytest.mark.parametrize(
    "injected",
    [
        "<img src=x onerror='window.got = true'>",
        "<script>window.got = true</script>",
        "<style>body { display: none }</style>",
        "<p style='display: none' class=injected>x</p>",
    ],
)
def test_browser_refuses_what_gets_into_a_page(
    visit: Visit, made: Made, tmp_path: Path, injected: str
) -> None:
    path = tmp_path / "report.html"
    text = made[1].read_text(encoding="utf-8")
    path.write_text(text.replace("<main>", f"<main>{injected}", 1), encoding="utf-8")
    page, wrong = visit(path, 1280)
    page.wait_for_load_state()
    assert any("Content Security Policy" in said for said in wrong)
    assert page.evaluate("window.got") is None
    assert page.evaluate("getComputedStyle(document.body).display") == "block"
    assert page.locator(".injected").count() == page.locator(".injected:visible").count()


def test_browser_shows_the_numbers_of_a_marker(open_report: Visit, made: Made) -> None:
    page, wrong = open_report(made[1], 1280)
    page.locator("#explorer .chart:first-child .mark-symbol path").last.hover()
    box = page.locator("#vg-tooltip-element.visible")
    box.wait_for()
    assert box.evaluate("box => getComputedStyle(box).position") == "fixed"
    assert box.locator("td.value").count() > 2
    assert not wrong
