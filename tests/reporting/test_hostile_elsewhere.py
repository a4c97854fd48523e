"""Pages of compare, of history and of a site stand with the same odd runs as a report does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from browser import Visit
from command import inside
from demo import DATASETS, EVIL, demo
from histories import at
from odd_records import ODDITIES, Oddity, failed, oddly_named
from omicsbench.records.spec import RunRecord
from omicsbench.reporting import comparison_page
from omicsbench.reporting.history_page import write_history
from omicsbench.tracking.compare import compare_records
from omicsbench.tracking.history import entries, joined
from omicsbench.tracking.trends import trends
from result_sets import made


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[RunRecord]:
    """Of one data set, two sizes and no pictures."""
    every = demo(tmp_path_factory.mktemp("demo"), {"blood_cells": DATASETS["blood_cells"]})
    return [r.model_copy(update={"embedding": None}) for r in every if r.spec.size < 1000]


def later(records: Sequence[RunRecord], worse: float = 0.1) -> list[RunRecord]:
    return [
        r.model_copy(
            update={
                "started_at": "2026-03-01T00:00:00Z",
                "scores": {m: s - worse for m, s in r.scores.items()},
            }
        )
        for r in records
    ]


def stands(visit: Visit, path: Path) -> None:
    for width in (1440, 375):
        page, wrong = visit(path, width)
        page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert page.locator("h1").inner_text()
        assert not wrong
        page.close()


@pytest.mark.parametrize("change", ODDITIES)
def test_a_comparison_stands(
    visit: Visit, tmp_path: Path, records: list[RunRecord], change: Oddity
) -> None:
    base = records if change is failed else [change(r) for r in records]
    found = compare_records(base, later([change(r) for r in records]), names=(EVIL, EVIL))
    assert found.lost if change is failed else found.regressions
    (tmp_path / "compare.html").write_text(comparison_page.page(found), encoding="utf-8")
    stands(visit, tmp_path / "compare.html")


@pytest.mark.parametrize("head", [[], "failed"])
def test_a_comparison_of_nothing_stands(
    visit: Visit, tmp_path: Path, records: list[RunRecord], head: list[RunRecord] | str
) -> None:
    lost = [failed(r) for r in records]
    found = compare_records(lost if head else [], later(lost) if head else [])
    (tmp_path / "compare.html").write_text(comparison_page.page(found), encoding="utf-8")
    stands(visit, tmp_path / "compare.html")


@pytest.mark.parametrize("change", ODDITIES)
def test_a_history_stands(
    visit: Visit, tmp_path: Path, records: list[RunRecord], change: Oddity
) -> None:
    odd = [change(r) for r in records]
    every = [entry for place in range(4) for entry in entries(at(odd, place))[0]]
    stands(visit, write_history(trends(joined(every)), tmp_path / "history.html"))


@pytest.mark.parametrize("change", ODDITIES)
def test_a_site_stands(
    visit: Visit, tmp_path: Path, records: list[RunRecord], change: Oddity
) -> None:
    made(tmp_path / "odd", [change(r) for r in records])
    (tmp_path / "empty").mkdir()
    done = inside("site", tmp_path / "odd", tmp_path / "empty", "-o", tmp_path / "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "empty is left out: " in done.stdout
    assert "holds no run records" in done.stdout
    pages = sorted((tmp_path / "out").glob("*.html"))
    names = {path.name for path in pages}
    assert len([n for n in names if n.startswith("dataset-")]) == 1
    if change is oddly_named:
        assert max(map(len, names)) < 130
    for kind in ("index", "sets", "task-", "dataset-", "method-pca", "metric-knn_recall"):
        stands(visit, next(path for path in pages if path.name.startswith(kind)))


def test_a_site_of_folders_without_results_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    for words, said in ((["a", "b"], "a holds no run records"), (["a", "c"], "c holds no run")):
        done = inside("site", *words, "-o", "out", cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
