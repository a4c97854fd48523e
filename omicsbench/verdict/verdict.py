"""What a verdict is: one comparison's outcome, n*, its interval, and the sentence that says it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import Literal

from omicsbench.metrics import METRICS, Metric
from omicsbench.stats.correlated_t import Rope
from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.extrapolate import Extrapolation
from omicsbench.verdict.pairs import SizeDifference

Against = Literal["reference", "best_simple"]
Standing = Literal["ahead", "behind", "equal", "open"]


class Outcome(StrEnum):
    """What a verdict says of the deep side; each but the last is a claim that was shown."""

    AHEAD_FROM_SMALLEST = "ahead_from_smallest"
    AHEAD_FROM = "ahead_from"
    BEHIND = "behind"
    EQUAL = "equal"
    OPEN = "open"

    @property
    def ahead(self) -> bool:
        return self in (Outcome.AHEAD_FROM_SMALLEST, Outcome.AHEAD_FROM)


@dataclass(frozen=True)
class Verdict:
    """What the analysis says of one (data set, metric, deep side, simple side).

    ``n_star`` is None unless deep is ahead. ``interval`` is its interval at level 1 - ``alpha``,
    None standing for "not reached up to ``largest``"; ``simple_from`` is the smallest size from
    which the simple side is ahead, where it is. ``p_ahead``, ``p_behind`` and ``p_equal`` are
    one-sided p-values of the three claims at ``largest``, None where no size counts; ``not_ahead``
    tells that deep is shown not to be ahead, though it may be open what holds instead. ``q`` is
    the share of false claims to be expected among those of the headline that are at least as sure;
    None for what is open, or is not of the headline.
    ``repeats`` are the fewest pairs at a size that counts; ``needed`` how many would settle what is
    open, None where none would, or where too few are there to tell; ``reason`` says why a verdict
    is open. ``margin`` is in the metric's unit, ``room`` says what part of the room it is.
    ``best`` tells that the deep side are all ``contenders`` (be it the only one), ``rivals`` the
    number of the simple side;
    ``is_control`` that it is there for comparison, not as a contender; ``unit`` what the error
    over test cells was taken over, ``folds`` that repeats are folds of cross-validation; then
    ``rope`` tells of one pair how likely deep is behind, equal (within the margin) and ahead at
    ``largest``. ``extrapolation`` is secondary and says what may happen beyond it. ``own_metric``
    describes a metric that is not of the package.
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
    smallest: int
    largest: int
    repeats: int
    margin: float
    differences: tuple[SizeDifference, ...]
    alpha: float = ALPHA
    simple_from: int | None = None
    p_ahead: float | None = None
    p_behind: float | None = None
    p_equal: float | None = None
    not_ahead: bool = False
    q: float | None = None
    room: str = ""
    needed: int | None = None
    reason: str = ""
    best: bool = False
    contenders: int = 1
    rivals: int = 1
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
        """Where deep stands at the largest size."""
        if self.outcome.ahead:
            return "ahead"
        match self.outcome:
            case Outcome.BEHIND:
                return "behind"
            case Outcome.EQUAL:
                return "equal"
        return "open"

    @property
    def p_claim(self) -> float | None:
        """The p-value of the claim that is made; None where nothing is."""
        p = {"ahead": self.p_ahead, "behind": self.p_behind, "equal": self.p_equal, "open": None}
        return p[self.standing]

    @property
    def sides(self) -> tuple[str, str]:
        """Both sides in words."""
        deep = _several(self.contenders, "deep", self.deep) if self.best else self.deep
        return deep, _several(self.rivals, "simple", self.simple)

    @property
    def sentence(self) -> str:
        """The verdict in plain words."""
        deep, rival = self.sides
        by, top = f"by more than {self.margin:.2g}", f"{self.largest:,}"
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
        elif self.outcome is Outcome.BEHIND:
            since = f", from n = {self.simple_from:,} on" if self.simple_from else ""
            says = f"behind {by} at n = {top}{since}"
        elif self.outcome is Outcome.EQUAL:
            says = f"equal at n = {top}: neither is ahead {by}"
        else:
            says = f"open up to n = {top}: {self.reason}"
            if self.needed:
                says += f"; about {self.needed:,} repeats would tell, if it stays what it is"
        says += f". {self.difference}" if self.difference else ""
        notes = "".join(f" At n = {d.size:,}: {d.note}." for d in self.differences if d.note)
        where = f"{self.dataset}, {self.tuning}" if self.tuning else self.dataset
        return f"{self.scored_by.title} on {where}: {deep} against {rival} is {says}.{notes}"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return f"<p>{escape(self.sentence)}</p>"

    @property
    def difference(self) -> str:
        """The difference at the largest size in words; empty where no pair is known."""
        last, said = self.last, []
        if last.mean is not None and last.low is not None and last.high is not None:
            said = [f"Difference there {last.mean:+.3g} ({last.low:+.3g} to {last.high:+.3g})"]
        return ", ".join([*said, *([f"{last.pairs} repeats"] if last.pairs else [])])

    @property
    def ends(self) -> tuple[str, str]:
        """The ends of the interval of n* in words: a censored one says so."""
        low, high = self.interval
        return self._end(low), self._end(high)

    def _end(self, size: int | None) -> str:
        if size is None:
            return f"above {self.largest:,}"
        return f"{size:,} or below" if size == self.smallest else f"{size:,}"


def _several(number: int, kind: str, named: str) -> str:
    """For instance ``the best of 3 deep pipelines (net(10))``; ``named`` may be empty."""
    if number == 1:
        return named
    return f"the best of {number} {kind} pipelines" + (f" ({named})" if named else "")
