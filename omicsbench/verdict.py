"""Is deep learning ahead, and from which size on? Verdicts from stored records.

**Estimand.** n* is the smallest tested size from which the mean paired difference (deep minus
simple, turned so that positive means deep is better) exceeds the metric's margin at that and
*every* larger tested size.

**What is compared.** Test scores, paired by repeat, under equal terms: task, data set and its
version, device, threads, split, features, scored rows, output dimension. Controls are never
contestants. A deep pipeline is set against the reference, and against the best simple pipeline
of each size, chosen by its mean *validation* score, never by the test set.

**Which sizes count.** Where a deep run failed or pairs are fewer than ``min_repeats``, deep is
not shown to be ahead; at the largest sizes this ends the verdict at the last size that counts.
Where only the simple side has no result, the size is left out. Each case is noted.

**Decision.** Student-t 95 % intervals of the mean difference at each size, because a percentile
bootstrap of five repeats is too narrow. With N the largest size that counts:

- *ahead*: at N the interval lies above the margin, and at least 97.5 % of bootstrap replicates
  reach n* <= N. *From the smallest size* if the interval lies above the margin at every size.
- *not reached*: at N the interval lies at or below the margin.
- *undecided*: everything else, everything with too few repeats, and "ahead" where deep runs
  failed at a size beyond N.

n* is the point estimate. Its interval joins bootstrap percentiles (whole repeats are resampled,
all sizes of a repeat together; the choice of the best simple pipeline is held fixed) and the
sizes the t-intervals leave open. The upper end is the smallest size from which every t-interval
lies above the margin: tests done downwards from N until one fails, which need no correction for
the number of sizes. The lower end has none either, and would need one.

**Limits.** The intervals speak of the draw of training samples and of seeds, not of other test
sets or data sets. Repeats overlap as n nears the pool, and folds share training rows: intervals
are then too narrow. Nothing is corrected for the number of verdicts read together.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

import omicsbench.metrics  # noqa: F401  (registers the metrics)
from omicsbench.budget import PREDICTED
from omicsbench.metrics.base import METRICS
from omicsbench.spec import RunRecord, RunSpec, Status

Against = Literal["reference", "best_simple"]
Floats = NDArray[np.float64]
Runs = Mapping[str, dict[tuple[int, int], RunRecord]]  # pipeline: {(size, repeat): run}
TERMS = ("task", "dataset", "dataset_id", "device", "threads", "split", "features",
         "features_per_size", "scored")  # fmt: skip
TAIL = 0.025  # of every two-sided 95 % interval


class Outcome(StrEnum):
    """What a verdict says of the deep pipeline."""

    AHEAD_FROM_SMALLEST = "ahead_from_smallest"
    AHEAD_FROM = "ahead_from"
    NOT_REACHED = "not_reached"
    UNDECIDED = "undecided"

    @property
    def ahead(self) -> bool:
        return self in (Outcome.AHEAD_FROM_SMALLEST, Outcome.AHEAD_FROM)


@dataclass(frozen=True)
class SizeDifference:
    """Deep minus simple at one size, positive where deep is better, in the metric's unit.

    ``low`` and ``high`` bound the 95 % t-interval of ``mean``; None without two pairs.
    ``use`` tells whether the size counts, and ``note`` why it does not; ``failed`` that deep
    runs were tried there and gave no result.
    """

    size: int
    simple: str
    mean: float | None
    low: float | None
    high: float | None
    pairs: int
    use: Literal["compared", "not_shown", "left_out"] = "compared"
    note: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the analysis says of one (data set, metric, deep pipeline, simple pipeline).

    ``n_star`` is None unless deep is ahead. ``interval`` is its 95 % interval, None standing for
    "not reached up to ``largest``"; ``p_reached`` the share of bootstrap replicates that reach
    n*, None where no size counts; ``repeats`` the fewest pairs at a size that counts;
    ``reason`` says why a verdict is undecided. ``margin`` is in the metric's unit.
    ``is_control`` marks a deep pipeline that is there for comparison, not as a contender.
    """

    dataset: str
    task: str
    device: str
    metric: str
    deep: str
    simple: str
    against: Against
    output_dim: int | None
    outcome: Outcome
    n_star: int | None
    interval: tuple[int | None, int | None]
    p_reached: float | None
    smallest: int
    largest: int
    repeats: int
    margin: float
    differences: tuple[SizeDifference, ...]
    reason: str = ""
    is_control: bool = False

    @property
    def sentence(self) -> str:
        """The verdict in plain words."""
        best = f"the best simple pipeline ({self.simple})"
        rival = best if self.against == "best_simple" else self.simple
        low, high = (f"{n:,}" if n else f"above {self.largest:,}" for n in self.interval)
        by, top = f"by more than {self.margin:g}", f"{self.largest:,}"
        if self.outcome is Outcome.AHEAD_FROM_SMALLEST:
            says = f"ahead {by} at every tested size, from n = {self.smallest:,} to {top}"
        elif self.outcome is Outcome.AHEAD_FROM:
            says = f"ahead {by} from n = {self.n_star:,} (95 % interval {low} to {high}) to {top}"
        elif self.outcome is Outcome.NOT_REACHED:
            says = f"not ahead {by} at n = {top}, so no crossover is reached up to there"
        else:
            says = f"undecided up to n = {top}: {self.reason}"
        last = next(d for d in self.differences if d.size == self.largest)
        if last.mean is not None and last.low is not None and last.high is not None:
            says += f". Difference there {last.mean:+.3g} ({last.low:+.3g} to {last.high:+.3g})"
        says += f", {last.pairs} repeats" if last.pairs else ""
        notes = "".join(f" At n = {d.size:,}: {d.note}." for d in self.differences if d.note)
        title = METRICS[self.metric].title
        return f"{title} on {self.dataset}: {self.deep} against {rival} is {says}.{notes}"


