"""From result sets to the evidence that the package carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from omicsbench.advice.evidence import AtSize, Case, Evidence, Showing
from omicsbench.records.analysis import Analysis
from omicsbench.records.planned import planned_records, read_analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.submission import content_hash
from omicsbench.records.table import current
from omicsbench.reporting.matrix import data_kind, headline
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import PURPOSES, recommendations
from omicsbench.verdict.verdict import Verdict

DIGITS = 4  # of a stored number
_Terms = tuple[Any, ...]


def collect(folders: Sequence[Path]) -> Evidence:
    """The evidence of packed result sets, which are named by their folders."""
    best: dict[_Terms, Case] = {}
    for folder in sorted(folders):
        for case in cases_of(folder.name, planned_records(folder)[0], read_analysis(folder)):
            terms = (case.dataset, case.task, case.device, case.output_dim, case.tuning)
            best[terms] = max(best.get(terms, case), case, key=_weight)
    return Evidence(
        sources={folder.name: content_hash(folder) for folder in sorted(folders)},
        cases=tuple(best.values()),
    )


def _weight(case: Case) -> tuple[int, int]:
    """Of two suites with the same comparison the one with more repeats, then sizes, counts."""
    return case.repeats, len(case.sizes)


def cases_of(suite: str, records: Iterable[RunRecord], analysis: Analysis) -> Iterator[Case]:
    """One for each data set and set of terms under which deep and simple were compared."""
    newest = current(records)
    found: dict[_Terms, list[Verdict]] = defaultdict(list)
    for v in headline(verdicts(newest, analysis)):
        found[v.dataset, v.task, v.device, v.output_dim, v.tuning].append(v)
    for terms, own in found.items():
        dataset, task, device, _, tuning = terms
        tried = [
            r
            for r in newest
            if (r.spec.dataset, r.spec.task, r.spec.device, r.spec.tuned_as)
            == (dataset, task, device, tuning)
        ]
        runs = [r for r in tried if r.status is Status.OK and _terms(r) == terms]
        if sizes := tuple(_sizes(tried, terms, analysis)):
            yield _case(suite, terms, runs, sizes, own)


def _terms(r: RunRecord) -> _Terms:
    return r.spec.dataset, r.spec.task, r.spec.device, r.output_dim, r.spec.tuned_as


def _case(
    suite: str,
    terms: _Terms,
    runs: Sequence[RunRecord],
    sizes: tuple[AtSize, ...],
    own: Sequence[Verdict],
) -> Case:
    dataset, task, device, dim, tuning = terms
    last = runs[-1]
    facts = last.dataset_info
    return Case(
        suite=suite,
        dataset=dataset,
        kind=data_kind(last),
        values=facts.values,
        provenance=facts.provenance,
        new_units=facts.new_units,
        n_cells=facts.n_cells,
        n_features=facts.n_features,
        task=task,
        device=device,
        output_dim=dim,
        tuning=tuning,
        repeats=len({r.spec.repeat for r in runs}),
        families={
            r.spec.pipeline: r.family
            for r in sorted(runs, key=lambda r: r.spec.pipeline)
            if any(r.spec.pipeline in size.seconds for size in sizes)
        },
        sizes=sizes,
        findings=tuple(_finding(v) for v in own),
    )


def _sizes(tried: Sequence[RunRecord], terms: _Terms, analysis: Analysis) -> Iterator[AtSize]:
    """Each size at which something can be recommended, as if it were the largest."""
    for n in sorted({r.spec.size for r in tried}):
        upto = [r for r in tried if r.spec.size <= n]
        for one in recommendations(upto, analysis):
            costs = {p: _short(cost) for p, cost in sorted(one.seconds.items()) if cost}
            if one.size == n and one.output_dim == terms[3] and costs:
                use = {
                    of: p.pipeline if p.clear else ""
                    for of, p in one.purposes.items()
                    if p.pipeline
                }
                fewer = {p: k for p, k in one.trained_on.items() if p in use.values()}
                yield AtSize(n=n, use=use, seconds=costs, trained_on=fewer)


def _finding(v: Verdict) -> Showing:
    last = v.last
    known = None not in (last.mean, last.low, last.high)
    return Showing(
        metric=v.metric,
        title=v.scored_by.title,
        purpose=PURPOSES.get(v.scored_by.group, v.scored_by.group),
        standing=v.standing,
        n_star=v.n_star,
        low=v.interval[0],
        high=v.interval[1],
        smallest=v.smallest,
        largest=v.largest,
        difference=(_short(last.mean), _short(last.low), _short(last.high)) if known else None,
        margin=_short(v.margin),
        q=None if v.q is None else _short(v.q),
        needed=v.needed,
        deep=v.deep,
    )


def _short(value: float | None) -> float:
    return float(f"{value or 0.0:.{DIGITS}g}")
