"""Stored records as one long table, and which of them are compared with which."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from omicsbench.records.disk import whole
from omicsbench.records.spec import RunRecord, Status

EQUAL = (
    "task",
    "dataset",
    "dataset_id",
    "device",
    "threads",
    "split",
    "features",
    "features_per_size",
    "scored",
)
HEAD = (
    "dataset",
    "task",
    "pipeline",
    "family",
    "output_dim",
    "size",
    "repeat",
    "device",
    "tuning",
    "status",
    "reason",
    "cause",
)
SCORE = ("part", "metric", "value", "se", "floor", "ceiling")
END = (
    "tuning_s",
    "fit_s",
    "transform_s",
    "cpu_s",
    "energy_j",
    "peak_rss_bytes",
    "peak_vram_bytes",
    "key",
)

_equal = attrgetter(*EQUAL)

Score = tuple[str | None, str | None, float | None, float | None, float | None, float | None]
NO_SCORE: list[Score] = [(None,) * 6]

# What stands behind the name of a data set for how it is split and what is held out.
SPLITS = re.compile(r"( \((hold-out|new [^()]*|held out: [^()]*)\))+$")


def equal_terms(record: RunRecord) -> tuple[Any, ...]:
    """What two runs must share to be compared."""
    return *_equal(record.spec), record.spec.tuned_as


def tidy(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Long table, one row per (run, part, metric); a run without scores has one row.

    ``part`` is test, validation or in_sample; ``se`` is the standard error of a test score over the
    scored cells, ``floor`` and ``ceiling`` what knowing nothing and knowing the answer score on the
    same test cells, where these are known. Times are in seconds, memory in bytes, energy in joules;
    ``tuning`` is empty where the pipeline ran as written.
    """
    ordered = in_order(records)
    scores = [_scores(record) for record in ordered]
    rows = np.repeat(np.arange(len(ordered)), [len(of) for of in scores])
    long = pd.DataFrame(
        {name: [score[at] for of in scores for score in of] for at, name in enumerate(SCORE)}
    )
    of_run = run_table(ordered).take(rows).reset_index(drop=True)
    return pd.concat([of_run[list(HEAD)], long, of_run[list(END)]], axis=1)


def write_csv(records: Iterable[RunRecord], path: Path) -> int:
    """Write what ``tidy(records).to_csv`` would, without holding it; returns the number of rows."""
    ordered, rows = in_order(records), 0
    runs = run_table(ordered)
    texts = zip(ordered, _texts(runs, HEAD), _texts(runs, END), strict=True)
    with whole(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join([*HEAD, *SCORE, *END]) + "\n")
        for record, head, end in texts:
            scores = _scores(record)
            rows += len(scores)
            file.writelines(
                f"{head},{part or ''},{name or ''},{','.join(map(_number, numbers))},{end}\n"
                for part, name, *numbers in scores
            )
    return rows


def write_parquet(records: Iterable[RunRecord], path: Path) -> int:
    """Write ``tidy(records)``; returns the number of its rows."""
    table = tidy(records)
    with whole(path) as temporary:
        table.to_parquet(temporary, index=False)
    return len(table)


def run_table(ordered: Iterable[RunRecord]) -> pd.DataFrame:
    """What the rows of each run share: the table without scores, one row per run."""
    rows = [
        (
            *_spec_columns(r),
            *(r.status.value, r.reason, r.cause.value if r.cause else None),
            *_times(r),
            *(r.cpu_s, r.energy_j, r.peak_rss_bytes, r.peak_vram_bytes, r.key),
        )
        for r in ordered
    ]
    return pd.DataFrame(rows, columns=[*HEAD, *END])


def _spec_columns(r: RunRecord) -> tuple[Any, ...]:
    s = r.spec
    told = (s.dataset, s.task, s.pipeline, r.family, r.output_dim, s.size, s.repeat, s.device)
    return *told, s.tuned_as


def _times(r: RunRecord) -> tuple[float | None, ...]:
    spent = r.phases
    if r.status is not Status.OK:
        return (None,) * 3
    return spent.tuning_s, spent.fit_s, spent.transform_s


def _scores(record: RunRecord) -> list[Score]:
    """Part, metric, score, its standard error and its room of each of a run's rows."""
    of_part = {
        "test": record.scores,
        "validation": record.validation,
        "in_sample": record.in_sample,
    }
    errors, rooms = record.scores_se, record.rooms
    found: list[Score] = []
    for part, scores in of_part.items():
        for name in sorted(scores):
            beside = (None,) * 3
            if part == "test":
                beside = errors.get(name), *rooms.get(name, (None, None))
            found.append((part, name, scores[name], *beside))
    return found or NO_SCORE


def _texts(runs: pd.DataFrame, columns: Sequence[str]) -> Iterator[str]:
    """Some columns of each run as they stand in a CSV file."""
    lists = [runs[name].astype(object).where(runs[name].notna(), None) for name in columns]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in zip(*lists, strict=True):
        writer.writerow(row)
        yield buffer.getvalue()[:-1]
        buffer.seek(0)
        buffer.truncate()


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def in_order(records: Iterable[RunRecord]) -> list[RunRecord]:
    """The records in the order of tables."""
    return sorted(records, key=_rank)


def _rank(record: RunRecord) -> tuple[Any, ...]:
    s = record.spec
    return s.dataset, s.task, s.pipeline, s.size, s.repeat, s.device, s.tuned_as, record.key


class Newest(list[RunRecord]):
    """What ``current`` has chosen, so that nobody chooses among it again."""


def current(records: Iterable[RunRecord]) -> Newest:
    """The records of the newest version of every data set and pipeline; versions never mix."""
    if isinstance(records, Newest):
        return records
    ordered = sorted(records, key=lambda r: (r.started_at, r.key))
    data = {r.spec.dataset: r.spec.dataset_id for r in ordered}
    ordered = [r for r in ordered if r.spec.dataset_id == data[r.spec.dataset]]
    code = {r.spec.pipeline: r.spec.pipeline_id for r in ordered}
    ordered = [r for r in ordered if r.spec.pipeline_id == code[r.spec.pipeline]]
    newest = {(equal_terms(r), r.spec.pipeline, r.spec.size, r.spec.repeat): r for r in ordered}
    return Newest(newest[cell] for cell in sorted(newest))


def base_name(dataset: str) -> str:
    """Without what is said of the split: ``digits (hold-out)`` is ``digits``.

    A data set that is split in several ways, or holds something out, is one and the same.
    """
    return SPLITS.sub("", dataset)
