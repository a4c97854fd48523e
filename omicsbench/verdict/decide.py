"""What paired differences show: the outcome, n* and its interval, and what leaves it open.

No words here: ``omicsbench.verdict.wording`` has them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from omicsbench.stats.correlated_t import Rope, correlated_t
from omicsbench.stats.crossover import (
    TEST_SHARE,
    bootstrap_means,
    crossover,
    moments,
    repeats_needed,
)
from omicsbench.stats.extrapolate import Extrapolation, extrapolate, supported
from omicsbench.verdict.pairs import Paired
from omicsbench.verdict.verdict import Outcome

RESAMPLED = 100  # paths that must confirm an extrapolation
Doubt = Literal["", "features_per_size", "no_pairs", "few_pairs", "failed_beyond", "margin_inside"]


@dataclass(frozen=True)
class DecisionRule:
    """How a comparison is decided: ``margin`` in the metric's unit, ``need`` pairs a size."""

    margin: float
    need: int
    bootstrap: int
    seed: int


@dataclass(frozen=True)
class Judgement:
    """What is decided; fields as those of a verdict. ``doubt`` is what leaves it undecided."""

    outcome: Outcome = Outcome.UNDECIDED
    n_star: int | None = None
    interval: tuple[int | None, int | None] = (None, None)
    p_reached: float | None = None
    needed: int | None = None
    doubt: Doubt = ""


def decide(paired: Paired, alpha: float, rule: DecisionRule, features_per_size: bool) -> Judgement:
    """Decide one comparison at level ``alpha``."""
    if features_per_size:
        return Judgement(doubt="features_per_size")
    if not paired.counting:
        few = 0 < paired.most < rule.need
        return (
            Judgement(needed=rule.need, doubt="few_pairs") if few else Judgement(doubt="no_pairs")
        )
    return _crossing(paired, alpha, rule)


def _crossing(paired: Paired, alpha: float, rule: DecisionRule) -> Judgement:
    """Where deep starts to be ahead, if at all, among the sizes that count."""
    kept = paired.counting
    used = [paired.rows[i] for i in kept]
    at = crossover(
        paired.differences.at(kept),
        rule.margin,
        alpha=alpha,
        counts=np.array([row.use == "compared" for row in used]),
        bootstrap=rule.bootstrap,
        seed=rule.seed,
    )
    sizes: list[int | None] = [*(row.size for row in used), None]
    found = Judgement(interval=(sizes[at.low], sizes[at.high]), p_reached=at.p_reached)
    if at.ahead and any(row.failed for row in paired.beyond):
        return replace(found, doubt="failed_beyond")
    if at.ahead:
        outcome = Outcome.AHEAD_FROM if at.high else Outcome.AHEAD_FROM_SMALLEST
        return replace(found, outcome=outcome, n_star=sizes[at.place])
    if at.not_reached:
        return replace(found, outcome=Outcome.NOT_REACHED)
    return replace(found, needed=_needed(paired, alpha, rule), doubt="margin_inside")


def _needed(paired: Paired, alpha: float, rule: DecisionRule) -> int | None:
    """Repeats that would decide; None where none would."""
    of, last = paired.differences, paired.counting[-1]
    needed = repeats_needed(moments(of), last, rule.margin, of.folds, alpha)
    # The bootstrap may still doubt what the t-test has decided: one more at least.
    return needed and max(needed, paired.most + 1)


def p_ahead(paired: Paired, margin: float) -> float:
    """One-sided p-value of the claim to be ahead at the largest size that counts."""
    if not paired.counting:
        return 1.0
    p = moments(paired.differences.at(paired.counting[-1:])).p_above(margin)[0]
    return 1.0 if np.isnan(p) else float(p)


def rope(paired: Paired, margin: float) -> Rope | None:
    """Under cross-validation: the difference at the largest size against the margin."""
    if not (paired.differences.folds and paired.counting):
        return None
    values = paired.differences.by_repeat[:, paired.counting[-1]]
    values = values[np.isfinite(values)]
    return correlated_t(values, TEST_SHARE, margin) if len(values) > 1 else None


def extrapolation(paired: Paired, margin: float) -> Extrapolation | None:
    """Where the mean difference may go beyond the sizes that were compared."""
    kept = [i for i in paired.counting if paired.rows[i].use == "compared"]
    if not kept:
        return None
    sizes, here = [paired.rows[i].size for i in kept], paired.differences.at(kept)
    at = moments(here)
    found = extrapolate(sizes, at.mean, margin)
    if found is None or found.root is None:
        return found
    return supported(found, sizes, bootstrap_means(here, at, RESAMPLED, 0))
