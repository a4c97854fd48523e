"""What the charts of scores and costs show."""

from __future__ import annotations

import pandas as pd

from demo import (
    Made,
)
from omicsbench.reporting import charts


def test_pareto_front_leaves_out_what_is_slower_and_worse(
    made: Made,
) -> None:
    rows = {"fast": (1.0, 0.5), "good": (5.0, 0.9), "bad": (6.0, 0.8), "control": (0.1, 1.0)}
    common = {
        "dataset": "d",
        "task": "embed",
        "device": "cpu",
        "tuning": "",
        "output_dim": 2,
        "size": 10,
    }
    scores = pd.DataFrame(
        common
        | {
            "pipeline": name,
            "family": "control" if name == "control" else "simple",
            "metric": "knn_recall",
            "mean": mean,
        }
        for name, (_, mean) in rows.items()
    )
    costs = scores.drop(columns=["metric", "mean"]).assign(total_s=[s for s, _ in rows.values()])
    found = charts.quality_time(scores, costs)
    assert set(found["pipeline"][found["front"]]) == {"fast", "good"}
