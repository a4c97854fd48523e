"""Reports of task batch show batch removal and biology apart, and nothing that weighs them."""

from __future__ import annotations

from pathlib import Path

from builders import record
from demo_tasks import INFO, spec
from omicsbench.metrics import METRICS
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.report_page import write_report

REMOVAL, BIOLOGY = ("ilisi", "kbet"), ("clisi", "knn_probe_balanced_accuracy")
NOTE = "what batches do cannot be told apart from what classes are"


def records() -> list[RunRecord]:
    """The deep side removes more, the simple side keeps more."""
    made = []
    for repeat in range(5):
        for size in (200, 1_000):
            for pipeline, family, better in (
                ("combat", "simple", BIOLOGY),
                ("vi", "deep", REMOVAL),
            ):
                scores = {
                    name: 0.5 + 0.3 * (name in better) + 0.001 * repeat
                    for name in (*REMOVAL, *BIOLOGY)
                }
                made.append(
                    record(
                        spec("batch", "runs", pipeline, size, repeat),
                        family=family,
                        status=Status.OK,
                        scores=scores,
                        validation=scores,
                        output_dim=10,
                        dataset_info=INFO | {"name": "runs", "notes": [NOTE], "batch": "run"},
                    )
                )
    return made


def test_the_two_axes_stand_apart(tmp_path: Path) -> None:
    made = write_report(records(), tmp_path, tmp_path / "report.html", command="")
    text = made.page.read_text(encoding="utf-8")
    for section in ('id="overview"', 'id="verdicts"'):
        table = text.partition(section)[2].partition("<tbody>")[2].partition("</tbody>")[0]
        removal, biology = (table.index(f">{head}</th>") for head in ("Batch removal", "Biology"))
        for name in REMOVAL:
            assert removal < table.index(METRICS[name].title) < biology
        for name in BIOLOGY:
            assert table.index(METRICS[name].title) > biology
        assert table.count("Batch removal</th>") == table.count("Biology</th>") == 1
    assert NOTE in text
