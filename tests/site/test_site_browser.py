"""The site in a real browser: nothing overflows, nothing is requested, the search finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import Visit
from command import inside
from result_sets import STRENGTH, made, runs


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("results")
    made(home / "set", runs(STRENGTH))
    out = home / "site"
    assert inside("site", home / "set", "-o", out).returncode == 0
    return out


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_stand_at_every_width(visit: Visit, site: Path, width: int, scheme: str) -> None:
    for name in ("index", "task-embed", "method-pca", "dataset-data0", "sets"):
        page, wrong = visit(site / f"{name}.html", width)
        page.emulate_media(color_scheme=scheme)
        assert wrong == []
        over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(over) == 0, name
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")


def test_the_search_finds_by_name_and_by_summary(visit: Visit, site: Path) -> None:
    page, wrong = visit(site / "index.html", 390)
    page.fill("#q", "pca")
    assert page.locator("#hits a").first.inner_text() == "pca"
    assert page.locator("#hits a").first.get_attribute("href") == "method-pca.html"
    page.fill("#q", "nothing like it")
    assert page.locator("#hits").inner_text() == "Nothing of that name."
    page.fill("#q", "")
    assert page.locator("#hits li").count() == 0
    assert wrong == []
