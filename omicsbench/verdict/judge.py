"""Is deep learning ahead, and from which size on? Verdicts from stored records.

A verdict compares a deep side with a simple side by one metric on one data set. Deep: each deep
contestant, and *all* of them. Simple: all simple contestants, and a fixed *reference*. Deep is
ahead of simple if some deep contestant is ahead of *each* simple one, simple by the same rule
(``omicsbench.stats.contest``); validation scores choose only whom a reader is told of.

**Equal terms.** Task, data set and its version, device, threads, split, features, scored rows,
output dimension and tuning budget are the same on both sides. Controls are never contestants.

**Which sizes count.** Where deep runs failed or pairs are fewer than ``min_repeats``, deep is
not shown to be ahead; at the largest sizes this ends the verdict at the last size that counts.
Where only the simple side has no result, the size is left out. Of several contestants those without
enough runs at a size are not compared there. Each case is noted.

**Judgement**, with N the largest size that counts:

- *deep ahead from n**: shown to be ahead by more than the margin at N (and at each size from the
  upper end of the interval of n* on). *From the smallest size* if that is the smallest one.
- *simple ahead*: the same of the simple side.
- *equal*: shown that neither is ahead by more than the margin.
- *open*: everything else, everything with too few repeats, and *deep ahead* where deep runs
  failed at a size beyond N. It is told how many repeats would settle it, if any number would.

**Error control.** Each claim is false in at most 2.5 %, several contestants included. Contestants
judged one by one share the error by Holm's step-down. Over a table, each claim has a q
(``omicsbench.stats.discoveries``).

**What an interval speaks of.** The draw of training rows and seeds, and of test cells where the
metric is a mean over cells (units: donors or batches where known, else groups of cells); not of
other data sets. Repeats overlap as n nears the pool, which makes intervals too narrow there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from omicsbench.metrics import METRICS
from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.spec import RunRecord
from omicsbench.stats.contest import holm_levels
from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.discoveries import q_values
from omicsbench.verdict.choose import in_turn, is_reference
from omicsbench.verdict.contenders import Contenders, contenders, paired_sides
from omicsbench.verdict.decide import decide, extrapolation, p_ahead, repeats_needed, rope
from omicsbench.verdict.margins import Margin, margin_of
from omicsbench.verdict.pairs import Paired
from omicsbench.verdict.verdict import Against, Verdict
from omicsbench.verdict.wording import why_open

FEWEST_REPEATS = 5  # that carry a claim
BEST = ""  # of several contestants, in place of a pipeline's name


def verdicts(
    records: Iterable[RunRecord],
    analysis: Analysis = UNSTATED,
    *,
    min_repeats: int = FEWEST_REPEATS,
) -> list[Verdict]:
    """Judge all deep contestants, and each, against all simple ones and the reference.

    Without a reference in ``analysis`` there are verdicts against all simple ones alone.
    ``min_repeats`` (at least 2) are the pairs a size needs to carry a claim.
    """
    if min_repeats < 2:
        raise ValueError("min_repeats must be at least 2: one pair has no interval")
    found: list[Verdict] = []
    for field in contenders(records):
        if not field.deep:
            continue
        margin = margin_of(field.metric, field.records, analysis.margins)
        found += _verdicts(field, analysis.reference, margin, min_repeats)
    return _with_q(found)


def _with_q(found: list[Verdict]) -> list[Verdict]:
    """Each claim of the headline with its q: all its tests are one family (Benjamini-Hochberg)."""
    chosen = [
        i
        for i, v in enumerate(found)
        if v.best and v.against == "best_simple" and not v.scored_by.secondary
    ]
    tests = np.array(
        [(found[i].p_ahead, found[i].p_behind, found[i].p_equal) for i in chosen], dtype=float
    )
    q = q_values(tests.ravel()).reshape(tests.shape) if len(chosen) else tests
    places = {"ahead": 0, "behind": 1, "equal": 2}
    for row, i in enumerate(chosen):
        if (place := places.get(found[i].standing)) is not None:
            found[i] = replace(found[i], q=float(q[row, place]))
    return found


def _simple_sides(field: Contenders, reference: str) -> dict[Against, list[str]]:
    """The shortest pipeline that is the reference, and all simple ones; as far as there are."""
    sides: dict[Against, list[str]] = {}
    if plain := [p for p in field.rivals if is_reference(p, reference)]:
        sides["reference"] = [min(plain, key=lambda p: (len(p), p))]
    return sides | {"best_simple": list(field.rivals)} if field.rivals else sides


def _verdicts(field: Contenders, reference: str, margin: Margin, need: int) -> Iterator[Verdict]:
    """Verdicts of all deep contestants, then each one's, against both simple sides."""
    deep = {name: [name] for name in field.deep}
    if len(field.contestants) > 1:
        deep = {BEST: list(field.contestants)} | deep
    for against, simple in _simple_sides(field, reference).items():
        paired = {name: paired_sides(field, own, simple, need) for name, own in deep.items()}
        # Contestants judged one by one share the level.
        tests = [p_ahead(paired[name], margin.value) for name in field.contestants]
        shares = holm_levels([p for p, _ in tests], [running for _, running in tests], ALPHA)
        levels = dict(zip(field.contestants, shares, strict=True))
        for name in deep:
            yield _verdict(field, name, against, paired[name], margin, levels.get(name, ALPHA))


def _verdict(
    field: Contenders, name: str, against: Against, paired: Paired, margin: Margin, alpha: float
) -> Verdict:
    spec = field.spec
    best = name == BEST or field.contestants == [name]
    found = decide(paired, alpha, margin.value, spec.features_per_size)
    beyond = best and not (found.outcome.ahead or spec.features_per_size)
    unsettled = best and found.doubt in ("skewed", "not_told")
    rows = paired.with_bounds(alpha)
    used = [rows[i] for i in paired.counting] or rows
    return Verdict(
        dataset=spec.dataset,
        task=spec.task,
        device=spec.device,
        tuning=spec.tuned_as,
        metric=field.metric.name,
        deep=name or in_turn(row.deep for row in used),
        simple=in_turn(row.simple for row in used),
        against=against,
        output_dim=field.output_dim,
        outcome=found.outcome,
        n_star=found.n_star,
        interval=found.interval,
        simple_from=found.simple_from,
        p_ahead=found.p_ahead,
        p_behind=found.p_behind,
        p_equal=found.p_equal,
        not_ahead=found.not_ahead,
        smallest=used[0].size,
        largest=used[-1].size,
        repeats=paired.fewest,
        margin=margin.value,
        room=str(margin),
        differences=rows,
        alpha=alpha,
        needed=repeats_needed(paired, margin.value, alpha) if unsettled else None,
        reason=why_open(found, paired, margin.value),
        best=best,
        contenders=len(field.contestants),
        rivals=1 if against == "reference" else len(field.rivals),
        is_control=name in field.controls,
        unit=paired.unit,
        folds=paired.differences.folds,
        rope=rope(paired, margin.value),
        extrapolation=extrapolation(paired, margin.value) if beyond else None,
        own_metric=None if field.metric.name in METRICS else field.metric,
    )
