"""The files beside the page: every table as CSV, the verdicts as Markdown too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from omicsbench.records.disk import whole
from omicsbench.records.store import write_text
from omicsbench.records.table import write_csv
from omicsbench.reporting import across_datasets, tables
from omicsbench.reporting.answer import in_one
from omicsbench.reporting.datasets import dataset_table
from omicsbench.reporting.material import Material
from omicsbench.reporting.matrix import TASKS, WORDS, VerdictMatrix, by_task, data_kinds
from omicsbench.verdict.equal_cost import EqualCost
from omicsbench.verdict.recommend import Recommendation
from omicsbench.verdict.verdict import Verdict

TERMS = ("dataset", "task", "device", "output_dim", "tuning", "size", "repeats")
SIGNS = {"ahead": "▲", "behind": "▼", "equal": "=", "open": "?"}


def equal_cost_table(found: Sequence[EqualCost]) -> pd.DataFrame:
    """One row per comparison and budget: what each side names, and the difference in test score.

    Budgets and costs are CPU or wall seconds, joules or the suite's currency, as ``currency`` says;
    ``wall_s`` is the mean of a choice's runs whatever the currency. The difference is deep minus
    simple, positive where deep is better.
    """
    rows = []
    for b in found:
        row: dict[str, Any] = {
            "dataset": b.dataset,
            "task": b.task,
            "device": b.device,
            "output_dim": b.output_dim,
            "metric": b.metric,
            "currency": b.currency,
            "budget": b.at.budget,
        }
        for side, choice, score in zip(
            ("deep", "simple"), (b.at.deep, b.at.simple), b.scores, strict=True
        ):
            row[side] = choice.pipeline if choice else None
            row[f"{side}_size"] = choice.size if choice else None
            row[f"{side}_cost"] = choice.cost if choice else None
            row[f"{side}_wall_s"] = choice.wall_s if choice else None
            row[f"{side}_score"] = score
        row |= {
            "difference": b.at.mean,
            "difference_low": b.at.low,
            "difference_high": b.at.high,
            "pairs": b.at.pairs,
        }
        rows.append(row)
    table = pd.DataFrame(rows)
    whole = ("output_dim", "deep_size", "simple_size")
    return table.astype({name: "Int64" for name in whole if name in table})


def recommendation_table(found: Sequence[Recommendation]) -> pd.DataFrame:
    """One row per data set, terms and purpose, which is empty where all metrics count together.

    ``beaten_by`` is the number of metrics by which the pipeline is shown to be beaten, of all
    ``metrics``; ``seconds`` the median cost of one of its runs at ``size``; ``trained_on`` the
    samples that it is to be trained on where more are too dear.
    """
    rows = [
        (
            *(getattr(one, name) for name in TERMS),
            purpose,
            pick.pipeline,
            one.families.get(pick.pipeline, ""),
            len(pick.metrics),
            len(pick.beaten_by),
            one.trained_on.get(pick.pipeline),
            one.seconds.get(pick.pipeline),
            "cpu" if one.by_cpu else "wall",
            one.reason,
        )
        for one in found
        for purpose, pick in {"": one.overall, **one.purposes}.items()
    ]
    own = ("purpose", "pipeline", "family", "metrics", "beaten_by", "trained_on", "seconds")
    table = pd.DataFrame(rows, columns=[*TERMS, *own, "clock", "reason"])
    return table.astype({"trained_on": "Int64"})


def verdicts_markdown(
    verdicts: Sequence[Verdict], sentences: Sequence[str], kind_of: Mapping[str, str]
) -> str:
    """The answer, the matrix and the verdicts as Markdown."""
    names = [
        "dataset",
        "metric",
        "deep",
        "against",
        "simple",
        "outcome",
        "n_star",
        "n_star_low",
        "n_star_high",
        "largest",
        "repeats",
        "difference",
        "difference_low",
        "difference_high",
        "tuning",
        "standing",
        "needed",
        "note",
    ]
    table = tables.verdict_table(verdicts)
    lines = ["# Verdicts", "", *(f"- {plain(s)}" for s in sentences), ""]
    matrices = by_task(verdicts, kind_of)
    for task, matrix in matrices.items():
        of = f": {TASKS[task].lower()}" if len(matrices) > 1 else ""
        lines += [
            f"## Deep against simple{of}",
            "",
            *_matrix(matrix),
            "",
        ]
    lines += ["## Every verdict", ""]
    lines += ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    for row in table[names].itertuples(index=False) if len(table) else []:
        lines.append("| " + " | ".join(_cell(value) for value in row) + " |")
    return "\n".join(lines) + "\n"


def write_tables(folder: Path, material: Material) -> list[Path]:
    """Write every table beside the page; returns the files.

    ``runs.csv`` holds all versions of all runs, the others the newest; details are written where
    they hold anything.
    """
    newest, verdicts = material.records, material.verdicts
    kind_of = data_kinds(newest)
    written = {
        "verdicts": tables.verdict_table(verdicts),
        "differences": tables.difference_table(verdicts),
        "summary": material.scores,
        "across": across_datasets.summary_table(across_datasets.summaries(verdicts, kind_of)),
        "matched": equal_cost_table(material.at_equal_cost),
        "costs": material.costs,
        "fits": tables.fit_table(newest),
        "failures": tables.failure_table(newest),
        "skipped_metrics": tables.skipped_table(newest),
        "datasets": dataset_table(newest),
        "recommendations": recommendation_table(material.recommended),
    } | {name: table for name, table in material.details.items() if len(table)}
    runs, words = folder / "runs.csv", folder / "verdicts.md"
    write_csv(material.every, runs)
    paths = [folder / f"{name}.csv" for name in written]
    for path, table in zip(paths, written.values(), strict=True):
        with whole(path) as temporary:
            table.to_csv(temporary, index=False)
    write_text(words, verdicts_markdown(verdicts, in_one(material.answers), kind_of))
    return [runs, *paths, words]


def _matrix(matrix: VerdictMatrix) -> list[str]:
    """The matrix as Markdown."""
    heads = [
        " ".join(
            filter(
                None,
                (
                    c.dataset,
                    f"{c.output_dim}-D" if c.output_dim else "",
                    c.device if matrix.differ("device") else "",
                    (c.tuning or "at defaults") if matrix.differ("tuning") else c.tuning,
                ),
            )
        )
        for c in matrix.columns
    ]
    lines = ["| metric | " + " | ".join(map(plain, heads)) + " |"]
    lines.append("|" + " --- |" * (len(heads) + 1))
    for metric, cells in matrix.rows:
        words = [_standing(v) if v else "" for v in cells]
        lines.append(f"| {plain(metric.title)} | " + " | ".join(words) + " |")
    return lines


def _standing(v: Verdict) -> str:
    since = v.n_star or v.simple_from
    where = f" from {since:,}" if since else ""
    return f"{SIGNS[v.standing]} {WORDS[v.standing]}{where}"


def _cell(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else plain(str(value))


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    for sign in "\\|*_<>[]`":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())