def terms(record: RunRecord) -> tuple[Any, ...]:
    """What two runs must share to be compared."""
    return tuple(getattr(record.spec, name) for name in TERMS)


def tidy(records: Iterable[RunRecord]) -> pd.DataFrame:
    """Long table, one row per (run, part, metric); a run without scores has one row.

    ``part`` is test, validation or in_sample; ``se`` is the standard error of a test score over
    the scored cells, where one is known. Times are in seconds, memory in bytes.
    """
    names = ["dataset", "task", "pipeline", "family", "output_dim", "size", "repeat", "device",
             "status", "reason", "part", "metric", "value", "se", "fit_s", "transform_s",
             "cpu_s", "peak_rss_bytes", "key"]  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for r in records:
        s = r.spec
        head = [s.dataset, s.task, s.pipeline, r.family, r.output_dim, s.size, s.repeat, s.device,
                r.status.value, r.reason]  # fmt: skip
        times = (r.phases.fit_s, r.phases.transform_s) if r.status is Status.OK else (None, None)
        end = [*times, r.cpu_s, r.peak_rss_bytes, r.key]
        parts = {"test": r.scores, "validation": r.validation, "in_sample": r.in_sample}
        errors = {"test": r.scores_se}
        scores = [
            (part, name, of[name], errors.get(part, {}).get(name))
            for part, of in parts.items()
            for name in sorted(of)
        ]
        rows += [(*head, *score, *end) for score in scores] or [(*head, *[None] * 4, *end)]
    rows.sort(key=lambda row: [*row[:3], *row[5:8], row[-1]])
    return pd.DataFrame(rows, columns=names)


def current(records: Iterable[RunRecord]) -> list[RunRecord]:
    """The records of the newest version of every data set and pipeline; versions never mix."""
    ordered = sorted(records, key=lambda r: (r.started_at, r.key))
    data = {r.spec.dataset: r.spec.dataset_id for r in ordered}
    ordered = [r for r in ordered if r.spec.dataset_id == data[r.spec.dataset]]
    code = {r.spec.pipeline: r.spec.pipeline_id for r in ordered}
    ordered = [r for r in ordered if r.spec.pipeline_id == code[r.spec.pipeline]]
    newest = {(terms(r), r.spec.pipeline, r.spec.size, r.spec.repeat): r for r in ordered}
    return [newest[cell] for cell in sorted(newest)]


def is_reference(pipeline: str, reference: str) -> bool:
    """True if the pipeline is the reference: its whole text, or its one and only stage."""
    stage = pipeline.partition("(")[0].strip()
    return pipeline == reference or (">" not in pipeline and stage == reference)


