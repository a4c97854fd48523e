"""The page stands whatever the runs were: no score at all, one metric, 200 classes, odd names."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import Visit
from demo import DATASETS, EVIL, JUDGED, demo
from odd_records import ODDITIES, Oddity, failed
from omicsbench.reporting import write_report

ONE = {"blood_cells": DATASETS["blood_cells"]}


@pytest.mark.parametrize("change", ODDITIES)
def test_the_page_stands(visit: Visit, tmp_path: Path, change: Oddity) -> None:
    records = [change(r) for r in demo(tmp_path, ONE)]
    made = write_report(records, tmp_path, tmp_path / "a.html", command=EVIL, analysis=JUDGED)
    for width in (1440, 375):
        page, wrong = visit(made.page, width)
        page.evaluate("document.getElementById('unfold').click()")
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        buttons = page.locator("#heat td button")
        assert (buttons.count() > 0) == (change is not failed)
        if change is not failed:
            buttons.first.click()
            page.locator("#runs[open] tbody tr").first.wait_for()
        assert not wrong
