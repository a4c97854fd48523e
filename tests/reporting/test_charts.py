"""What the charts of scores and costs show."""

from __future__ import annotations

import pandas as pd

from omicsbench.reporting import charts


def test_pareto_front_leaves_out_what_is_slower_and_worse() -> None:
    rows = {"fast": (1.0, 0.5), "good": (5.0, 0.9), "bad": (6.0, 0.8), "control": (0.1, 1.0)}
    scores, costs = tables_of(rows)
    found = charts.quality_time(scores, costs)
    assert set(found["pipeline"][found["front"]]) == {"fast", "good"}
    assert not found["by_cpu"].any()


def test_quality_stands_against_cpu_time_where_all_know_theirs() -> None:
    """On a busy machine the fast one waited; by CPU time it is on the front."""
    scores, costs = tables_of({"fast": (7.0, 0.5), "good": (5.0, 0.9)})
    assert set(charts.quality_time(scores, costs)["front"]) == {False, True}
    known = charts.quality_time(scores, costs.assign(total_cpu_s=[1.0, 4.0]))
    assert known["front"].all()
    assert known["by_cpu"].all()
    assert list(known["time_s"]) == [1.0, 4.0]
    assert list(known["total_s"]) == [7.0, 5.0]
    part = charts.quality_time(scores, costs.assign(total_cpu_s=[1.0, float("nan")]))
    assert list(part["time_s"]) == [7.0, 5.0], "CPU and wall time are not set side by side"
    elsewhere = costs.assign(total_s=[7.0, float("nan")], total_cpu_s=[1.0, float("nan")])
    assert charts.quality_time(scores, elsewhere)["by_cpu"].all(), (
        "what was not timed decides nothing"
    )


def tables_of(rows: dict[str, tuple[float, float]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and costs of pipelines at one size, by wall seconds and score."""
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
    costs = scores.drop(columns=["metric", "mean"]).assign(
        total_s=[s for s, _ in rows.values()], total_cpu_s=float("nan")
    )
    return scores, costs
