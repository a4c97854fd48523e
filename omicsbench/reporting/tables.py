"""The tables behind the report, as data frames: what the page shows, the CSV files hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.special import stdtrit

from omicsbench.budget import PREDICTABLE, PREDICTED
from omicsbench.forecast import Quantity, in_words
from omicsbench.metrics.base import METRICS
from omicsbench.spec import RunRecord, Status
from omicsbench.tidy import current, tidy
from omicsbench.verdict import Verdict

ENDS = ("", "_low", "_high")
SHOWN: tuple[Quantity, ...] = ("wall_s", "peak_rss_bytes")
PREDICTIONS = tuple(f"{quantity}{end}" for quantity in PREDICTABLE for end in ENDS)
WHERE = ["dataset", "task", "device", "pipeline", "family", "output_dim", "size"]


def verdict_table(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """One row per verdict. Differences are deep minus simple, positive where deep is better."""
    rows = []
    for v in verdicts:
        last = next(d for d in v.differences if d.size == v.largest)
        rows.append(
            {
                "dataset": v.dataset, "task": v.task, "device": v.device, "metric": v.metric,
                "headline": not METRICS[v.metric].secondary, "deep": v.deep,
                "against": v.against, "simple": v.simple, "output_dim": v.output_dim,
                "outcome": v.outcome.value, "n_star": v.n_star, "n_star_low": v.interval[0],
                "n_star_high": v.interval[1], "p_reached": v.p_reached, "smallest": v.smallest,
                "largest": v.largest, "repeats": v.repeats, "margin": v.margin,
                "difference": last.mean, "difference_low": last.low,
                "difference_high": last.high, "reason": v.reason, "sentence": v.sentence,
            }
        )  # fmt: skip
    return _whole(pd.DataFrame(rows), "n_star", "n_star_low", "n_star_high", "output_dim")


def difference_table(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """One row per verdict and size."""
    return pd.DataFrame(
        {
            "dataset": v.dataset, "task": v.task, "device": v.device, "metric": v.metric,
            "deep": v.deep, "against": v.against, "simple": d.simple, "size": d.size,
            "difference": d.mean, "difference_low": d.low, "difference_high": d.high,
            "pairs": d.pairs, "use": d.use, "note": d.note,
        }
        for v in verdicts
        for d in v.differences
    )  # fmt: skip


def score_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Test scores per (pipeline, size, metric): mean over repeats and its 95 % t-interval.

    ``se`` is the mean standard error over the scored cells, where one is known: how far all scores
    of a metric might move together with another test set. It is not part of the interval.
    """
    test = runs[runs["part"] == "test"]
    found = test.groupby([*WHERE, "metric"], dropna=False)["value"].agg(["mean", "std", "count"])
    found["se"] = test.astype({"se": float}).groupby([*WHERE, "metric"], dropna=False)["se"].mean()
    half = stdtrit((found["count"] - 1).clip(lower=1), 0.975) * found["std"]
    half /= found["count"] ** 0.5  # NaN with one repeat
    found = found.assign(low=found["mean"] - half, high=found["mean"] + half)
    found = found.rename(columns={"count": "repeats"}).drop(columns="std").reset_index()
    return _whole(found, "output_dim")


def cost_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Times in seconds, memory in bytes per (pipeline, size): median, lowest, highest."""
    done = runs[runs["status"] == Status.OK.value].drop_duplicates("key")
    names = ["fit_s", "transform_s", "cpu_s", "peak_rss_bytes"]
    done = done.astype(dict.fromkeys(names, float))
    groups = done.groupby(WHERE, dropna=False)[names]
    found = groups.median().join(groups.min().add_suffix("_min"))
    found = found.join(groups.max().add_suffix("_max"))
    return _whole(found.reset_index(), "output_dim")


def failure_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row per run that did not end as ``ok``, with its cause.

    ``censored`` where all that is known of its cost is that it exceeds a limit, or is predicted
    to; the prediction, where there is one, is in ``predicted_wall_s`` and so on, with its ends.
    """
    rows = [
        {"dataset": r.spec.dataset, "task": r.spec.task, "pipeline": r.spec.pipeline,
         "size": r.spec.size, "repeat": r.spec.repeat, "device": r.spec.device,
         "status": r.status.value, "reason": r.reason, "key": r.key, "censored": is_censored(r)}
        | {f"predicted_{name}": r.predicted.get(name) for name in PREDICTIONS}
        for r in records
        if r.status is not Status.OK
    ]  # fmt: skip
    columns = ["dataset", "task", "pipeline", "size", "repeat", "device", "status", "reason", "key",
               "censored", *(f"predicted_{name}" for name in PREDICTIONS)]  # fmt: skip
    by = ["dataset", "task", "pipeline", "size", "repeat", "device", "key"]
    return pd.DataFrame(rows, columns=columns).sort_values(by, ignore_index=True)


def is_censored(record: RunRecord) -> bool:
    """Whether a run's cost is only known, or predicted, to lie above a limit."""
    late = (Status.TIMEOUT, Status.OUT_OF_MEMORY)
    if record.status is Status.SKIPPED:  # of its own cost, or after a smaller size took too much
        return str(record.reason).startswith((PREDICTED, *late))
    return record.status in late


