"""Which metrics say the same, and where each begins and ends: from stored runs.

    python tests/experiments/metric_table.py FOLDER ...          # prints the tables
    python tests/experiments/metric_table.py FOLDER ... --write  # puts them into docs/metrics.md

A method's score is the mean over repeats at the largest size that it has in a data set. Metrics
are correlated over methods (rank correlation, turned so that larger is better), within each data
set, and averaged over data sets. The effective number of metrics is the participation ratio of
the eigenvalues of that matrix: (sum)^2 / sum of squares, of k unrelated metrics k. Controls are no
methods here: they would make all metrics agree.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from into_docs import put

from omicsbench.metrics import METRICS
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.store import read_records
from omicsbench.records.table import current

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
FEWEST = 4  # methods of a data set, below which a correlation over them says nothing
PLACE = ["task", "dataset"]
NUMBERS = ("value", "se", "floor", "ceiling")


def scores(folders: Iterable[Sequence[RunRecord]]) -> pd.DataFrame:
    """One row per data set, method and metric: the mean of the runs at each repeat's largest size.

    Columns ``value``, ``se`` (over test cells), ``floor`` and ``ceiling``; of known metrics and of
    methods that are no controls. Runs of one folder are of one version of their data.
    """
    rows = [
        {
            "task": r.spec.task,
            "dataset": r.spec.dataset,
            "method": r.spec.label,
            "repeat": r.spec.repeat,
            "size": r.spec.size,
            "metric": name,
            "value": value,
            "se": r.scores_se.get(name),
            "floor": r.rooms.get(name, (None, None))[0],
            "ceiling": r.rooms.get(name, (None, None))[1],
        }
        for records in folders
        for r in current(records)
        if r.status is Status.OK and r.family != "control" and not r.is_control
        for name, value in r.scores.items()
        if name in METRICS
    ]
    found = pd.DataFrame(rows)
    largest = found.groupby([*PLACE, "repeat"])["size"].transform("max")
    found = found[found["size"] == largest].astype(dict.fromkeys(NUMBERS, float))
    return found.groupby([*PLACE, "metric", "method"])[list(NUMBERS)].mean().reset_index()


def correlations(found: pd.DataFrame) -> pd.DataFrame:
    """Rank correlation of metrics over methods, the mean over the data sets that have both.

    Of one task. Metrics that order no methods in any data set are left out.
    """
    each = []
    for _, here in found.groupby("dataset"):
        wide = here.pivot(index="method", columns="metric", values="value")
        signs = [-1.0 if METRICS[name].direction == "min" else 1.0 for name in wide.columns]
        if len(wide) >= FEWEST:
            each.append((wide * signs).corr(method="spearman", min_periods=FEWEST))
    if not each:
        return pd.DataFrame()
    stacked = pd.concat(each)
    together = stacked.groupby(level=0).mean()
    names = [name for name in METRICS if name in together.index and together[name].notna().any()]
    return together.loc[names, names]


def effective(matrix: pd.DataFrame) -> float:
    """Participation ratio of the eigenvalues; what is not known counts as unrelated."""
    known = matrix.fillna(0.0).to_numpy(copy=True)
    np.fill_diagonal(known, 1.0)
    values = np.clip(np.linalg.eigvalsh((known + known.T) / 2), 0, None)
    return float(values.sum() ** 2 / np.square(values).sum())


def matrix_lines(matrix: pd.DataFrame) -> list[str]:
    """A table, its columns by number."""
    numbers = [str(i + 1) for i in range(len(matrix))]
    lines = ["| | metric | " + " | ".join(numbers) + " |", "|" + " --- |" * (len(numbers) + 2)]
    for i, (name, row) in enumerate(matrix.iterrows()):
        cells = ["" if np.isnan(v) or j >= i else f"{v:.2f}" for j, v in enumerate(row)]
        shown = f"**`{name}`**" if not METRICS[str(name)].secondary else f"`{name}`"
        lines.append(f"| {i + 1} | {shown} | " + " | ".join(cells) + " |")
    return lines


def room_lines(found: pd.DataFrame) -> list[str]:
    """Floor, methods, ceiling and standard error of what is primary or has a room."""
    lines = ["| data set | metric | floor | lowest | highest | ceiling | standard error |"]
    lines.append("|" + " --- |" * 7)
    order = {name: i for i, name in enumerate(METRICS)}
    told = ~found["metric"].map(lambda name: METRICS[name].secondary) | found["floor"].notna()
    groups = found[told].groupby(["dataset", "metric"])
    for (dataset, name), own in sorted(groups, key=lambda g: (g[0][0], order[g[0][1]])):
        numbers = own["floor"].mean(), own["value"].min(), own["value"].max()
        numbers += own["ceiling"].mean(), own["se"].mean()
        cells = " | ".join("" if np.isnan(v) else f"{v:.3f}" for v in numbers)
        lines.append(f"| `{dataset}` | `{name}` | {cells} |")
    return lines


def tables(found: pd.DataFrame) -> str:
    """All that is said, as Markdown, task by task."""
    text: list[str] = []
    for task, own in found.groupby("task"):
        matrix = correlations(own)
        sets = own["dataset"].nunique()
        text += [f"### Task {task}, {sets} data set{'s' if sets > 1 else ''}", ""]
        if len(matrix) > 1:
            primary = [name for name in matrix.index if not METRICS[name].secondary]
            methods = own.groupby("dataset")["method"].nunique()
            text += [
                f"Rank correlation over {methods.min()} to {methods.max()} methods of a data set, "
                "mean over data sets; primary metrics are bold. Effective number of metrics: "
                f"**{effective(matrix):.1f}** of {len(matrix)}; of the {len(primary)} primary ones "
                f"**{effective(matrix.loc[primary, primary]):.1f}**.",
                "",
                *matrix_lines(matrix),
                "",
            ]
        text += [
            "Floor and ceiling where they are measured, the methods between, and the mean standard "
            "error of one run over test cells:",
            "",
            *room_lines(own),
            "",
        ]
    return "\n".join(text)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path)
    parser.add_argument("--write", action="store_true", help="into docs/metrics.md")
    told = parser.parse_args(arguments)
    text = tables(scores(read_records(folder) for folder in told.results))
    print(text)
    if told.write:
        put(DOCS, "metric table", text)


if __name__ == "__main__":
    main()
