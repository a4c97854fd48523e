"""What paired differences show: the outcome, n* and its interval, and what leaves it open.

No words here: ``omicsbench.verdict.wording`` has them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from omicsbench.stats.contest import OUT_OF_THE_RUNNING, best_difference, claims
from omicsbench.stats.correlated_t import Rope, correlated_t
from omicsbench.stats.crossover import crossover
from omicsbench.stats.differences import (
    FOLD_CORRELATION,
    FOLD_OVERLAP,
    Differences,
    Floats,
    Moments,
    moments,
)
from omicsbench.stats.extrapolate import Extrapolation, extrapolate, supported
from omicsbench.verdict.pairs import Paired
from omicsbench.verdict.verdict import Outcome

RESAMPLED = 100  # paths that must confirm an extrapolation
MOST_REPEATS = 1_000  # beyond which no advice is given
Doubt = Literal[
    "",
    "features_per_size",
    "no_pairs",
    "few_pairs",
    "deep_failed",
    "simple_failed",
    "skewed",
    "not_told",
]


@dataclass(frozen=True)
class Judgement:
    """What is decided; fields as those of a verdict. ``doubt`` is what leaves it open."""

    outcome: Outcome = Outcome.OPEN
    n_star: int | None = None
    interval: tuple[int | None, int | None] = (None, None)
    simple_from: int | None = None
    p_ahead: float | None = None
    p_behind: float | None = None
    p_equal: float | None = None
    not_ahead: bool = False
    doubt: Doubt = ""


def decide(paired: Paired, alpha: float, margin: float, features_per_size: bool) -> Judgement:
    """Decide one comparison at level ``alpha``; ``margin`` in the metric's unit."""
    if features_per_size:
        return Judgement(doubt="features_per_size")
    if not paired.counting:
        few = 0 < paired.most < paired.need
        return Judgement(doubt="few_pairs" if few else "no_pairs")
    at = paired.counted
    tests = claims(at, margin)
    best = best_difference(at)
    sizes: list[int | None] = [*(paired.rows[i].size for i in paired.counting), None]
    deep = crossover(best > margin, tests.ahead, tests.not_ahead, alpha)
    simple = crossover(best < -margin, tests.behind, tests.not_behind, alpha)
    found = Judgement(
        interval=(sizes[deep.low], sizes[deep.high]),
        p_ahead=_last(tests.ahead),
        p_behind=_last(tests.behind),
        p_equal=_last(tests.equal),
        not_ahead=deep.not_reached,
    )
    if deep.ahead and paired.failed_beyond("deep"):
        return replace(found, doubt="deep_failed")
    if deep.ahead:
        outcome = Outcome.AHEAD_FROM if deep.high else Outcome.AHEAD_FROM_SMALLEST
        return replace(found, outcome=outcome, n_star=sizes[deep.place])
    if simple.ahead and paired.failed_beyond("simple"):
        return replace(found, doubt="simple_failed")
    if simple.ahead:
        return replace(found, outcome=Outcome.BEHIND, simple_from=sizes[simple.place])
    if tests.equal[-1] <= alpha / 2:
        return replace(found, outcome=Outcome.EQUAL)
    plain = claims(replace(at, skewness=np.zeros_like(at.mean)), margin)
    told = min(plain.ahead[-1], plain.behind[-1], plain.equal[-1]) <= alpha / 2
    return replace(found, doubt="skewed" if told else "not_told")


def _last(p: Floats) -> float | None:
    return float(p[-1]) if np.isfinite(p[-1]) else None


def p_ahead(paired: Paired, margin: float) -> tuple[float, bool]:
    """One-sided p-value of the claim to be ahead at the largest size that counts.

    And whether the contestant is in the running there: not clearly behind every rival.
    """
    if not paired.counting:
        return 1.0, False
    p = claims(paired.counted, margin).ahead[-1]
    pairs = paired.counted.p_above(margin)[..., -1]
    return 1.0 if np.isnan(p) else float(p), bool((pairs <= OUT_OF_THE_RUNNING).any())


def repeats_needed(paired: Paired, margin: float, alpha: float) -> int | None:
    """How many repeats would settle the largest size, if differences and spreads stay as they are.

    None where no number up to 1,000 would: what is left then is the error over test cells, the
    overlap of folds, or that the truth is too close to the margin.
    """
    if not paired.counting:
        return None
    at = _at_last(paired.counted)

    def settled(repeats: int) -> bool:
        tests = claims(_with_repeats(at, repeats, paired.differences), margin)
        p = np.array([tests.ahead[0], tests.behind[0], tests.equal[0]])
        return bool((p <= alpha / 2).any())

    low, high = paired.most, MOST_REPEATS
    if not settled(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if settled(middle) else (middle, high)
    return high


def _at_last(at: Moments) -> Moments:
    return Moments(*(getattr(at, field.name)[..., -1:] for field in fields(at)))


def _with_repeats(at: Moments, repeats: int, found: Differences) -> Moments:
    """The same means and spreads, with the error that so many repeats have."""
    of_repeats = at.spread**2 * (1 / repeats + (FOLD_OVERLAP if found.folds else 0.0))
    total = of_repeats + at.cells
    with np.errstate(invalid="ignore", divide="ignore"):
        dof = total**2 / (of_repeats**2 / (repeats - 1) + at.cells**2 / at.cells_dof)
    error = np.where(np.isfinite(at.error), np.maximum(np.sqrt(total), found.step), np.nan)
    none = np.zeros_like(at.mean)  # the mean of many is normal
    return replace(at, error=error, dof=np.nan_to_num(dof, nan=1.0), skewness=none)


def rope(paired: Paired, margin: float) -> Rope | None:
    """Under cross-validation, of one pair: the difference at the largest size and the margin."""
    by_repeat = paired.differences.by_repeat
    if not (paired.differences.folds and paired.counting and by_repeat.shape[:2] == (1, 1)):
        return None
    values = by_repeat[0, 0, :, paired.counting[-1]]
    values = values[np.isfinite(values)]
    return correlated_t(values, FOLD_CORRELATION, margin) if len(values) > 1 else None


def extrapolation(paired: Paired, margin: float) -> Extrapolation | None:
    """Where the difference of the best may go beyond the sizes that were compared."""
    kept = [i for i in paired.counting if paired.rows[i].use == "compared"]
    if not kept:
        return None
    sizes = [paired.rows[i].size for i in kept]
    found = extrapolate(sizes, best_difference(_some(paired.moments, kept)), margin)
    if found is None or found.root is None:
        return found
    return supported(found, sizes, _resampled(paired.differences.at(kept)))


def _some(at: Moments, kept: list[int]) -> Moments:
    return Moments(*(getattr(at, field.name)[..., kept] for field in fields(at)))


def _resampled(found: Differences) -> Floats:
    """Differences of the best with repeats drawn anew, (100, S)."""
    repeats = found.by_repeat.shape[-2]
    rng = np.random.default_rng(0)
    drawn = (rng.integers(0, repeats, repeats) for _ in range(RESAMPLED))
    return np.stack(
        [
            best_difference(moments(Differences(found.by_repeat[..., of, :], folds=found.folds)))
            for of in drawn
        ]
    )
