"""axe-core finds nothing on any kind of page, with all that folds unfolded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from axe import violations
from browser import Visit, until
from command import inside
from demo import Made
from histories import ROOT, at, digits_runs, worsen
from omicsbench.records.spec import RunRecord
from omicsbench.reporting import comparison_page
from omicsbench.reporting.history_page import write_history
from omicsbench.tracking.compare import compare_records
from omicsbench.tracking.history import entries, joined
from omicsbench.tracking.trends import trends
from result_sets import STRENGTH, made, runs

pytestmark = [
    pytest.mark.usefixtures("known_metrics"),
    pytest.mark.parametrize("width", [1440, 375]),
    pytest.mark.parametrize("scheme", ["light", "dark"]),
]
UNFOLD = "document.querySelectorAll('details').forEach((e) => { e.open = true; })"
PACKED = "!document.querySelector('details[open] [data-packed]')"
Scan = Callable[[Path], None]


@pytest.fixture
def scan(visit: Visit, width: int, scheme: str) -> Scan:
    """Opens a page and all that folds in it, and looks for what is wrong."""

    def scan(path: Path) -> None:
        page, wrong = visit(path, width)
        page.emulate_media(color_scheme=scheme)
        page.evaluate(UNFOLD)
        until(page, PACKED)
        page.evaluate(UNFOLD)
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")  # which draws all charts
        assert violations(page) == [], path.name
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert not wrong
        page.close()

    return scan


@pytest.fixture(scope="module")
def real() -> list[RunRecord]:
    return digits_runs()


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, real: list[RunRecord]) -> Path:
    """With lost runs, regressions and improvements."""
    base, head = at(real, 1), worsen(at(real, 2), "mlp", score=0.2)
    head = worsen(worsen(head, "class_prior", memory=0.5), "logistic_regression", crash=True)
    path = tmp_path_factory.mktemp("compare") / "compare.html"
    path.write_text(comparison_page.page(compare_records(base, head)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, real: list[RunRecord]) -> Path:
    """What became worse, what fails, and libraries that changed."""
    worse = worsen(worsen(real, "mlp", memory=1.5), "logistic_regression", crash=True)
    kept = [
        entry
        for place in range(8)
        for entry in entries(
            at(
                real if place < 5 else worse,
                place,
                environment={"packages": {"numpy": "2.0" if place < 3 else "2.1"}},
            )
        )[0]
    ]
    found = trends(joined(kept))
    return write_history(found, tmp_path_factory.mktemp("history") / "history.html")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the project's runs, others' and those whose checks fail."""
    home = tmp_path_factory.mktemp("site")
    made(home / "ours", runs(STRENGTH))
    made(home / "theirs", runs({"count_vae(10)": 0.7}), author="A")
    made(home / "broken", runs({"ica(10)": 1.0}), author="B", problem="scores of 7")
    answer = ROOT / "docs" / "answer.md"
    done = inside("site", home, "-o", home / "out", "--answer", answer)
    assert done.returncode == 0, done.stderr
    return home / "out"


@pytest.mark.parametrize("kind", ["prediction", "integration"])
def test_reports(scan: Scan, request: pytest.FixtureRequest, kind: str) -> None:
    report: Made = request.getfixturevalue(kind)
    scan(report[1])


def test_a_comparison(scan: Scan, compared: Path) -> None:
    scan(compared)


def test_a_history(scan: Scan, followed: Path) -> None:
    scan(followed)


@pytest.mark.parametrize("page", ["index", "task-embed", "method-pca", "dataset-data0", "answer"])
def test_a_site(scan: Scan, site: Path, page: str) -> None:
    scan(site / f"{page}.html")


def test_result_sets_and_metrics_of_a_site(scan: Scan, site: Path) -> None:
    scan(site / "sets.html")
    scan(site / "metric-knn_transfer_balanced_accuracy.html")
