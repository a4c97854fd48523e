"""The sentences of a verdict, word for word: they are what a reader is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from omicsbench.stats.differences import Differences
from omicsbench.verdict.decide import Judgement
from omicsbench.verdict.pairs import Paired, SizeDifference
from omicsbench.verdict.verdict import Outcome
from omicsbench.verdict.wording import why_open
from verdicts import TUNED, verdict

FIVE_PAIRS = Paired(
    (SizeDifference(100, "net", "linear", 0.0, -0.1, 0.1, 5),),
    Differences(np.zeros((1, 1, 5, 1))),
    unit="",
    need=5,
)
DIFFERENCE = "Difference there +0.05 (+0.03 to +0.07), 5 repeats."
START = "kNN recall on cells: net against linear is "


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
        "behind by more than 0.01 at n = 100, from n = 50 on. "
        "Difference there -0.05 (-0.07 to -0.03), 5 repeats."
    )
    assert behind.sentence == START + says
    assert "behind by more than 0.01 at n = 100. " in replace(behind, simple_from=None).sentence
    says = (
        "equal at n = 100: neither is ahead by more than 0.01. "
        "Difference there +0 (-0.02 to +0.02), 5 repeats."
    )
    assert verdict(kind="equal").sentence == START + says
    says = (
        "open up to n = 100: it overlaps; about 9 repeats would tell, if it stays what it is. "
        "Difference there +0.01 (-0.01 to +0.03), 5 repeats."
    )
    assert verdict().sentence == START + says
    assert "repeats would tell" not in verdict(needed=None).sentence


def test_sides_of_several_are_told_by_number_and_tuning_is_told() -> None:
    several = verdict(kind="ahead", contenders=2, rivals=3, tuning=TUNED)
    said = (
        f"on cells, {TUNED}: the best of 2 deep pipelines (net) against "
        "the best of 3 simple pipelines (linear) is"
    )
    assert said in several.sentence
    assert ": net against" in verdict(contenders=2, best=False).sentence, "one of them by itself"
    assert "of 3 simple pipelines is" in verdict(rivals=3, simple="").sentence, "nobody is named"


def test_what_does_not_count_is_noted_and_what_is_unknown_left_out() -> None:
    last = SizeDifference(1_000, "net", "linear", None, None, None, 0)
    noted = SizeDifference(2_000, "net", "linear", None, None, None, 0, note="it was too large")
    said = verdict(largest=1_000, differences=(last, noted)).sentence
    assert said.endswith(
        "open up to n = 1,000: it overlaps; about 9 repeats would tell, if it stays what it is. "
        "At n = 2,000: it was too large."
    )
    one_bound = replace(last, mean=0.1, low=None, high=0.2)
    assert "Difference" not in verdict(largest=1_000, differences=(one_bound,)).sentence


def test_ends_of_the_interval_that_are_censored_say_so() -> None:
    open_ = verdict(interval=(None, None), smallest=50, largest=3_000, differences=())
    assert open_.ends == ("above 3,000", "above 3,000")
    assert replace(open_, interval=(50, 1_000)).ends == ("50 or below", "1,000")


def test_the_level_of_a_verdict_is_that_of_its_interval() -> None:
    assert "(97.5 % interval" in verdict(kind="ahead", alpha=0.025).sentence


@pytest.mark.parametrize("kind", ["ahead", "behind", "equal", "open"])
def test_where_deep_stands_and_how_sure_the_claim_is(kind: str) -> None:
    v = verdict(kind=kind)
    assert v.standing == kind
    assert v.p_claim == (None if kind == "open" else 0.01)
    smallest = verdict(kind="ahead", outcome=Outcome.AHEAD_FROM_SMALLEST)
    assert smallest.standing == "ahead"


@pytest.mark.parametrize(
    ("decision", "reason"),
    [
        (Judgement(Outcome.BEHIND), ""),
        (
            Judgement(doubt="features_per_size"),
            "features were selected anew at each size, scores do not compare across sizes",
        ),
        (Judgement(doubt="few_pairs"), "3 repeats; at least 5 are needed for a claim"),
        (Judgement(doubt="no_pairs"), "at no size did both finish with a score"),
        (Judgement(doubt="deep_failed"), "ahead there, but at n = 2,000 deep runs ended badly"),
        (
            Judgement(doubt="simple_failed"),
            "simple is ahead there, but at n = 3,000 simple runs ended badly",
        ),
        (
            Judgement(doubt="skewed"),
            "too skewed over repeats for a claim, as where runs collapse now and then",
        ),
        (
            Judgement(doubt="not_told"),
            "the interval of the difference reaches beyond the margin 0.01",
        ),
        (
            Judgement(doubt="not_told", not_ahead=True),
            "deep is not ahead by more than 0.01; whether simple is, or both are equal, is not "
            "told",
        ),
    ],
)
def test_reasons(decision: Judgement, reason: str) -> None:
    last = SizeDifference(1_000, "net", "linear", 0.0, -0.1, 0.1, 3)
    not_shown = replace(last, size=1_500, use="not_shown", note="too few")
    failed = replace(last, size=2_000, use="not_shown", note="deep runs ended badly", failed=True)
    left_out = replace(
        last, size=3_000, use="left_out", note="simple runs ended badly", simple_failed=True
    )
    rows = (last, not_shown, failed, left_out)
    assert why_open(decision, replace(FIVE_PAIRS, rows=rows), 0.01) == reason
