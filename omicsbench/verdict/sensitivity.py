"""How much the verdicts hang on choices that somebody else might have made otherwise.

Each choice is changed alone: the margin, who takes part on either side, the number of repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from omicsbench.metrics import METRICS
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current
from omicsbench.verdict.judge import FEWEST_REPEATS, verdicts
from omicsbench.verdict.verdict import Verdict

FACTORS = {"margins halved": 0.5, "margins doubled": 2.0}


def other_choices(
    records: Sequence[RunRecord], found: Sequence[Verdict], analysis: Analysis = UNSTATED
) -> Iterator[tuple[str, list[Verdict]]]:
    """Each other choice in words, and the verdicts under it, by primary metrics.

    ``found`` are the verdicts of the same records as they are.
    """
    records = [_primary(r) for r in current(records)]
    for words, factor in FACTORS.items():
        yield words, _with_margins(records, found, analysis, factor)
    repeats = sorted({r.spec.repeat for r in records})
    if len(half := repeats[: len(repeats) // 2]) >= FEWEST_REPEATS:
        fewer = [r for r in records if r.spec.repeat in half]
        yield f"the first {len(half)} repeats alone", verdicts(fewer, analysis)
    for family in ("deep", "simple"):
        names = _contestants(records, family)
        for name in names if len(names) > 1 else []:
            others = [r for r in records if r.spec.pipeline != name]
            yield f"without {name}", verdicts(others, analysis)


def _primary(record: RunRecord) -> RunRecord:
    """Without the scores of secondary metrics: they are many, and none is counted."""
    kept = {
        name: score
        for name, score in record.scores.items()
        if name not in METRICS or not METRICS[name].secondary
    }
    return record.model_copy(update={"scores": kept})


def _with_margins(
    records: Sequence[RunRecord], found: Sequence[Verdict], analysis: Analysis, factor: float
) -> list[Verdict]:
    """With every margin multiplied; margins are those of a data set, so each is judged alone."""
    made: list[Verdict] = []
    for terms in sorted({(v.task, v.dataset) for v in found}):
        margins = {v.metric: factor * v.margin for v in found if (v.task, v.dataset) == terms}
        own = [r for r in records if (r.spec.task, r.spec.dataset) == terms]
        made += verdicts(own, analysis.model_copy(update={"margins": margins}))
    return made


def _contestants(records: Sequence[RunRecord], family: str) -> list[str]:
    return sorted(
        {
            r.spec.pipeline
            for r in records
            if r.family == family and not r.is_control and r.status is Status.OK
        }
    )
