"""What the verdicts of several data sets say together, and what each interval conditions on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from omicsbench.records.table import base_name
from omicsbench.reporting.matrix import REAL, Column, headline, ordered
from omicsbench.stats.across_datasets import FEWEST, Across, summarise
from omicsbench.verdict.verdict import Verdict

FEWEST_SIGNED_RANK = 6  # data sets below which no p-value is under 0.05


@dataclass(frozen=True)
class Summary:
    """One metric over the real omics data sets, under terms equal but for the data."""

    metric: str
    column: Column  # its data set is empty
    across: Across


def summaries(verdicts: Sequence[Verdict], kind_of: Mapping[str, str]) -> list[Summary]:
    """Deep against simple at each data set's largest size, where two or more have one.

    Margins may differ with the room of a data set: the largest of them has to be exceeded.
    """
    groups: dict[tuple[str, Column], dict[str, Verdict]] = defaultdict(dict)
    # Of one data set split in several ways one counts, the plain split.
    for v in sorted(headline(verdicts), key=lambda v: v.dataset):
        if kind_of[v.dataset] == REAL and v.last.error is not None:
            column = Column("", v.task, v.device, v.output_dim, v.tuning)
            groups[v.metric, column].setdefault(base_name(v.dataset), v)
    rank = {m.name: i for i, m in enumerate(ordered(v.scored_by for v in verdicts))}
    found = []
    for (metric, column), own in groups.items():
        if len(own) < 2:
            continue
        means = [v.last.mean or 0.0 for v in own.values()]
        errors = [v.last.error or 0.0 for v in own.values()]
        margin = max(v.margin for v in own.values())
        found.append(
            Summary(
                metric, column, summarise(means, errors, [v.dataset for v in own.values()], margin)
            )
        )
    return sorted(
        found,
        key=lambda s: (
            -(s.column.output_dim or 0),
            s.column.task,
            s.column.device,
            rank[s.metric],
            s.column.tuning,
        ),
    )


def summary_table(found: Sequence[Summary]) -> pd.DataFrame:
    """One row per summary; differences are deep minus simple, positive where deep is better."""
    rows = [
        {
            "metric": s.metric,
            "task": s.column.task,
            "device": s.column.device,
            "output_dim": s.column.output_dim,
            "tuning": s.column.tuning,
            "outcome": s.across.outcome,
            "datasets": len(s.across.names),
            "names": "; ".join(s.across.names),
            "mean": s.across.mean,
            "low": s.across.low,
            "high": s.across.high,
            "new_low": s.across.new_low,
            "new_high": s.across.new_high,
            "tau": s.across.tau,
            "margin": s.across.margin,
            "signed_rank_p": s.across.p,
            "smallest_p": s.across.p_smallest,
            "sentence": s.across.sentence,
        }
        for s in found
    ]
    columns = [
        "metric",
        "task",
        "device",
        "output_dim",
        "tuning",
        "outcome",
        "datasets",
        "names",
        "mean",
        "low",
        "high",
        "new_low",
        "new_high",
        "tau",
        "margin",
        "signed_rank_p",
        "smallest_p",
        "sentence",
    ]
    return pd.DataFrame(rows, columns=columns).astype({"output_dim": "Int64"})


def limitation(found: Sequence[Summary]) -> str:
    """What so few data sets cannot say."""
    most = max((len(s.across.names) for s in found), default=0)
    if most >= FEWEST_SIGNED_RANK:
        return ""
    if most < FEWEST:
        return (
            f"Too few data sets: an interval over data sets needs {FEWEST}, a signed-rank test "
            f"{FEWEST_SIGNED_RANK} to be able to fall below 0.05."
        )
    return (
        f"With {most} data sets the signed-rank test could not fall below 0.05, whatever they "
        f"show; it takes {FEWEST_SIGNED_RANK}."
    )


def conditions(verdicts: Sequence[Verdict]) -> list[str]:
    """What the intervals of one data set speak of, how sure they are and what is corrected."""
    if not verdicts:
        return []
    if any(v.folds for v in verdicts):
        rows = (
            "this data set and its folds: repeats are folds of cross-validation, whose overlap in "
            "training rows is corrected for"
        )
    else:
        units = sorted({v.unit for v in verdicts if v.unit})
        over = f"test cells (unit: {', '.join(units)})" if units else ""
        held = sorted({v.scored_by.title for v in verdicts if not v.unit})
        fixed = f"test cells held fixed for {', '.join(held)}" if units else "test cells held fixed"
        rows = "this data set and its one test set; they speak of the draw of training rows, seeds"
        rows += f" and {over}" if over else ""
        rows += f", with {fixed}" if held else ""
    said = [f"Intervals condition on {rows}. They say nothing of other data sets."]
    shared = [v for v in verdicts if v.contenders > 1 and not v.best and not v.is_control]
    together = next((v for v in verdicts if v.best), verdicts[0])
    level = f"The level of all together is {100 * (1 - together.alpha):.3g} %"
    if shared:
        most = max(v.contenders for v in shared)
        low = min(v.alpha for v in shared)
        level += (
            f"; up to {most} deep contestants judged one by one share the error by Holm's "
            f"step-down (levels up to {100 * (1 - low):.3g} %)"
        )
    return [*said, f"{level}; across metrics and data sets see each claim's q."]
