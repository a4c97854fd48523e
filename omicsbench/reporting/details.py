"""What a task shows beside scores and costs: its tables and, of each place, its view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from omicsbench.records.spec import RunRecord
from omicsbench.reporting import predictions
from omicsbench.reporting.at_largest import absent, at_largest
from omicsbench.reporting.modalities import modality_table, modality_view
from omicsbench.reporting.prediction_charts import prediction_view


def task_tables(records: Sequence[RunRecord]) -> dict[str, pd.DataFrame]:
    """The tables by the name of their file; each may be empty."""
    predicted = at_largest(records, "predict")
    return {
        "reliability": predictions.reliability_table(predicted),
        "coverage": predictions.coverage_table(predicted),
        "posterior": predictions.posterior_table(predicted),
        "uncertainty": predictions.uncertainty_table(predicted),
        "modalities": modality_table(at_largest(records, "integrate")),
    }


def task_views(
    records: Sequence[RunRecord],
    details: dict[str, pd.DataFrame],
    places: Sequence[dict[str, Any]],
) -> dict[str, list[dict[str, Any]]]:
    """What the page shows of each task and place beside scores and costs."""
    missing = {
        task: absent(records, at_largest(records, task)) for task in ("predict", "integrate")
    }
    held_out = {r.spec.dataset: r.dataset_info.held_out or "" for r in records}
    pictures = {name: table for name, table in details.items() if name != "modalities"}
    return {
        "predict": prediction_view(pictures, places, held_out, missing["predict"]),
        "integrate": modality_view(details["modalities"], records, places, missing["integrate"]),
    }
