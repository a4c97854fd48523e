"""The tables behind the report, as data frames: what the page shows, the CSV files hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from omicsbench.records.costs import PREDICTABLE, Quantity, in_words
from omicsbench.records.machines import on_other_machines
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.records.table import in_order, run_table
from omicsbench.reporting.places import OF_RUN, of_run
from omicsbench.verdict.equal_cost import cpu_seconds_of
from omicsbench.verdict.verdict import Verdict

ENDS = ("", "_low", "_high")
MEMORY = ["peak_rss_bytes", "peak_vram_bytes"]
SHOWN: tuple[Quantity, ...] = ("wall_s", "peak_rss_bytes")
NO_ROOM = (np.nan, np.nan)
PREDICTIONS = tuple(f"{quantity}{end}" for quantity in PREDICTABLE for end in ENDS)


def verdict_table(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """One row per verdict. Differences are deep minus simple, positive where deep is better."""
    rows = []
    for v in verdicts:
        last, rope, beyond = v.last, v.rope, v.extrapolation
        rows.append(
            {
                "dataset": v.dataset,
                "task": v.task,
                "device": v.device,
                "metric": v.metric,
                "headline": not v.scored_by.secondary,
                "tuning": v.tuning,
                "deep": v.deep,
                "best": v.best,
                "contenders": v.contenders,
                "is_control": v.is_control,
                "against": v.against,
                "simple": v.simple,
                "output_dim": v.output_dim,
                "outcome": v.outcome.value,
                "standing": v.standing,
                "alpha": v.alpha,
                "n_star": v.n_star,
                "n_star_low": v.interval[0],
                "n_star_high": v.interval[1],
                "p_claim": v.p_claim,
                "q": v.q,
                "simple_from": v.simple_from,
                "smallest": v.smallest,
                "largest": v.largest,
                "repeats": v.repeats,
                "needed": v.needed,
                "unit": v.unit,
                "folds": v.folds,
                "margin": v.margin,
                "difference": last.mean,
                "difference_low": last.low,
                "difference_high": last.high,
                "note": last.note,
                "p_behind": rope and rope.p_behind,
                "p_equal": rope and rope.p_equal,
                "p_ahead": rope and rope.p_ahead,
                "extrapolated": beyond and beyond.root,
                "reason": v.reason,
                "sentence": v.sentence,
            }
        )
    whole = ("n_star", "n_star_low", "n_star_high", "output_dim", "needed", "extrapolated")
    return _whole(pd.DataFrame(rows), *whole)


def difference_table(verdicts: Iterable[Verdict]) -> pd.DataFrame:
    """One row per verdict and size."""
    return pd.DataFrame(
        {
            "dataset": v.dataset,
            "task": v.task,
            "device": v.device,
            "metric": v.metric,
            "tuning": v.tuning,
            "best": v.best,
            "deep": d.deep or v.deep,
            "against": v.against,
            "simple": d.simple,
            "size": d.size,
            "difference": d.mean,
            "difference_low": d.low,
            "difference_high": d.high,
            "pairs": d.pairs,
            "use": d.use,
            "note": d.note,
        }
        for v in verdicts
        for d in v.differences
    )


def score_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Test scores per (pipeline, size, metric): mean over repeats and its 95 % t-interval.

    ``se`` is the mean standard error over the scored cells, where one is known: how far all scores
    of a metric might move together with another test set. It is not part of the interval.
    ``floor`` and ``ceiling`` are those of the metric on these rows, where they were measured.
    """
    test = _test_scores(in_order(records))
    by = [*OF_RUN, "metric"]
    found = means(test, by, "value")
    beside = test.groupby(by, dropna=False, observed=True)[["se", "floor", "ceiling"]].mean()
    found = found.join(beside)
    found = found[["mean", "repeats", "se", "low", "high", "floor", "ceiling"]].reset_index()
    names = found.columns[found.dtypes == "category"]
    return _whole(found.astype(dict.fromkeys(names, object)), "output_dim")


