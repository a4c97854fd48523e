"""Tables of docs/answer.md about a search for each contestant, beside its defaults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import mean, median

from answer_evidence import Evidence, difference, table
from answer_suites import HELD_OUT

from omicsbench.records.spec import RunRecord
from omicsbench.reporting.matrix import WORDS
from omicsbench.verdict.verdict import Verdict

BOTH = (False, True)  # at defaults, tuned
Runs = Mapping[bool, Sequence[RunRecord]]


def beside_defaults(evidence: Evidence) -> str:
    """The best deep less the best simple contestant, at defaults and after the search.

    And in how many comparisons the search moved it towards either side.
    """
    found: dict[tuple[str, str], dict[bool, Verdict]] = defaultdict(dict)
    for v in evidence.headline:
        found[v.dataset, v.metric][bool(v.tuning)] = v
    lines = table("data set", "metric", "n", "margin", "at defaults", "after the search")
    for (dataset, metric), own in sorted(found.items()):
        one = next(iter(own.values()))
        cells = (_standing(own[tuned]) if tuned in own else "" for tuned in BOTH)
        lines.append(
            f"| `{dataset.removesuffix(HELD_OUT)}` | `{metric}` | {one.largest:,} | "
            f"{one.margin:.2g} | {' | '.join(cells)} |"
        )
    pairs = [own for own in found.values() if len(own) == len(BOTH)]
    means = [tuple(own[tuned].last.mean for tuned in BOTH) for own in pairs]
    moved = [after - before for before, after in means if None not in (before, after)]
    deep, simple = sum(m > 0 for m in moved), sum(m < 0 for m in moved)
    lines += [
        "",
        f"The search moved the mean difference towards deep learning in {deep} of {len(moved)} "
        f"comparisons, towards simple methods in {simple}.",
    ]
    return "\n".join(lines)


def _standing(v: Verdict) -> str:
    sure = f" (q {v.q:.2g})" if v.q is not None else ""
    return f"{difference(v.last)}, {WORDS[v.standing]}{sure}"


def gained(evidence: Evidence) -> str:
    """Scores of each contestant at defaults and after its search, by the metric searched by."""
    (metric,) = {r.spec.tuning.metric for r in evidence.records if r.spec.tuning}
    found: dict[tuple[str, str], dict[bool, list[RunRecord]]] = defaultdict(dict)
    for r in evidence.contestants:
        if metric in r.scores:
            place = r.spec.pipeline, r.spec.dataset.removesuffix(HELD_OUT)
            found[place].setdefault(r.spec.tuning is not None, []).append(r)
    sets = sorted({dataset for _, dataset in found})
    head = f"mean `{metric}` at defaults, after the search (trials)"
    lines = table(head, *(f"`{name}`" for name in sets))
    families = {r.spec.pipeline: r.family for r in evidence.done}
    names = {name for name, _ in found}
    for name in sorted(names, key=lambda name: (families[name], name)):  # deep ones first
        cells = (_gain(found.get((name, one), {}), metric) for one in sets)
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _gain(runs: Runs, metric: str) -> str:
    said = [f"{mean(r.scores[metric] for r in runs[tuned]):.3f}" for tuned in BOTH if tuned in runs]
    if True in runs:
        said[-1] += f" ({median(r.trials.run for r in runs[True] if r.trials):.0f})"
    return ", ".join(said)
