"""What a verdict is: one comparison's outcome, n*, its interval, and the sentence that says it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from omicsbench.metrics import METRICS, Metric
from omicsbench.stats.correlated_t import Rope
from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.extrapolate import Extrapolation
from omicsbench.verdict.pairs import SizeDifference

Against = Literal["reference", "best_simple"]
Standing = Literal["ahead", "behind", "no better", "undecided"]


class Outcome(StrEnum):
    """What a verdict says of the deep side."""

    AHEAD_FROM_SMALLEST = "ahead_from_smallest"
    AHEAD_FROM = "ahead_from"
    NOT_REACHED = "not_reached"
    UNDECIDED = "undecided"

    @property
    def ahead(self) -> bool:
        return self in (Outcome.AHEAD_FROM_SMALLEST, Outcome.AHEAD_FROM)


@dataclass(frozen=True)
class Verdict:
    """What the analysis says of one (data set, metric, deep side, simple side).

    ``n_star`` is None unless deep is ahead. ``interval`` is its interval at level 1 - ``alpha``,
    None standing for "not reached up to ``largest``"; ``p_reached`` the share of bootstrap
    replicates that reach n*, None where no size counts; ``repeats`` the fewest pairs at a size
    that counts; ``needed`` how many would decide what is undecided, None where none would;
    ``reason`` says why a verdict is undecided. ``margin`` is in the metric's unit.
    ``best`` tells that the deep side is the best of all ``contenders`` (be it the only one),
    ``is_control`` that it is there for comparison, not as a contender; ``unit`` what the error
    over test cells was taken over, ``folds`` that repeats are folds of cross-validation; then
    ``rope`` tells how likely deep is behind, equal (within the margin) and ahead at ``largest``.
    ``extrapolation`` is secondary and says what may happen beyond it. ``own_metric`` describes a
    metric that is not of the package.
    """

    dataset: str
    task: str
    device: str
    metric: str
    deep: str
    simple: str
    against: Against
    output_dim: int | None
    outcome: Outcome
    n_star: int | None
    interval: tuple[int | None, int | None]
    p_reached: float | None
    smallest: int
    largest: int
    repeats: int
    margin: float
    differences: tuple[SizeDifference, ...]
    alpha: float = ALPHA
    needed: int | None = None
    reason: str = ""
    best: bool = False
    contenders: int = 1
    is_control: bool = False
    unit: str = ""
    folds: bool = False
    tuning: str = ""
    rope: Rope | None = None
    extrapolation: Extrapolation | None = None
    own_metric: Metric | None = None

    @property
    def scored_by(self) -> Metric:
        """The metric, with its title and direction."""
        return self.own_metric or METRICS[self.metric]

    @property
    def last(self) -> SizeDifference:
        """The difference at the largest size that counts."""
        return next(d for d in self.differences if d.size == self.largest)

    @property
    def standing(self) -> Standing:
        """Where deep stands at the largest size: behind if it is worse by more than the margin."""
        if self.outcome.ahead:
            return "ahead"
        if self.outcome is not Outcome.NOT_REACHED:
            return "undecided"
        worse = self.last.high is not None and self.last.high < -self.margin
        return "behind" if worse else "no better"

    @property
    def sentence(self) -> str:
        """The verdict in plain words."""
        several = self.best and self.contenders > 1
        deep = f"the best deep pipeline ({self.deep})" if several else self.deep
        best = f"the best simple pipeline ({self.simple})"
        rival = best if self.against == "best_simple" else self.simple
        by, top = f"by more than {self.margin:g}", f"{self.largest:,}"
        level = f"{100 * (1 - self.alpha):.3g} %"
        if self.outcome is Outcome.AHEAD_FROM_SMALLEST:
            says = (
                f"ahead {by} at every tested size, from n = {self.smallest:,} or below "
                f"({level} confidence) to {top}"
            )
        elif self.outcome is Outcome.AHEAD_FROM:
            low, high = self.ends
            says = (
                f"ahead {by} from n = {self.n_star:,} ({level} interval {low} to {high}) to {top}"
            )
        elif self.outcome is Outcome.NOT_REACHED:
            says = f"not ahead {by} at n = {top}, so no crossover is reached up to there"
        else:
            says = f"undecided up to n = {top}: {self.reason}"
        last = self.last
        if last.mean is not None and last.low is not None and last.high is not None:
            says += f". Difference there {last.mean:+.3g} ({last.low:+.3g} to {last.high:+.3g})"
        says += f", {last.pairs} repeats" if last.pairs else ""
        notes = "".join(f" At n = {d.size:,}: {d.note}." for d in self.differences if d.note)
        where = f"{self.dataset}, {self.tuning}" if self.tuning else self.dataset
        return f"{self.scored_by.title} on {where}: {deep} against {rival} is {says}.{notes}"

    @property
    def ends(self) -> tuple[str, str]:
        """The ends of the interval of n* in words: a censored one says so."""
        low, high = self.interval
        return self._end(low), self._end(high)

    def _end(self, size: int | None) -> str:
        if size is None:
            return f"above {self.largest:,}"
        return f"{size:,} or below" if size == self.smallest else f"{size:,}"