def verdicts(
    records: Iterable[RunRecord],
    *,
    reference: str = "pca",
    bootstrap: int = 2000,
    seed: int = 0,
    min_repeats: int = 5,
) -> list[Verdict]:
    """Judge every deep pipeline against the reference and the best simple pipeline.

    ``reference`` is a pipeline's text or the name of its only stage; ``bootstrap`` counts the
    replicates; ``min_repeats`` (at least 2) are the pairs a size needs to carry a claim.
    """
    if min_repeats < 2:
        raise ValueError("min_repeats must be at least 2: one pair has no interval")
    groups: dict[tuple[Any, ...], dict[str, dict[tuple[int, int], RunRecord]]] = {}
    for r in current(records):
        pipelines = groups.setdefault(terms(r), defaultdict(dict))
        pipelines[r.spec.pipeline][r.spec.size, r.spec.repeat] = r
    found: list[Verdict] = []
    for runs in groups.values():
        done = [r for cells in runs.values() for r in cells.values() if r.status is Status.OK]
        dims = {r.spec.pipeline: r.output_dim for r in done}  # at the largest size
        controls = {r.spec.pipeline for r in done if r.is_control}
        for metric in sorted({m for r in done for m in r.scores} & set(METRICS)):
            family = {r.spec.pipeline: r.family for r in done if metric in r.scores}
            for deep in [p for p in family if family[p] == "deep"]:
                sizes = sorted({size for size, _ in runs[deep]})
                rivals = [p for p in family if family[p] == "simple" and dims[p] == dims[deep]]
                plain = sorted((len(p), p) for p in rivals if is_reference(p, reference))
                chosen: dict[Against, dict[int, str]] = {
                    "reference": dict.fromkeys(sizes, plain[0][1]) if plain else {},
                    "best_simple": _best_by_validation(runs, rivals, metric, sizes),
                }
                for against, simple in chosen.items():
                    if simple:
                        rows, table = _pair(runs, deep, simple, sizes, metric, min_repeats)
                        spec, draws = done[0].spec, _resamples(len(table), bootstrap, seed)
                        said = _decide(spec, metric, rows, table, draws, min_repeats)
                        head = (spec.dataset, spec.task, spec.device, metric, deep)
                        said |= {"output_dim": dims[deep], "is_control": deep in controls}
                        found.append(Verdict(*head, against=against, **said))
    return found


def _best_by_validation(
    runs: Runs, rivals: list[str], metric: str, sizes: list[int]
) -> dict[int, str]:
    """Per size, the finished simple pipeline with the best mean validation score.

    One that was given fewer repeats than others cannot carry a comparison and is not chosen.
    """
    best: dict[int, str] = {}
    for size in sizes:
        means: dict[str, float] = {}
        repeats = {name: sum(n == size for n, _ in runs[name]) for name in rivals}
        for name in rivals:
            tried = [r for (n, _), r in runs[name].items() if n == size]
            if len(tried) < max(repeats.values()):
                continue
            if tried and all(metric in r.validation for r in tried):
                means[name] = _sign(metric) * float(np.mean([r.validation[metric] for r in tried]))
        if means:
            best[size] = max(means, key=means.__getitem__)
    return best


def _pair(
    runs: Runs, deep: str, simple: Mapping[int, str], sizes: list[int], metric: str, need: int
) -> tuple[list[SizeDifference], Floats]:
    """The difference at each size, and all differences as (repeats, sizes), NaN where unpaired."""
    repeats = sorted({repeat for _, repeat in runs[deep]})
    table = np.full((len(repeats), len(sizes)), np.nan)
    rows: list[SizeDifference] = []
    for column, size in enumerate(sizes):
        name = simple.get(size, "")
        own = [runs[deep].get((size, repeat)) for repeat in repeats]
        other = [runs[name].get((size, repeat)) if name else None for repeat in repeats]
        for row, (a, b) in enumerate(zip(own, other, strict=True)):
            if a and b and a.output_dim == b.output_dim and metric in a.scores.keys() & b.scores:
                table[row, column] = _sign(metric) * (a.scores[metric] - b.scores[metric])
        values = table[np.isfinite(table[:, column]), column]
        mean, low, high = _t_interval(values)
        made = SizeDifference(size, name, mean, low, high, len(values))
        if failed := _failures(own):
            note = f"deep runs ended as {failed}"
            made = replace(made, use="not_shown", note=note, failed=True)
        elif not name:
            made = replace(made, use="left_out", note="no simple pipeline to choose")
        elif failed := _failures(other):
            made = replace(made, use="left_out", note=f"simple runs ended as {failed}")
        elif not any(b and metric in b.scores for b in other):
            made = replace(made, use="left_out", note="the simple pipeline has no score")
        elif len(values) < need:
            made = replace(made, use="not_shown", note=_too_few(len(values), need))
        rows.append(made)
    return rows, table


