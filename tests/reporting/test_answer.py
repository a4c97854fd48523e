"""The answer in words counts what the verdicts say, and nothing else."""

from __future__ import annotations

from demo import (
    JUDGED,
    Made,
)
from omicsbench.metrics.base import METRICS
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting import answer
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Outcome


def test_the_answer_counts_real_omics_headline_metrics_only(
    made: Made,
) -> None:
    records, _ = made
    found = verdicts(records, JUDGED)
    words = answer(found, records)
    real = [
        v
        for v in found
        if v.dataset in ("blood_cells", "cohort(n=12000)")
        and v.against == "best_simple"
        and v.best
        and not METRICS[v.metric].secondary
    ]
    ahead = sum(v.outcome.ahead for v in real)
    behind, equal, left = (
        sum(v.outcome is outcome for v in real)
        for outcome in (Outcome.BEHIND, Outcome.EQUAL, Outcome.OPEN)
    )
    assert (
        f"deep ahead in {ahead}, simple ahead in {behind}, shown equal in {equal}, "
        f"open in {left} of {len(real)} comparisons"
    ) in words[0]
    controls = next(sentence for sentence in words if "as controls" in sentence)
    assert "linear_control(n=12000) (simulated)" in controls
    assert "digits (real, not omics)" in controls
    assert any("No run finished" in t and "deep_map(n_components=2) on lin" in t for t in words)
    largest = max((v.largest, v.dataset) for v in real)[1]
    assert any(
        text.startswith(f"Median time of one run (fit, transform and any search) on {largest}")
        for text in words
    )
    no_claim = answer([], [r for r in records if r.spec.dataset == "digits"])
    assert "no answer" in no_claim[0]


def test_labels_drawn_in_the_features_stand_apart(made: Made) -> None:
    """They follow from the features, so no answer about omics data rests on them."""
    records, _ = made

    def gated(record: RunRecord) -> RunRecord:
        if record.spec.dataset != "blood_cells":
            return record
        info = record.dataset_info.model_copy(update={"provenance": "gated"})
        return record.model_copy(update={"dataset_info": info})

    words = answer(verdicts(records, JUDGED), [gated(r) for r in records])
    assert "blood_cells (real omics, gated)" in next(w for w in words if "as controls" in w)
    assert "on 1 real omics data set" in words[0]


def test_metrics_that_disagree_are_counted(made: Made) -> None:
    records, _ = made
    won, lost = "knn_recall", "continuity"
    changed = [
        r.model_copy(update={"scores": r.scores | {won: 0.9, lost: 0.1}})
        if r.family == "deep" and r.status is Status.OK
        else r
        for r in records
    ]
    two = [v for v in verdicts(changed, JUDGED) if v.metric in (won, lost)]
    words = answer(two, changed)
    text = next(t for t in words if t.startswith("Metrics disagree"))
    assert text.startswith("Metrics disagree on 2 of 2 data sets; data sets disagree by 0 of 2")
    text = next(t for t in words if t.startswith("Mostly deep ahead by"))
    first, second = text.split("; mostly simple ahead by")
    assert METRICS[won].title in first
    assert METRICS[lost].title in second
