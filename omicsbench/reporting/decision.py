"""The first screen: what to use on each data set, and why, in a sentence and a picture.

Every number here is one of a recommendation (``omicsbench.verdict.recommend``) or a count of
verdicts of the headline.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from omicsbench.records.facts import OWN_DATA
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.cases import (
    DataCase,
    Tally,
    among,
    and_,
    case_of,
    counted,
    measures,
    number_of,
    sets_of,
    span,
)
from omicsbench.reporting.forest import Forest, forest
from omicsbench.reporting.matrix import KINDS, REAL, TASKS, Column, data_kinds, headline
from omicsbench.reporting.tiles import Tile, tiles, tiles_over
from omicsbench.verdict.recommend import Recommendation
from omicsbench.verdict.verdict import Verdict

NAMED = 3  # pipelines listed in a sentence over several data sets
UNSURE = ", too unsure a claim once every measure and rival is allowed for"


@dataclass(frozen=True)
class DataRow:
    """One data set: its sentence, its figure, and what is to be used under other terms."""

    column: Column
    kind: str
    sentence: str
    terms: str
    purposes: tuple[tuple[str, str, int, int], ...]  # and by how many of how many it is beaten
    figure: Forest | None
    others: tuple[tuple[str, str], ...]  # terms, sentence

    @property
    def dataset(self) -> str:
        return self.column.dataset


@dataclass(frozen=True)
class FirstScreen:
    """What one task comes to."""

    sentence: str
    tiles: tuple[Tile, ...]
    rows: tuple[DataRow, ...]


def decisions(
    found: Sequence[Recommendation], verdicts: Sequence[Verdict], records: Sequence[RunRecord]
) -> dict[str, FirstScreen]:
    """The decision of each task that the records hold."""
    tasks = {r.spec.task for r in records}
    kind_of = data_kinds(records)
    facts = {r.spec.dataset: r.dataset_info for r in records}
    columns: dict[Column, list[Verdict]] = defaultdict(list)
    for v in headline(verdicts):
        columns[Column.of(v)].append(v)
    made: dict[str, FirstScreen] = {}
    for task in TASKS:
        if task in tasks:
            own = [case_of(one, facts, kind_of, columns) for one in found if one.task == task]
            ended = any(r.spec.task == task and r.status is Status.OK for r in records)
            made[task] = _decision(
                own, "no primary measure was scored" if ended else "no run finished"
            )
    return made


def told(found: Mapping[str, FirstScreen]) -> list[str]:
    """The sentence of each task, with its name where there are several."""
    if len(found) == 1:
        return [one.sentence for one in found.values()]
    return [f"{TASKS[task]}: {one.sentence}" for task, one in found.items()]


def _decision(cases: Sequence[DataCase], why_none: str) -> FirstScreen:
    of_data: dict[str, list[DataCase]] = defaultdict(list)
    for case in sorted(cases, key=lambda c: (KINDS.index(c.kind), c.column.dataset, _rank(c))):
        of_data[case.column.dataset].append(case)
    first = [own[0] for own in of_data.values()]
    told_of = [case for case in first if case.kind == REAL] or first
    rows = tuple(_row(own) for own in of_data.values())
    if not told_of:
        return FirstScreen(f"Nothing can be recommended: {why_none}.", (), ())
    if len(told_of) > 1:
        return FirstScreen(_over_all(told_of), tiles_over(told_of), rows)
    case = told_of[0]
    return FirstScreen(f"On {_where(case)}, {_said(case)}", tiles(case), rows)


def _rank(case: DataCase) -> tuple[object, ...]:
    """The terms that a data set is told by first: as written, both sides, most dimensions."""
    found = case.found
    sides = len({*found.families.values()})
    return bool(found.tuning), -sides, -(found.output_dim or 0), found.device, found.tuning


def _where(case: DataCase) -> str:
    cells = case.facts.n_cells
    if case.facts.summary == OWN_DATA:
        return f"your {cells:,} cells" if cells else "your data"
    beside = [] if case.kind == REAL else [case.kind]
    beside += [f"{cells:,} samples"] if cells else []
    return case.column.dataset + (f" ({', '.join(beside)})" if beside else "")


def _said(case: DataCase) -> str:
    """What to use on a data set, and why: a sentence without its beginning."""
    if not case.uses:
        return f"nothing can be recommended yet: {case.why_none}."
    return f"use {and_(case.told)}: {_why(case)}{_price(case)}."


def _why(case: DataCase) -> str:
    """How deep stands by the measures, and how many are open."""
    counts = case.counts
    if not counts.total:
        return "no deep pipeline could be compared"
    of = f"{measures(counts.total)} ({counts.others})"
    none = f"any of {of}" if counts.total > 1 else f"the one measure ({counts.others})"
    if counts.ahead:
        unsure = "" if case.needs_deep else UNSURE
        return f"deep pipelines were shown better by {counts.ahead} of {of}{unsure}"
    if case.needs_deep:
        return f"every simple one is shown to be beaten, though deep is ahead by none of {of}"
    return f"no deep pipeline was shown better by {none}"


def _price(case: DataCase) -> str:
    """What deep costs, beside the simple pipeline to use."""
    if not case.ratios:
        return ""
    least, most = case.ratios
    if case.needs_deep:
        return f", at {span(least, most)} times the {case.clock} of {case.base}"
    if least >= 1:
        return f", and it is {number_of(least)} times as fast as the fastest deep one"
    return f", though the fastest deep one takes {number_of(least)} of its {case.clock}"


def _over_all(cases: Sequence[DataCase]) -> str:
    """One sentence over several data sets of a kind."""
    singles, split, none = counted(cases)
    kind = "real omics data sets" if cases[0].kind == REAL else "data sets, none of real omics,"
    cells = sorted(case.facts.n_cells for case in cases if case.facts.n_cells)
    sizes = f" of {cells[0]:,}" if cells else ""
    sizes += f" to {cells[-1]:,}" if cells and cells[-1] > cells[0] else ""
    sizes += " samples" if cells else ""
    named = [f"{name} on {often}" for name, often in singles.most_common(NAMED)]
    others = singles.total() - sum(often for _, often in singles.most_common(NAMED))
    named += [f"others on {others}"] if others else []
    parts = [f"use {and_(named)}"] if named else []
    parts += [f"on {split} it depends on the purpose"] if split else []
    parts += [f"on {none} nothing can be recommended"] if none else []
    sets = sets_of(cases)
    ways = f", split in {len(cases)} ways" if len(cases) > sets else ""
    kind = kind.replace("sets", "set", 1) if sets == 1 else kind
    return f"Of {sets} {kind}{sizes}{ways}, {'; '.join(parts)}: {_why_over(cases)}."


def _why_over(cases: Sequence[DataCase]) -> str:
    counts = Tally.of(cases)
    if not counts.total:
        return "no deep pipeline could be compared"
    of = f"{counts.total} comparisons ({counts.others})"
    said = f"no deep pipeline was shown better in any of {of}"
    if counts.ahead:
        on = sum(bool(case.ahead) for case in cases)
        data = f"on {among(on, cases)}"
        said = f"deep pipelines were shown better in {counts.ahead} of {of}, {data}"
    least = [case.ratios[0] for case in cases if case.ratios]
    if not least:
        return said
    return f"{said}, and the cheapest of them cost {span(min(least), max(least))} times as much"


def _row(cases: Sequence[DataCase]) -> DataRow:
    case, found = cases[0], cases[0].found
    text = _said(case)
    at = [f"{found.output_dim} dimensions"] if found.output_dim else []
    at += [f"n = {found.size:,}", f"{found.repeats} repeat{'s'[: found.repeats != 1]}"]
    return DataRow(
        case.column,
        case.kind,
        text[0].upper() + text[1:],
        ", ".join([*at, *filter(None, [found.tuning])]),
        tuple(
            (purpose, found.named(choice.pipeline), len(choice.beaten_by), len(choice.metrics))
            for purpose, choice in found.purposes.items()
        ),
        forest(case.verdicts),
        tuple((_terms(other), _said(other)) for other in cases[1:]),
    )


def _terms(case: DataCase) -> str:
    """What tells other terms of a data set from the first."""
    c = case.column
    dim = f"{c.output_dim}-D" if c.output_dim else ""
    return ", ".join(filter(None, (dim, c.device, c.tuning)))
