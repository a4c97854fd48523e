"""The sentences of a verdict, word for word: they are what a reader is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from omicsbench.stats.differences import Differences
from omicsbench.verdict.decide import DecisionRule, Judgement
from omicsbench.verdict.pairs import Paired, SizeDifference
from omicsbench.verdict.verdict import Outcome
from omicsbench.verdict.wording import why_undecided
from verdicts import TUNED, verdict

RULE = DecisionRule(margin=0.01, need=5, bootstrap=100, seed=0)
FIVE_PAIRS = Paired(
    (SizeDifference(100, "net", "linear", 0.0, -0.1, 0.1, 5),),
    Differences(np.zeros((5, 1))),
    unit="",
)
DIFFERENCE = "Difference there +0.05 (+0.03 to +0.07), 5 repeats."
START = "kNN recall on cells: net against the best simple pipeline (linear) is "


def test_sentences_end_with_the_difference_at_the_largest_size() -> None:
    ahead = verdict(kind="ahead")
    says = "ahead by more than 0.01 from n = 100 (95 % interval 50 or below to 100) to 100. "
    assert ahead.sentence == START + says + DIFFERENCE
    assert ahead.reason == ""
    smallest = replace(ahead, outcome=Outcome.AHEAD_FROM_SMALLEST, n_star=50)
    says = (
        "ahead by more than 0.01 at every tested size, from n = 50 or below (95 % confidence) "
        "to 100. "
    )
    assert smallest.sentence == START + says + DIFFERENCE
    behind = verdict(kind="behind")
    says = (
        "not ahead by more than 0.01 at n = 100, so no crossover is reached up to there. "
        "Difference there -0.05 (-0.07 to -0.03), 5 repeats."
    )
    assert behind.sentence == START + says
    says = (
        "undecided up to n = 100: it overlaps. Difference there +0.01 (-0.01 to +0.03), 5 repeats."
    )
    assert verdict().sentence == START + says


def test_the_best_of_several_is_named_so_and_tuning_is_told() -> None:
    several = verdict(kind="ahead", contenders=2, against="reference", tuning=TUNED)
    assert f"on cells, {TUNED}: the best deep pipeline (net) against linear is" in several.sentence
    assert ": net against" in verdict(contenders=2, best=False).sentence


def test_what_does_not_count_is_noted_and_what_is_unknown_left_out() -> None:
    last = SizeDifference(1_000, "net", "linear", None, None, None, 0)
    noted = SizeDifference(2_000, "net", "linear", None, None, None, 0, note="it was too large")
    said = verdict(largest=1_000, differences=(last, noted)).sentence
    assert said.endswith("undecided up to n = 1,000: it overlaps. At n = 2,000: it was too large.")
    one_bound = replace(last, mean=0.1, low=None, high=0.2)
    assert "Difference" not in verdict(largest=1_000, differences=(one_bound,)).sentence


def test_ends_of_the_interval_that_are_censored_say_so() -> None:
    open_ = verdict(interval=(None, None), smallest=50, largest=3_000, differences=())
    assert open_.ends == ("above 3,000", "above 3,000")
    assert replace(open_, interval=(50, 1_000)).ends == ("50 or below", "1,000")


def test_the_level_of_a_verdict_is_that_of_its_interval() -> None:
    assert "(97.5 % interval" in verdict(kind="ahead", alpha=0.025).sentence


def test_where_deep_stands() -> None:
    for kind in ("ahead", "behind", "no better", "undecided"):
        assert verdict(kind=kind).standing == kind
    smallest = verdict(kind="ahead", outcome=Outcome.AHEAD_FROM_SMALLEST)
    assert smallest.standing == "ahead"
    at = SizeDifference(100, "net", "linear", -0.02, -0.03, -0.01, 5)
    touching = verdict(kind="behind", differences=(at,))
    assert touching.standing == "no better", "as far as the margin is not beyond it"
    unknown = verdict(kind="behind", differences=(replace(at, high=None),))
    assert unknown.standing == "no better"


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (Judgement(Outcome.NOT_REACHED), ""),
        (
            Judgement(doubt="features_per_size"),
            "features were selected anew at each size, scores do not compare across sizes",
        ),
        (Judgement(doubt="few_pairs"), "3 repeats; at least 5 are needed for a claim"),
        (Judgement(doubt="no_pairs"), "at no size did both finish with a score"),
        (Judgement(doubt="failed_beyond"), "ahead there, but at n = 2,000 deep runs ended badly"),
        (
            Judgement(doubt="margin_inside", needed=12),
            "the interval of the difference there holds the margin 0.01; "
            "about 12 repeats would tell, if it stays what it is",
        ),
        (
            Judgement(doubt="margin_inside"),
            "the interval of the difference there holds the margin 0.01; "
            "no number of repeats would tell, the two are too close",
        ),
    ],
)
def test_reasons(decision: Judgement, reason: str) -> None:
    last = SizeDifference(1_000, "net", "linear", 0.0, -0.1, 0.1, 3)
    not_shown = replace(last, size=1_500, use="not_shown", note="too few")
    failed = replace(last, size=2_000, use="not_shown", note="deep runs ended badly", failed=True)
    rows = (last, not_shown, failed)
    assert why_undecided(decision, replace(FIVE_PAIRS, rows=rows), RULE) == reason


def test_why_no_number_of_repeats_would_tell() -> None:
    close = Judgement(doubt="margin_inside")
    folds = Differences(np.zeros((5, 1)), folds=True)
    said = why_undecided(close, replace(FIVE_PAIRS, differences=folds, unit="donor"), RULE)
    assert said.endswith("; no number of repeats would tell, because folds overlap")
    said = why_undecided(close, replace(FIVE_PAIRS, unit="donor"), RULE)
    assert said.endswith("; no number of repeats would tell, without more test cells")