def grouped_failures(failures: pd.DataFrame) -> pd.DataFrame:
    """Failures with equal data set, pipeline, status and cause in one row: sizes and runs.

    ``predicted`` is the cost of one run in words, at each size where it was predicted.
    """
    by = ["status", "dataset", "pipeline", "device", "reason"]
    groups = failures.fillna({"reason": "no reason recorded"}).groupby(by, sort=True)
    found = groups.agg(sizes=("size", _listed), runs=("key", "count"), censored=("censored", "any"))
    found["predicted"] = [_predicted(group) for _, group in groups]
    return found.reset_index()


def _predicted(group: pd.DataFrame) -> str:
    """For instance ``900 s (600 to 1,400), 3.1 GiB (2.8 to 3.6)``, by size if there are several."""
    words: dict[int, str] = {}
    for row in group.drop_duplicates("size").sort_values("size").to_dict("records"):
        parts = [
            in_words(quantity, *(float(row[f"predicted_{quantity}{end}"]) for end in ENDS))
            for quantity in SHOWN
            if pd.notna(row[f"predicted_{quantity}"])
        ]
        if parts:
            words[int(row["size"])] = ", ".join(parts)
    if group["size"].nunique() == 1:
        return "".join(words.values())
    return "; ".join(f"n = {size:,}: {text}" for size, text in words.items())


def prediction_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Predicted fit seconds and peak memory of what was left out, one row per (pipeline, size)."""
    names = [f"{quantity}{end}" for quantity in ("fit_s", "peak_rss_bytes") for end in ENDS]
    rows = [
        (r.spec.dataset, r.spec.task, r.spec.device, r.spec.pipeline, r.family, r.output_dim,
         r.spec.size, *(r.predicted.get(name) for name in names))
        for r in records
        if r.predicted
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=[*WHERE, *names]).drop_duplicates(WHERE)
    return found.astype(dict.fromkeys(names, float))


def fit_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """What methods tell of their own fits: one row per stage, at the largest size, first repeat."""
    largest: dict[tuple[str, str, str], RunRecord] = {}
    for r in records:
        at = (r.spec.dataset, r.spec.pipeline, r.spec.device)
        known = largest.get(at)
        rank = (-r.spec.size, r.spec.repeat)
        if r.fit_info and (known is None or rank < (-known.spec.size, known.spec.repeat)):
            largest[at] = r
    rows = [
        {"dataset": dataset, "pipeline": pipeline, "size": r.spec.size, "stage": stage,
         "facts": "; ".join(f"{name.replace('_', ' ')} {_fact(v)}" for name, v in facts.items())}
        for (dataset, pipeline, _), r in sorted(largest.items())
        for stage, facts in r.fit_info.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["dataset", "pipeline", "size", "stage", "facts"])


def _fact(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(map(_fact, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def skipped_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Metrics without a value in runs that ended well, with the reason: sizes and runs."""
    rows = [
        {"dataset": r.spec.dataset, "pipeline": r.spec.pipeline, "metric": metric,
         "reason": reason, "size": r.spec.size}
        for r in records
        for metric, reason in r.skipped_metrics.items()
    ]  # fmt: skip
    by = ["dataset", "pipeline", "metric", "reason"]
    frame = pd.DataFrame(rows, columns=[*by, "size"])
    return frame.groupby(by).agg(sizes=("size", _listed), runs=("size", "count")).reset_index()


def markdown(verdicts: Sequence[Verdict], sentences: Sequence[str]) -> str:
    """The answer and the verdicts as Markdown."""
    names = ["dataset", "metric", "deep", "against", "simple", "outcome", "n_star", "n_star_low",
             "n_star_high", "largest", "repeats", "difference", "difference_low",
             "difference_high"]  # fmt: skip
    table = verdict_table(verdicts)
    lines = ["# Verdicts", "", *(f"- {_plain(s)}" for s in sentences), ""]
    lines += ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    for row in table[names].itertuples(index=False) if len(table) else []:
        lines.append("| " + " | ".join(_cell(value) for value in row) + " |")
    return "\n".join(lines) + "\n"


def write_tables(
    folder: Path, records: Sequence[RunRecord], verdicts: Sequence[Verdict], words: Sequence[str]
) -> list[Path]:
    """Write every table beside the page; returns the files.

    ``runs.csv`` holds all records, the others those of the newest versions.
    """
    newest = current(records)
    runs = tidy(newest)
    tables = {
        "runs": tidy(records),
        "verdicts": verdict_table(verdicts),
        "differences": difference_table(verdicts),
        "summary": score_table(runs),
        "costs": cost_table(runs),
        "fits": fit_table(newest),
        "failures": failure_table(newest),
        "skipped_metrics": skipped_table(newest),
    }
    paths = [folder / f"{name}.csv" for name in tables]
    for path, table in zip(paths, tables.values(), strict=True):
        table.to_csv(path, index=False)
    paths.append(folder / "verdicts.md")
    paths[-1].write_text(markdown(verdicts, words), encoding="utf-8")
    return paths


def _whole(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Columns of whole numbers that may be missing."""
    present = {name: "Int64" for name in columns if name in frame}
    return frame.astype(present)


def _listed(sizes: Iterable[int]) -> str:
    return ", ".join(f"{size:,}" for size in sorted(set(sizes)))


def _cell(value: Any) -> str:
    if value is None or pd.isna(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else _plain(str(value))


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    for sign in "\\|*_<>[]`":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())
