"""One set of terms of one data set on the first screen, and the words that its parts share."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omicsbench.records.facts import DatasetFacts
from omicsbench.records.table import base_name
from omicsbench.reporting.matrix import Column
from omicsbench.verdict.recommend import Recommendation
from omicsbench.verdict.verdict import Verdict


@dataclass(frozen=True)
class Tally:
    """Verdicts of the headline: how many there are, and how deep stands."""

    total: int
    ahead: int
    open: int

    @classmethod
    def of(cls, cases: Sequence[DataCase]) -> Tally:
        every = [v for case in cases for v in case.verdicts]
        won = sum(v.outcome.ahead for v in every)
        return cls(len(every), won, sum(v.standing == "open" for v in every))

    @property
    def others(self) -> str:
        """Of those in which deep is not ahead: ``2 settled, 7 open``."""
        more = " more" if self.ahead else ""
        return f"{self.total - self.ahead - self.open}{more} settled, {self.open} open"


@dataclass(frozen=True)
class DataCase:
    """One set of terms of one data set: what to use there, and the verdicts behind it."""

    column: Column
    facts: DatasetFacts
    kind: str
    found: Recommendation
    verdicts: tuple[Verdict, ...]

    @property
    def ahead(self) -> list[Verdict]:
        """The measures by which deep is ahead, the smallest n* first."""
        won = [v for v in self.verdicts if v.outcome.ahead]
        return sorted(won, key=lambda v: v.n_star or 0)

    @property
    def uses(self) -> dict[str, list[str]]:
        """Pipelines to use, each with its purposes; one pipeline where one does for all.

        A simple one that nothing beats by any measure does for all. A deep one has to be needed:
        it is named for the purposes for which no simple one does.
        """
        overall, purposes = self.found.overall, self.found.purposes
        if overall.clear and self.found.families[overall.pipeline] == "simple":
            return {overall.pipeline: list(purposes)}
        uses: dict[str, list[str]] = defaultdict(list)
        for purpose, choice in purposes.items():
            if choice.pipeline:
                uses[choice.pipeline].append(purpose)
        return dict(sorted(uses.items(), key=lambda item: -len(item[1])))

    @property
    def told(self) -> list[str]:
        """What to use in words: each pipeline, and for what where there are several."""
        named = {self.found.named(name): purposes for name, purposes in self.uses.items()}
        if len(named) == 1:
            return list(named)
        return [f"{name} to {and_(purposes)}" for name, purposes in named.items()]

    @property
    def ratios(self) -> tuple[float, float] | None:
        """Least and most that a deep candidate costs, in runs of the simple one to use."""
        deep = self.found.of("deep")
        deep = [p for p in deep if p in self.uses] or deep
        times = [t for p in deep if (t := self.found.times(p, self.base)) is not None]
        return (min(times), max(times)) if times else None

    @property
    def base(self) -> str:
        """The simple pipeline beside which deep is dear."""
        own = [p for p in self.uses if self.found.families[p] == "simple"]
        return own[0] if own else self.found.simple.pipeline

    @property
    def needs_deep(self) -> bool:
        """Whether a deep pipeline is to be used for anything."""
        return any(self.found.families[p] == "deep" for p in self.uses)

    @property
    def settled(self) -> bool:
        """Whether nothing beats what is to be used, by the measures that it is used for."""
        found = self.found
        clear = [c.clear for c in found.purposes.values() if c.pipeline]
        return found.overall.clear or all(clear)

    @property
    def why_none(self) -> str:
        """Why nothing can be recommended, where that is so."""
        return self.found.reason or "no pipeline was scored by every measure"

    @property
    def largest(self) -> int:
        """The largest size at which deep and simple were compared."""
        return max((v.largest for v in self.verdicts), default=self.found.size)

    @property
    def counts(self) -> Tally:
        return Tally.of([self])

    @property
    def clock(self) -> str:
        return "CPU time" if self.found.by_cpu else "wall time"


def case_of(
    found: Recommendation,
    facts: Mapping[str, DatasetFacts],
    kind_of: Mapping[str, str],
    columns: Mapping[Column, Sequence[Verdict]],
) -> DataCase:
    place = found.dataset, found.task, found.device, found.output_dim, found.tuning
    column = Column(*place)
    own = tuple(columns.get(column, ()))
    return DataCase(column, facts[found.dataset], kind_of[found.dataset], found, own)


def sets_of(cases: Sequence[DataCase]) -> int:
    """How many data sets there are: one that is split in several ways is one."""
    return len({base_name(case.column.dataset) for case in cases})


def among(number: int, cases: Sequence[DataCase]) -> str:
    """For instance ``1 data set``; of splits where some data sets are split in several ways."""
    unit = "data set" if len(cases) == sets_of(cases) else "split"
    return f"{number} {unit}{'s'[: number != 1]}"


def counted(cases: Sequence[DataCase]) -> tuple[Counter[str], int, int]:
    """How often one pipeline is to be used, how often it depends, how often nothing is told."""
    singles = Counter(case.told[0] for case in cases if len(case.uses) == 1)
    split = sum(len(case.uses) > 1 for case in cases)
    return singles, split, len(cases) - singles.total() - split


def and_(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def measures(number: int) -> str:
    return f"{number} measure{'s'[: number != 1]}"


def span(least: float, most: float) -> str:
    low, high = number_of(least), number_of(most)
    return low if low == high else f"{low} to {high}"


def number_of(value: float) -> str:
    """With two significant digits: ``0.52``, ``3.4``, ``150``, ``12,000``."""
    if value <= 0:
        return "0"
    rounded = float(f"{value:.1e}")
    digits = max(0, 1 - math.floor(math.log10(rounded)))
    return f"{rounded:,.{digits}f}"