def _test_scores(ordered: Sequence[RunRecord]) -> pd.DataFrame:
    """One row per run and metric. There may be millions, so names are categories."""
    runs = run_table(ordered)[OF_RUN]
    rows = np.repeat(np.arange(len(ordered)), [len(r.scores) for r in ordered])
    of_run = {name: runs[name] for name in OF_RUN}
    of_run |= {name: of.astype("category") for name, of in of_run.items() if of.dtype == object}
    metrics = sorted({name for r in ordered for name in r.scores})
    number = {name: i for i, name in enumerate(metrics)}
    codes = np.fromiter((number[name] for r in ordered for name in r.scores), int, len(rows))
    errors = (r.scores_se.get(name, np.nan) for r in ordered for name in r.scores)
    rooms = [r.rooms.get(name, NO_ROOM) for r in ordered for name in r.scores]
    ends = np.array(rooms, dtype=float).reshape(-1, 2)
    return pd.DataFrame(
        {name: of.take(rows).array for name, of in of_run.items()}
        | {
            "metric": pd.Categorical.from_codes(codes, pd.Index(metrics, dtype=object)),
            "value": np.fromiter((v for r in ordered for v in r.scores.values()), float, len(rows)),
            "se": np.fromiter(errors, float, len(rows)),
            "floor": ends[:, 0],
            "ceiling": ends[:, 1],
        }
    )


def means(frame: pd.DataFrame, by: list[str], value: str) -> pd.DataFrame:
    """Mean of a column per group, its 95 % t-interval ``low`` to ``high``, and ``repeats``."""
    groups = frame.astype({value: float}).groupby(by, dropna=False, observed=True)[value]
    found = pd.DataFrame(groups.agg(mean="mean", std="std", repeats="count"))
    half = stdtrit((found["repeats"] - 1).clip(lower=1), 0.975) * found.pop("std")
    half /= found["repeats"] ** 0.5  # NaN with one repeat
    return found.assign(low=found["mean"] - half, high=found["mean"] + half)


def cost_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Seconds, joules, bytes of memory per (pipeline, size): median, lowest, highest.

    ``total_s`` of a run is its search, fit and transform; it is not known of an embedding that was
    computed elsewhere. ``total_cpu_s`` is the same by CPU time, where that stands for the time of
    a run (``verdict.equal_cost``). Times are those of one machine (``records.machines``): of runs
    elsewhere only the memory is known.
    """
    finished = [r for r in in_order(records) if r.status is Status.OK]
    done = run_table(finished)
    names = ["tuning_s", "fit_s", "transform_s", "total_s", "total_cpu_s", "cpu_s", "energy_j"]
    names += MEMORY
    times = done[["tuning_s", "fit_s", "transform_s"]].astype(float)
    known = np.array([r.contamination is None for r in finished], dtype=bool)
    by_cpu = pd.Series([cpu_seconds_of(r) for r in finished], dtype=float)
    done = done.assign(total_s=times.sum(axis=1).where(known), total_cpu_s=by_cpu.where(known))
    done = done.astype(dict.fromkeys(names, float))
    done.loc[done["key"].isin(on_other_machines(finished)), names[: -len(MEMORY)]] = np.nan
    groups = done.groupby(OF_RUN, dropna=False)[names]
    found = groups.median().join(groups.min().add_suffix("_min"))
    found = found.join(groups.max().add_suffix("_max"))
    return _whole(found.reset_index(), "output_dim")


def failure_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """One row per run that did not end as ``ok``, with its cause.

    ``censored`` where all that is known of its cost is that it exceeds a limit, or is predicted
    to; the prediction, where there is one, is in ``predicted_wall_s`` and so on, with its ends.
    """
    rows = [
        {
            "dataset": r.spec.dataset,
            "task": r.spec.task,
            "pipeline": r.spec.pipeline,
            "size": r.spec.size,
            "repeat": r.spec.repeat,
            "device": r.spec.device,
            "tuning": r.spec.tuned_as,
            "status": r.status.value,
            "reason": r.reason,
            "key": r.key,
            "censored": is_censored(r),
        }
        | {f"predicted_{name}": r.predicted.get(name) for name in PREDICTIONS}
        for r in records
        if r.status is not Status.OK
    ]
    columns = [
        "dataset",
        "task",
        "pipeline",
        "size",
        "repeat",
        "device",
        "tuning",
        "status",
        "reason",
        "key",
        "censored",
        *(f"predicted_{name}" for name in PREDICTIONS),
    ]
    by = ["dataset", "task", "pipeline", "tuning", "size", "repeat", "device", "key"]
    return pd.DataFrame(rows, columns=columns).sort_values(by, ignore_index=True)


def is_censored(record: RunRecord) -> bool:
    """Whether a run's cost is only known, or predicted, to lie above a limit."""
    return record.exceeded or record.cause in (Cause.PREDICTED, Cause.SMALLER_SIZE)


