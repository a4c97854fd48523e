"""What is followed of a run: its scores and costs, in which direction, and how much is nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from measured import SCORES, base
from omicsbench.metrics import METRICS
from omicsbench.records.spec import Phases, Status
from omicsbench.tracking.quantities import (
    lower_is_better,
    quantities,
    quantity_kind,
    tolerance,
)


def test_a_run_has_its_scores_and_what_is_known_of_its_costs() -> None:
    (run, *_) = base()
    searched = run.model_copy(update={"phases": Phases(tuning_s=4.0, fit_s=2.0, transform_s=1.0)})
    costs = {"peak_rss_bytes": 100.0 * 2**20, "wall_s": 7.0, "cpu_s": 4.0}
    assert quantities(searched) == SCORES | costs
    unknown = run.model_copy(update={"peak_rss_bytes": None, "cpu_s": None})
    assert quantities(unknown) == SCORES | {"wall_s": 3.0}
    assert quantities(run.model_copy(update={"status": Status.CRASHED})) == {}


def test_kinds_and_directions() -> None:
    kinds = {name: quantity_kind(name) for name in ("wall_s", "cpu_s", "peak_rss_bytes", "ari")}
    assert kinds == {
        "wall_s": "time",
        "cpu_s": "time",
        "peak_rss_bytes": "memory",
        "ari": "score",
    }
    lower = {name for name in (*kinds, "brier", "gone") if lower_is_better(name)}
    assert lower == {"wall_s", "cpu_s", "peak_rss_bytes", "brier"}
    flipped = {"ari": replace(METRICS["ari"], direction="min")}
    assert lower_is_better("ari", flipped)


@pytest.mark.parametrize(
    ("quantity", "margin", "expected"),
    [
        ("wall_s", None, 0.10),
        ("peak_rss_bytes", None, 0.15),
        ("of_no_metric", None, 0.01),
        ("ari", 0.02, 0.02),
        ("ari", 0.0, 0.005),
    ],
)
def test_what_is_of_no_interest(quantity: str, margin: float | None, expected: float) -> None:
    metrics = {} if margin is None else {"ari": replace(METRICS["ari"], margin=margin)}
    assert tolerance(quantity, metrics) == expected