def _decide(
    spec: RunSpec, metric: str, rows: list[SizeDifference], table: Floats, draws: Floats, need: int
) -> dict[str, Any]:
    """The fields of a verdict that follow from the differences."""
    margin = METRICS[metric].margin
    kept = [i for i, row in enumerate(rows) if row.use != "left_out"]
    beyond = []  # sizes above the last that counts
    while kept and rows[kept[-1]].use == "not_shown":
        beyond.append(rows[kept.pop()])
    used = [rows[i] for i in kept]
    outcome, n_star, p_reached, reason = Outcome.UNDECIDED, None, None, ""
    interval: tuple[int | None, int | None] = (None, None)
    most = max(row.pairs for row in rows)
    if spec.features_per_size:
        reason = "features were selected anew at each size, scores do not compare across sizes"
    elif not used:
        few = 0 < most < need
        reason = _too_few(most, need) if few else "at no size did both finish with a score"
    else:
        counts = np.array([row.use == "compared" for row in used])
        here = table[:, kept]
        with np.errstate(invalid="ignore"):
            means = (draws @ np.nan_to_num(here)) / (draws @ np.isfinite(here))
        first = np.sort(_first_lasting((means > margin) & counts))
        low, mean, high = (
            np.array([getattr(row, at) if row.use == "compared" else -np.inf for row in used])
            for at in ("low", "mean", "high")
        )
        sizes: list[int | None] = [*(row.size for row in used), None]
        shown, cut = int(_first_lasting(low > margin)), math.floor(TAIL * (len(first) - 1))
        interval = (
            sizes[min(int(first[cut]), int(_first_lasting(high > margin)))],
            sizes[max(int(first[-1 - cut]), shown)],
        )
        p_reached = float((first < len(used)).mean())
        failed = [row for row in beyond if row.failed]
        if low[-1] > margin and failed:
            reason = f"ahead there, but at n = {failed[-1].size:,} {failed[-1].note}"
        elif low[-1] > margin and p_reached >= 1 - TAIL:
            n_star = sizes[int(_first_lasting(mean > margin))]
            outcome = Outcome.AHEAD_FROM if shown else Outcome.AHEAD_FROM_SMALLEST
        elif high[-1] <= margin:
            outcome = Outcome.NOT_REACHED
        else:
            reason = f"the interval of the difference there holds the margin {margin:g}"
    pairs = [row.pairs for row in used if row.use == "compared"]
    used = used or rows
    return {
        "simple": ", then ".join(dict.fromkeys(d.simple for d in used if d.simple)),
        "outcome": outcome, "n_star": n_star, "interval": interval, "p_reached": p_reached,
        "smallest": used[0].size, "largest": used[-1].size, "repeats": min(pairs, default=most),
        "margin": margin, "differences": tuple(rows), "reason": reason,
    }  # fmt: skip


def _too_few(repeats: int, need: int) -> str:
    return f"{repeats} repeat{'s'[: repeats != 1]}; at least {need} are needed for a claim"


def _sign(metric: str) -> float:
    return -1.0 if METRICS[metric].direction == "min" else 1.0


def _failures(records: Iterable[RunRecord | None]) -> str:
    """For instance ``5 timeout, 1 crashed``; empty where nothing failed."""
    counts = Counter(_end(r) for r in records if r and r.status is not Status.OK)
    return ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))


def _end(record: RunRecord) -> str:
    predicted = str(record.reason).startswith(PREDICTED)
    return record.status.value + (f" ({PREDICTED} a limit)" if predicted else "")


def _t_interval(values: Floats) -> tuple[float | None, float | None, float | None]:
    """Mean and its 95 % Student-t interval."""
    if len(values) < 2:
        return (float(values[0]) if len(values) else None), None, None
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    half = float(stdtrit(len(values) - 1, 1 - TAIL)) * error
    return mean, mean - half, mean + half


@cache
def _resamples(repeats: int, bootstrap: int, seed: int) -> Floats:
    """How often each repeat is drawn in each replicate: (bootstrap, repeats)."""
    even = np.full(repeats, 1 / repeats)
    return np.random.default_rng(seed).multinomial(repeats, even, bootstrap).astype(float)


def _first_lasting(above: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Index of the first column from which all are true, per row; their number if none is."""
    lasting = np.logical_and.accumulate(above[..., ::-1], axis=-1)
    return np.asarray(above.shape[-1] - lasting.sum(axis=-1))
