"""Tables of docs/answer.md over data sets, sizes, suites, and choices that could be otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from answer_evidence import HEADING, Evidence, counts, table

from omicsbench.reporting.across_datasets import summaries
from omicsbench.reporting.matrix import REAL, STANDINGS, WORDS, headline
from omicsbench.verdict.curves import fields
from omicsbench.verdict.sensitivity import other_choices
from omicsbench.verdict.standings import standings
from omicsbench.verdict.verdict import Verdict

AS_TOLD = "as told above"
FEWEST = 10  # data sets with an n*, below which no property of data can be held to explain it
BANDS = (
    (100, "below 100"),
    (1_000, "100 to 999"),
    (10_000, "1,000 to 9,999"),
    (10**9, "10,000 and more"),
)
TASKS = {
    "answer": "embedding",
    "predict": "classes",
    "predict_long": "classes, to the largest n",
    "regress": "numbers",
    "regress_long": "numbers, to the largest n",
    "batch": "batches",
    "integrate": "several modalities",
}


def by_size(every: Mapping[str, Evidence]) -> str:
    """Of each purpose and band of sizes: what to use, and the comparisons at the largest n."""
    lines = table(
        "n",
        "purpose",
        "data sets, splits",
        "the cheapest that nothing is shown to beat (in how many splits)",
        HEADING.strip("| "),
    )
    for low, (high, band) in zip((0, *(b for b, _ in BANDS)), BANDS, strict=False):
        for suite, purpose in TASKS.items():
            evidence = every.get(suite)
            if not evidence:
                continue
            own = [v for v in evidence.real if low <= v.largest < high]
            if not own:
                continue
            names = {v.dataset for v in own}
            use = Counter(
                r.named(r.overall.pipeline) for r in evidence.recommended if r.dataset in names
            ).most_common()
            said = ", ".join(f"`{name}` ({n})" for name, n in use)
            on = f"{evidence.sets(own)}, {len(names)}"
            lines.append(f"| {band} | {purpose} | {on} | {said} | {counts(own)} |")
    return "\n".join(lines)


def who_is_ahead(evidence: Evidence) -> str:
    """Mean rank over data sets, and the letters of groups that cannot be told apart."""
    found = standings(fields(evidence.records, evidence.analysis), evidence.kind_of)
    lines = table("metric", "data sets", "mean rank, the best first (letters: not told apart)")
    for one in found:
        if one.kind == REAL and one.metric in {v.metric for v in evidence.headline}:
            ranked = ", ".join(
                f"{one.contestants[p]} {one.ranks.mean[p]:.1f} {one.letters[p]}" for p in one.order
            )
            lines.append(f"| `{one.metric}` | {len(one.datasets)} | {ranked} |")
    return "\n".join(lines)


def over_data_sets(evidence: Evidence) -> str:
    """Mean difference over real data sets, and what a new one would show."""
    lines = table(
        "metric",
        "data sets",
        "mean difference (95 %)",
        "largest margin",
        "on a new data set (95 %)",
    )
    for one in summaries(evidence.verdicts, evidence.kind_of):
        of = one.across
        if of.low is None or of.new_low is None:
            continue
        lines.append(
            f"| `{one.metric}` | {len(of.names)} | {of.mean:+.3g} ({of.low:+.3g} to {of.high:+.3g})"
            f" | {of.margin:.2g} | {of.new_low:+.3g} to {of.new_high:+.3g} |"
        )
    return "\n".join(lines)


def under_other_choices(evidence: Evidence) -> str:
    lines = table("choice", HEADING.strip("| "))
    rows = {
        words: counts(v for v in found if evidence.kind_of[v.dataset] == REAL)
        for words, found in _choices(evidence)
    }
    told = rows[AS_TOLD]
    alike = [w for w, said in rows.items() if w.startswith("without ") and said == told]
    if len(alike) > 1:
        rows = {w: said for w, said in rows.items() if w not in alike}
        left = ", ".join(w.removeprefix("without ") for w in alike)
        rows[f"without any one of {len(alike)} ({left})"] = told
    lines += [f"| {words} | {said} |" for words, said in rows.items()]
    lines.append(f"| without any one data set, least to most | {_without_a_set(evidence)} |")
    return "\n".join(lines)


def _choices(evidence: Evidence) -> Iterator[tuple[str, Sequence[Verdict]]]:
    yield AS_TOLD, evidence.headline
    units = [v for v in evidence.real if "(new " in v.dataset]
    if units:
        yield "split by rows alone", [v for v in evidence.headline if v not in units]
        yield "split by groups alone", units
    yield (
        "secondary metrics counted too",
        [v for v in evidence.verdicts if v.best and v.against == "best_simple"],
    )
    against = [v for v in evidence.verdicts if v.best and v.against == "reference"]
    yield (
        f"against {evidence.analysis.reference} alone",
        [v for v in against if not v.scored_by.secondary],
    )
    metrics = dict.fromkeys(v.metric for v in evidence.real)
    for metric in metrics if len(metrics) > 1 else ():
        yield f"without {metric}", [v for v in evidence.headline if v.metric != metric]
    for words, found in other_choices(evidence.records, evidence.verdicts, evidence.analysis):
        yield words, headline(found)


def _without_a_set(evidence: Evidence) -> str:
    """The least and the most of each standing when a data set is left out."""
    left = [
        Counter(v.standing for v in evidence.real if evidence.base_of[v.dataset] != name)
        for name in sorted({evidence.base_of[v.dataset] for v in evidence.real})
    ]
    ends = [(min(c[one] for c in left), max(c[one] for c in left)) for one in STANDINGS]
    return " | ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in ends)


def explained(every: Mapping[str, Evidence]) -> str:
    """Whether properties of data sets could be asked to explain n*: how many have one."""
    said, most = [], 0
    for suite in TASKS:
        if suite not in every:
            continue
        evidence = every[suite]
        found = evidence.sets(v for v in evidence.real if v.n_star is not None)
        most = max(most, found)
        said.append(f"{found} of {evidence.sets(evidence.real)} of `{suite}`")
    told = f"Real data sets with an n* by a primary metric: {', '.join(said)}."
    if most < FEWEST:
        told += (
            " That is too few for a regression of n* on properties of the data: even one property "
            f"would take {FEWEST}."
        )
    return told


def against_reference(evidence: Evidence) -> str:
    """How deep fares against the reference alone, on real data, and by which metrics it leads."""
    found = [
        v
        for v in evidence.verdicts
        if v.best and v.against == "reference" and not v.scored_by.secondary
        if evidence.kind_of[v.dataset] == REAL
    ]
    number = Counter(v.standing for v in found)
    said = ", ".join(f"{WORDS[one]} in {number[one]}" for one in STANDINGS)
    leads = [v for v in found if v.standing == "ahead"]
    where = ", ".join(f"`{v.dataset}` by `{v.metric}`" for v in leads)
    whole = f"Against `{evidence.analysis.reference}` alone: {said} of {len(found)}"
    return f"{whole} ({where})." if leads else f"{whole}."
