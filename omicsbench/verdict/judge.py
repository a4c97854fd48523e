"""Is deep learning ahead, and from which size on? Verdicts from stored records.

A verdict compares a deep side with a simple side by one metric on one data set. Deep: each deep
contestant, and the *best* one. Simple: a fixed *reference*, and the best simple pipeline. "Best"
is chosen at each size by validation scores, never by the test set (``omicsbench.verdict.pairs``).
n*, its interval and the errors are those of ``omicsbench.stats.crossover``.

**Equal terms.** Task, data set and its version, device, threads, split, features, scored rows,
output dimension and tuning budget are the same on both sides. Controls are never contestants.

**Which sizes count.** Where a deep run failed or pairs are fewer than ``min_repeats``, deep is
not shown to be ahead; at the largest sizes this ends the verdict at the last size that counts.
Where only the simple side has no result, the size is left out. Each case is noted.

**Decision**, with N the largest size that counts:

- *ahead from n**: the interval of n* ends at N or before. *From the smallest size* if it ends at
  the smallest one: left-censored, n* may lie below it.
- *not reached*: the interval holds nothing but "not reached": right-censored, n* > N.
- *undecided*: everything else, everything with too few repeats, and "ahead" where deep runs
  failed at a size beyond N. It is told how many repeats would decide, if any number would.

**Error control.** The level is 5 % for the best deep side, chosen without a look at test scores.
Deep contestants judged one by one share it by Holm's step-down. Nothing is corrected for the
number of metrics and data sets read together.

**What an interval speaks of.** The draw of training rows and seeds, and of test cells where the
metric is a mean over cells (units: donors or batches where known, else groups of cells); not of
other data sets. Repeats overlap as n nears the pool, which makes intervals too narrow there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from omicsbench.metrics.base import METRICS
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current, terms
from omicsbench.stats.correlated_t import Rope, correlated_t
from omicsbench.stats.crossover import (
    ALPHA,
    TEST_SHARE,
    Moments,
    bootstrap_means,
    crossover,
    holm_levels,
    moments,
    repeats_needed,
)
from omicsbench.stats.extrapolate import Extrapolation, confirmed, extrapolate
from omicsbench.verdict.pairs import (
    Contest,
    Runs,
    Side,
    SizeDifference,
    best_by_validation,
    contest,
    too_few,
)
from omicsbench.verdict.verdict import Against, Outcome, Verdict

RESAMPLED = 100  # paths that must confirm an extrapolation
BEST = ""  # of several contenders, in place of a pipeline's name


def is_reference(pipeline: str, reference: str) -> bool:
    """True if the pipeline is the reference: its whole text, or its one and only stage."""
    stage = pipeline.partition("(")[0].strip()
    return pipeline == reference or (">" not in pipeline and stage == reference)


def verdicts(
    records: Iterable[RunRecord],
    *,
    reference: str = "pca",
    margins: Mapping[str, float] | None = None,
    bootstrap: int = 2000,
    seed: int = 0,
    min_repeats: int = 5,
) -> list[Verdict]:
    """Judge the best deep pipeline, and each, against the reference and the best simple one.

    ``reference`` is a pipeline's text or the name of its only stage; ``margins`` by metric take
    the place of the metrics' own; ``bootstrap`` counts the replicates; ``min_repeats`` (at least
    2) are the pairs a size needs to carry a claim.
    """
    if min_repeats < 2:
        raise ValueError("min_repeats must be at least 2: one pair has no interval")
    groups: dict[tuple[Any, ...], dict[str, dict[tuple[int, int], RunRecord]]] = {}
    for r in current(records):
        pipelines = groups.setdefault(terms(r), defaultdict(dict))
        pipelines[r.spec.pipeline][r.spec.size, r.spec.repeat] = r
    found: list[Verdict] = []
    settings = {"bootstrap": bootstrap, "seed": seed}
    for runs in groups.values():
        done = [r for cells in runs.values() for r in cells.values() if r.status is Status.OK]
        dims = {r.spec.pipeline: r.output_dim for r in done}  # at the largest size
        for metric in sorted({m for r in done for m in r.scores} & set(METRICS)):
            family = {r.spec.pipeline: r.family for r in done if metric in r.scores}
            margin = (margins or {}).get(metric, METRICS[metric].margin)
            for dim in sorted({dims[p] for p in family if family[p] == "deep"}, key=str):
                deep, simple = (
                    [p for p in family if family[p] == kind and dims[p] == dim]
                    for kind in ("deep", "simple")
                )
                judged = _Comparison(runs, deep, simple, metric, margin, min_repeats, settings)
                found += judged.verdicts(reference, dim)
    return found


@dataclass(frozen=True)
class _Comparison:
    """Deep and simple contestants under equal terms, by one metric, of one output dimension."""

    runs: Runs
    deep: Sequence[str]
    simple: Sequence[str]
    metric: str
    margin: float
    need: int
    settings: Mapping[str, int]

    def verdicts(self, reference: str, dim: int | None) -> list[Verdict]:
        """The best deep pipeline's verdicts, then each one's, against both simple sides."""
        spec = next(iter(self.runs[self.deep[0]].values())).spec
        controls = {p for p in self.deep if any(r.is_control for r in self.runs[p].values())}
        contenders = [p for p in self.deep if p not in controls]
        sizes = sorted({size for p in self.deep for size, _ in self.runs[p]})
        repeats = sorted({repeat for p in self.deep for _, repeat in self.runs[p]})
        plain = sorted((len(p), p) for p in self.simple if is_reference(p, reference))
        simple = best_by_validation(self.runs, self.simple, self.metric, sizes, repeats)
        rivals: dict[Against, Side] = {"best_simple": simple} if simple.of else {}
        if plain:
            rivals["reference"] = Side.fixed(plain[0][1], sizes, repeats)
        sides: dict[str, Side] = {}
        if len(contenders) > 1:
            chosen = best_by_validation(self.runs, contenders, self.metric, sizes, repeats)
            sides |= {BEST: chosen} if chosen.of else {}
        sides |= {name: Side.fixed(name, self._sizes(name), repeats) for name in self.deep}
        found: list[Verdict] = []
        for against, rival in sorted(rivals.items(), reverse=True):
            contests = {
                name: contest(
                    self.runs,
                    side,
                    rival,
                    self._sizes(name) or sizes,
                    repeats,
                    self.metric,
                    self.need,
                )
                for name, side in sides.items()
            }
            p_values = [self._p_ahead(contests[name]) for name in contenders]
            levels = dict(zip(contenders, holm_levels(p_values), strict=True))
            for name, side in sides.items():
                alpha, best = levels.get(name, ALPHA), name == BEST or contenders == [name]
                said = self._decide(contests[name], alpha, spec.features_per_size)
                if best and not (said["outcome"].ahead or spec.features_per_size):
                    said["extrapolation"] = self._extrapolation(contests[name])
                found.append(
                    Verdict(
                        dataset=spec.dataset,
                        task=spec.task,
                        device=spec.device,
                        tuning=str(spec.tuning or ""),
                        metric=self.metric,
                        deep=side.names,
                        against=against,
                        output_dim=dim,
                        margin=self.margin,
                        alpha=alpha,
                        best=best,
                        contenders=len(contenders),
                        is_control=name in controls,
                        **said,
                    )
                )
        return found

    def _sizes(self, name: str) -> list[int]:
        return sorted({size for size, _ in self.runs.get(name, ())})

    def _p_ahead(self, of: Contest) -> float:
        """One-sided p-value of the claim to be ahead at the largest size that counts."""
        kept, _ = _counting(of.rows)
        if not kept:
            return 1.0
        p = moments(of.differences.at(kept[-1:])).p_above(self.margin)[0]
        return 1.0 if np.isnan(p) else float(p)

    def _decide(self, of: Contest, alpha: float, per_size: bool) -> dict[str, Any]:
        """The fields of a verdict that follow from the differences."""
        every = moments(of.differences)
        rows = _with_bounds(of.rows, every, alpha)
        kept, beyond = _counting(rows)
        used = [rows[i] for i in kept]
        outcome, n_star, p_reached, needed, reason = Outcome.UNDECIDED, None, None, None, ""
        interval: tuple[int | None, int | None] = (None, None)
        most = max(row.pairs for row in rows)
        if per_size:
            reason = "features were selected anew at each size, scores do not compare across sizes"
        elif not used:
            few = 0 < most < self.need
            reason = too_few(most, self.need) if few else "at no size did both finish with a score"
            needed = self.need if few else None
        else:
            counts = np.array([row.use == "compared" for row in used])
            at = crossover(
                of.differences.at(kept), self.margin, alpha=alpha, counts=counts, **self.settings
            )
            sizes: list[int | None] = [*(row.size for row in used), None]
            interval, p_reached = (sizes[at.low], sizes[at.high]), at.p_reached
            failed = [row for row in beyond if row.failed]
            if at.ahead and failed:
                reason = f"ahead there, but at n = {failed[-1].size:,} {failed[-1].note}"
            elif at.ahead:
                n_star = sizes[at.place]
                outcome = Outcome.AHEAD_FROM if at.high else Outcome.AHEAD_FROM_SMALLEST
            elif at.not_reached:
                outcome = Outcome.NOT_REACHED
            else:
                needed = repeats_needed(every, kept[-1], self.margin, of.differences.folds, alpha)
                # The bootstrap may still doubt what the t-test has decided: one more at least.
                needed = needed and max(needed, most + 1)
                reason = self._undecided(needed, of)
        pairs = [row.pairs for row in used if row.use == "compared"]
        used = used or list(rows)
        return {
            "simple": ", then ".join(dict.fromkeys(d.simple for d in used if d.simple)),
            "outcome": outcome,
            "n_star": n_star,
            "interval": interval,
            "p_reached": p_reached,
            "smallest": used[0].size,
            "largest": used[-1].size,
            "repeats": min(pairs, default=most),
            "differences": rows,
            "reason": reason,
            "needed": needed,
            "unit": of.unit,
            "folds": of.differences.folds,
            "rope": self._rope(of, kept),
        }

    def _rope(self, of: Contest, kept: Sequence[int]) -> Rope | None:
        """Under cross-validation: the difference at the largest size against the margin."""
        if not (of.differences.folds and kept):
            return None
        values = of.differences.by_repeat[:, kept[-1]]
        values = values[np.isfinite(values)]
        return correlated_t(values, TEST_SHARE, self.margin) if len(values) > 1 else None

    def _extrapolation(self, of: Contest) -> Extrapolation | None:
        """Where the mean difference may go beyond the sizes that were compared."""
        kept = [i for i in _counting(of.rows)[0] if of.rows[i].use == "compared"]
        if not kept:
            return None
        sizes, here = [of.rows[i].size for i in kept], of.differences.at(kept)
        at = moments(here)
        found = extrapolate(sizes, at.mean, self.margin)
        if found is None or found.root is None:
            return found
        return confirmed(found, sizes, bootstrap_means(here, at, RESAMPLED, 0))

    def _undecided(self, needed: int | None, of: Contest) -> str:
        reason = f"the interval of the difference there holds the margin {self.margin:g}"
        if needed is None:
            limit = "because folds overlap" if of.differences.folds else "without more test cells"
            limit = limit if of.differences.folds or of.unit else "the two are too close"
            return f"{reason}; no number of repeats would tell, {limit}"
        return f"{reason}; about {needed} repeats would tell, if it stays what it is"


def _counting(rows: Sequence[SizeDifference]) -> tuple[list[int], list[SizeDifference]]:
    """Places of the sizes that count, and the rows above the last of them."""
    kept = [i for i, row in enumerate(rows) if row.use != "left_out"]
    beyond = []
    while kept and rows[kept[-1]].use == "not_shown":
        beyond.append(rows[kept.pop()])
    return kept, beyond


def _with_bounds(
    rows: Sequence[SizeDifference], at: Moments, alpha: float
) -> tuple[SizeDifference, ...]:
    low, high = at.bounds(alpha)

    def known(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return tuple(
        replace(
            row,
            mean=known(at.mean[i]),
            low=known(low[i]),
            high=known(high[i]),
            error=known(at.error[i]),
        )
        for i, row in enumerate(rows)
    )