def grouped_failures(failures: pd.DataFrame) -> pd.DataFrame:
    """Failures with equal data set, pipeline, status and cause in one row: sizes and runs.

    ``predicted`` is the cost of one run in words, at each size where it was predicted.
    """
    by = ["status", "dataset", "task", "pipeline", "tuning", "device", "reason"]
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
        of_run(r) | {name: r.predicted.get(name) for name in names} for r in records if r.predicted
    ]
    found = pd.DataFrame(rows, columns=[*OF_RUN, *names]).drop_duplicates(OF_RUN)
    return found.astype(dict.fromkeys(names, float))


def fit_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """What methods tell of their own fits: one row per stage, at the largest size, first repeat.

    ``dim`` is the output dimension, 0 where there is no space.
    """
    largest: dict[tuple[str, ...], RunRecord] = {}
    for r in records:
        at = (r.spec.dataset, r.spec.pipeline, r.spec.device, r.spec.tuned_as, r.spec.task)
        known = largest.get(at)
        rank = (-r.spec.size, r.spec.repeat)
        if r.fit_info and (known is None or rank < (-known.spec.size, known.spec.repeat)):
            largest[at] = r
    rows = [
        {
            "dataset": dataset,
            "task": task,
            "device": device,
            "pipeline": pipeline,
            "tuning": tuning,
            "dim": r.output_dim or 0,
            "size": r.spec.size,
            "stage": stage,
            "facts": "; ".join(f"{name.replace('_', ' ')} {_fact(v)}" for name, v in facts.items()),
        }
        for (dataset, pipeline, device, tuning, task), r in sorted(largest.items())
        for stage, facts in r.fit_info.items()
    ]
    names = ["dataset", "task", "device", "pipeline", "tuning", "dim", "size", "stage", "facts"]
    return pd.DataFrame(rows, columns=names)


def _fact(value: Any) -> str:
    if isinstance(value, list):
        if value and all(isinstance(one, list) for one in value):  # a curve
            return ", ".join(": ".join(map(_fact, one)) for one in value)
        return "-".join(map(_fact, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def skipped_table(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Metrics without a value in runs that ended well, with the reason: sizes and runs."""
    rows = [
        {
            "dataset": r.spec.dataset,
            "task": r.spec.task,
            "device": r.spec.device,
            "pipeline": r.spec.pipeline,
            "tuning": r.spec.tuned_as,
            "dim": r.output_dim or 0,
            "metric": metric,
            "reason": reason,
            "size": r.spec.size,
        }
        for r in records
        for metric, reason in r.skipped_metrics.items()
    ]
    by = ["dataset", "task", "device", "pipeline", "tuning", "dim", "metric", "reason"]
    frame = pd.DataFrame(rows, columns=[*by, "size"])
    return frame.groupby(by).agg(sizes=("size", _listed), runs=("size", "count")).reset_index()


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows, by the names of its columns."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _whole(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Columns of whole numbers that may be missing."""
    present = {name: "Int64" for name in columns if name in frame}
    return frame.astype(present)


def _listed(sizes: Iterable[int]) -> str:
    return ", ".join(f"{size:,}" for size in sorted(set(sizes)))
