"""The page stands whatever the runs were: no score at all, one metric, 200 classes, odd names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from browser import Visit
from demo import DATASETS, EVIL, JUDGED, demo
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting import write_report

ONE = {"blood_cells": DATASETS["blood_cells"]}
Change = Callable[[RunRecord], RunRecord]


def failed(r: RunRecord) -> RunRecord:
    gone = {"scores": {}, "validation": {}, "output_dim": None, "embedding": None}
    return r.model_copy(update={"status": Status.ERROR, "reason": EVIL, **gone})


def of_one_metric(r: RunRecord) -> RunRecord:
    kept = {m: s for m, s in r.scores.items() if m == "knn_recall"}
    return r.model_copy(update={"scores": kept})


def of_many_classes(r: RunRecord) -> RunRecord:
    names = tuple(f"class {i} {EVIL}" for i in range(200))
    info = r.dataset_info.model_copy(update={"label_names": names})
    return r.model_copy(update={"dataset_info": info})


def oddly_named(r: RunRecord) -> RunRecord:
    name = r.spec.pipeline + "'\"&=#?%</script>" + "long" * 40
    return r.model_copy(update={"spec": r.spec.model_copy(update={"pipeline": name})})


@pytest.mark.parametrize("change", [failed, of_one_metric, of_many_classes, oddly_named])
def test_the_page_stands(visit: Visit, tmp_path: Path, change: Change) -> None:
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
