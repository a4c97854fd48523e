"""The tables beside the page: scores, costs, and what was left out with its predicted cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from demo import (
    COST,
    JUDGED,
    LEFT_OUT,
    REPEATS,
    SIZES,
    Made,
    Tags,
    demo,
)
from omicsbench.records.spec import Cause, Status
from omicsbench.reporting import tables, write_report
from omicsbench.verdict.judge import verdicts


def test_score_table_gives_t_intervals(made: Made) -> None:
    from scipy import stats

    table = pd.read_csv(made[1].parent / "summary.csv")
    row = table[(table["size"] == 100) & (table["metric"] == "knn_recall")].iloc[0]
    values = [
        r.scores["knn_recall"]
        for r in made[0]
        if (r.spec.dataset, r.spec.pipeline, r.spec.size) == (row["dataset"], row["pipeline"], 100)
    ]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert tables.grouped_failures(tables.failure_table([])).empty


def test_tuned_runs_and_others_are_never_pooled(tuned: Made) -> None:
    records, path = tuned
    label = "tuned by knn_recall in 9 trials"
    summary = pd.read_csv(path.parent / "summary.csv").fillna({"tuning": ""})
    assert set(summary["tuning"]) == {"", label}
    assert summary["repeats"].max() == REPEATS
    pca = summary[
        (summary["pipeline"] == "pca(n_components=10)")
        & (summary["size"] == 100)
        & (summary["metric"] == "knn_recall")
        & (summary["dataset"] == "digits")
    ]
    means = pca.set_index("tuning")["mean"]
    assert means[label] == pytest.approx(means[""] + 0.1)
    costs = pd.read_csv(path.parent / "costs.csv").fillna({"tuning": ""})
    assert set(costs.loc[costs["tuning"] == label, "tuning_s"]) == {100.0}
    total = costs["tuning_s"] + costs["fit_s"] + costs["transform_s"]
    assert np.allclose(total, costs["total_s"], rtol=0.05)
    shown = Tags(path.read_text(encoding="utf-8")).text
    for words in (
        f"10-D, {label}",
        "10-D, at defaults",
        "at equal tuning budget",
        "cpu 0.36",
        "kNN recall 0.5",
        "could not be read on these machines",
    ):
        assert words in shown, words
    runs = pd.read_csv(path.parent / "runs.csv")
    assert set(runs["tuning"].dropna()) == {label}
    matched = pd.read_csv(path.parent / "matched.csv")
    assert set(matched["currency"]) == {"seconds", "price"}
    assert matched["deep"].str.contains(label).any()
    assert (
        pd.read_csv(path.parent / "verdicts.csv").query("metric == 'knn_recall'")["margin"] == 0.5
    ).all()
    assert len(records) == len(runs["key"].unique())


def test_what_was_left_out_is_censored_with_its_predicted_cost(
    censored: Made, made: Made, tmp_path: Path
) -> None:
    records, path = censored
    shown = Tags(path.read_text(encoding="utf-8")).text
    assert LEFT_OUT in shown
    assert "900 s (610 to 1,400), 3.1 GiB (2 to 4)" in shown
    assert "censored" in shown
    table = pd.read_csv(path.parent / "failures.csv")
    left = table[table["predicted_wall_s"].notna()]
    assert set(left["key"]) == {r.key for r in records if r.predicted}
    assert left["censored"].all()
    assert (left["predicted_peak_rss_bytes_high"] == 2**32).all()
    told = {r.key: r.status in (Status.TIMEOUT, Status.OUT_OF_MEMORY) for r in made[0]}
    failed = pd.read_csv(made[1].parent / "failures.csv")
    assert list(failed["censored"]) == [told[key] for key in failed["key"]]
    assert failed[failed["predicted_wall_s"].notna()]["censored"].all()
    assert failed["predicted_wall_s"].notna().any(), "what exceeded a limit is told with its cost"
    within = [r for r in made[0] if not told[r.key]]
    page = tmp_path / "report.html"
    plain = write_report(within, tmp_path, page, command="", analysis=JUDGED).page
    assert "Predicted cost" not in Tags(plain.read_text(encoding="utf-8")).text


def test_a_size_left_out_is_not_shown_to_be_ahead(
    censored: Made,
) -> None:
    found = [v for v in verdicts(censored[0], JUDGED) if "variational" in v.deep]
    notes = {d.note for v in found for d in v.differences if d.use == "not_shown"}
    assert {note.partition(" ended as ")[2] for note in notes} == {
        "5 skipped (predicted to exceed a limit)"
    }
    assert {d.size for v in found for d in v.differences if d.failed} == {SIZES[-1]}


def test_costs_by_size_where_one_cause_holds_for_several(tmp_path: Path) -> None:
    reason = "timeout already at the smaller size 1000"
    base = next(r for r in demo(tmp_path) if r.status is Status.TIMEOUT)
    late = [
        base.model_copy(
            update={
                "spec": base.spec.model_copy(update={"size": size}),
                "reason": reason,
                "cause": Cause.SMALLER_SIZE,
                "status": Status.SKIPPED,
                "predicted": COST | {"wall_s": cost},
                "key": str(size),
            }
        )
        for size, cost in ((3_000, 700.0), (10_000, 903.0))
    ]
    (row,) = tables.grouped_failures(tables.failure_table(late)).to_dict("records")
    assert row["censored"]
    assert row["sizes"] == "3,000, 10,000"
    assert row["predicted"].startswith("n = 3,000: 700 s (610 to 1,400), 3.1 GiB (2 to 4); n = 10")


def test_floor_and_ceiling_stand_beside_the_scores_they_belong_to(tmp_path: Path) -> None:
    rooms = {"knn_recall": (0.03125, 0.65625)}
    records = [r.model_copy(update={"rooms": rooms}) if r.scores else r for r in demo(tmp_path)]
    page = write_report(records, tmp_path, tmp_path / "a.html", command="").page
    summary = pd.read_csv(tmp_path / "summary.csv")
    own = summary[summary["metric"] == "knn_recall"]
    assert len(own)
    assert (own[["floor", "ceiling"]] == rooms["knn_recall"]).all(axis=None)
    assert summary.loc[summary["metric"] != "knn_recall", "floor"].isna().all()
    told = "Knowing nothing scores 0.0312, knowing the answer 0.656."
    assert told in page.read_text(encoding="utf-8")
