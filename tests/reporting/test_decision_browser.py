"""The first screen in a browser: it fits, its pictures are seen, and it says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import Visit
from demo import DATASETS, Made


@pytest.mark.parametrize("width", [1440, 375])
def test_the_first_screen_fits_and_is_drawn(visit: Visit, made: Made, width: int) -> None:
    page, wrong = visit(made[1], width)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    lead = page.locator("#answer .lead").first
    assert lead.inner_text().startswith("Of 2 real omics data sets")
    tiles = page.locator("#answer .tiles .says").evaluate_all("all => all.map((t) => t.innerText)")
    assert len(tiles) == 3
    assert all(tiles)
    below = lead.bounding_box()
    assert below["y"] + below["height"] < 900, "the sentence is seen without scrolling"
    rows = page.locator("#each article")
    assert rows.count() == len(DATASETS)
    bars = page.locator("#each svg.forest .bar")
    assert bars.count() > 4 * len(DATASETS)
    boxes = bars.evaluate_all("all => all.map((b) => b.getBoundingClientRect().right)")
    assert max(boxes) <= width
    wide = "all => all.every((b) => getComputedStyle(b).stroke !== 'none')"
    assert bars.evaluate_all(wide), "the page's policy lets its style through"


def test_the_count_of_verdicts_is_folded(visit: Visit, made: Made) -> None:
    page, _ = visit(made[1], 1440)
    counts = page.locator("#answer details li").first
    assert not counts.is_visible()
    page.locator("#answer summary").first.click()
    assert counts.is_visible()
    assert "deep ahead in" in counts.inner_text()


@pytest.mark.parametrize("width", [1440, 375])
def test_hostile_names_stay_within_the_first_screen(
    visit: Visit, hostile: Path, width: int
) -> None:
    page, wrong = visit(hostile, width)
    assert not wrong
    assert page.evaluate("document.documentElement.scrollWidth") <= width
