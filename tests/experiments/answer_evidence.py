"""The records of one suite, and what the analysis says of them, each made once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

from omicsbench.records.analysis import Analysis
from omicsbench.records.frozen import read_frozen
from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.planned import planned_records, read_analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.matrix import REAL, STANDINGS, WORDS, data_kinds, headline
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.pairs import BUDGET, SizeDifference
from omicsbench.verdict.recommend import Recommendation, recommendations
from omicsbench.verdict.verdict import Verdict

HEADING = f"| {' | '.join(WORDS.values())} |"
RESULTS = Path(__file__).parents[2] / "results"
K = TypeVar("K")
CUT = "†"  # beside what rests on trainings of which some ended by their budget


class Evidence:
    """The records of one suite and what is said of them.

    ``frozen`` are the contestants of its frozen protocol; None where there is none.
    """

    def __init__(
        self,
        records: Sequence[RunRecord],
        analysis: Analysis,
        frozen: Collection[str] | None = None,
    ) -> None:
        self.records, self.analysis, self.frozen = records, analysis, frozen
        self.verdicts = verdicts(records, analysis)

    @classmethod
    def read(cls, folder: Path) -> Evidence:
        """Of a results folder."""
        protocol = read_frozen(folder)
        contestants = protocol and protocol.pipelines
        return cls(planned_records(folder)[0], read_analysis(folder), contestants)

    @cached_property
    def of_the_frozen(self) -> Evidence:
        """What the contestants of the frozen protocol say alone."""
        if not self.added:
            return self
        own = [r for r in self.records if r.spec.pipeline not in self.added]
        return Evidence(own, self.analysis)

    @cached_property
    def added(self) -> list[str]:
        """Contestants that came after the protocol was frozen."""
        every = sorted({r.spec.pipeline for r in self.records})
        return [name for name in every if self.frozen is not None and name not in self.frozen]

    @cached_property
    def kind_of(self) -> Mapping[str, str]:
        return data_kinds(self.records)

    @cached_property
    def base_of(self) -> Mapping[str, str]:
        """The data set itself, be it split in several ways or with something held out."""
        return {r.spec.dataset: r.dataset_info.name for r in self.records}

    @cached_property
    def headline(self) -> list[Verdict]:
        return headline(self.verdicts)

    @property
    def real(self) -> list[Verdict]:
        return [v for v in self.headline if self.kind_of[v.dataset] == REAL]

    def apart(self, v: Verdict) -> str:
        """What its data are where they are no real omics data with labels of their own."""
        kind = self.kind_of[v.dataset]
        return "" if kind == REAL else f" ({kind})"

    @property
    def done(self) -> list[RunRecord]:
        return [r for r in self.records if r.status is Status.OK]

    @property
    def contestants(self) -> list[RunRecord]:
        """What is done, without the controls."""
        return [r for r in self.done if r.family != "control" and not r.is_control]

    @cached_property
    def recommended(self) -> list[Recommendation]:
        """On real data, where there is a candidate."""
        every = recommendations(self.records, self.analysis)
        return [r for r in every if self.kind_of[r.dataset] == REAL and r.overall.pipeline]

    @cached_property
    def cut_off(self) -> Mapping[str, tuple[int, int]]:
        """Of each contestant whose trainings can stop early: those that did not, and all."""
        found: dict[str, list[bool]] = defaultdict(list)
        for r in self.done:
            for stage in r.fit_info.values():
                if "stopped_early" in stage:
                    found[r.spec.label].append(not stage["stopped_early"])
        return {name: (sum(cut), len(cut)) for name, cut in found.items()}

    def sets(self, chosen: Iterable[Verdict]) -> int:
        """On how many data sets, of which one may be split in several ways."""
        return len({self.base_of[v.dataset] for v in chosen})


@cache
def evidence_of(suite: str, results: Path = RESULTS) -> Evidence | None:
    """What is said of the records of a suite, if there are any."""
    return Evidence.read(results / suite) if (results / suite / PACKED_FILE).is_file() else None


def scores_by(
    runs: Iterable[RunRecord], metric: str, at: Callable[[RunRecord], K]
) -> dict[K, list[float]]:
    """The scores of runs that have the metric, by what ``at`` tells of each run."""
    found: dict[K, list[float]] = defaultdict(list)
    for r in runs:
        if metric in r.scores:
            found[at(r)].append(r.scores[metric])
    return found


def drawn(chosen: Iterable[Verdict]) -> str:
    """Figures that a picture shows, a line each, to stand in its file beside the drawing."""
    return "\n".join(
        f"{v.dataset}, {v.metric}, margin {v.margin:.2g}, {WORDS[v.standing]}: "
        + "; ".join(f"{d.size:,}: {difference(d)}" for d in v.differences if d.mean is not None)
        for v in chosen
    )


def difference(d: SizeDifference) -> str:
    """The mean, with its interval where that is known.

    A dagger tells that the network which validation chooses did not always stop early.
    """
    if d.mean is None:
        return "none"
    between = "" if d.low is None else f" ({d.low:+.3g} to {d.high:+.3g})"
    own = (said for said in d.note.split("; ") if said.startswith(f"{d.deep}: "))
    return f"{d.mean:+.3g}" + f" {CUT}" * any(BUDGET in said for said in own) + between


def counts(chosen: Iterable[Verdict]) -> str:
    """Cells of a table under ``HEADING``."""
    found = Counter(v.standing for v in chosen)
    return " | ".join(str(found[one]) for one in STANDINGS)


def table(*heads: str) -> list[str]:
    """The first two lines of a table; a head may hold several, parted by bars."""
    line = f"| {' | '.join(heads)} |"
    return [line, "|---" * (line.count("|") - 1) + "|"]
