"""The answer in words: sentences that say what the verdict table holds, and nothing more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median

from omicsbench.metrics.base import METRICS
from omicsbench.spec import RunRecord, Status
from omicsbench.verdict import Against, Outcome, Verdict

RIVAL: dict[Against, str] = {
    "best_simple": "the best simple pipeline",
    "reference": "the reference",
}
NAMED = 5  # cases listed in one sentence; the table holds the others


def answer(verdicts: Sequence[Verdict], records: Sequence[RunRecord]) -> list[str]:
    """Sentences, the most important first: real omics data, then controls, then costs.

    Secondary metrics and controls of the deep side are not counted. One comparison is one
    (data set, metric, deep pipeline).
    """
    kinds = {r.spec.dataset: kind(r) for r in records}
    headline = [v for v in verdicts if not METRICS[v.metric].secondary and not v.is_control]
    real = [v for v in headline if kinds[v.dataset] == "real omics"]
    said: list[str] = []
    by_rival = {against: [v for v in real if v.against == against] for against in RIVAL}
    said += [_count(chosen, against) for against, chosen in by_rival.items() if chosen]
    others = [v for v in headline if kinds[v.dataset] != "real omics"]
    if not real:
        said.append(
            "These results hold no comparison of a deep with a simple pipeline on real omics "
            "data, so they give no answer for such data."
        )
        said += _controls(others, kinds)
        by_rival = {against: [v for v in others if v.against == against] for against in RIVAL}
    said += _where(by_rival["best_simple"] or by_rival["reference"])
    said += _disagreements(by_rival["best_simple"] or by_rival["reference"])
    shown = {v.dataset for v in real or others}
    said += _deep_controls([v for v in verdicts if v.is_control and v.dataset in shown])
    if real:
        said += _controls(others, kinds)
    said += _costs(real or headline, records)
    return said + _never_finished(records)


def kind(record: RunRecord) -> str:
    """``real omics``, ``simulated``, or ``real, not omics``."""
    if record.dataset_info.get("kind") == "simulated":
        return "simulated"
    return "real omics" if record.dataset_info.get("omics", True) else "real, not omics"


def outcome_counts(verdicts: Sequence[Verdict]) -> str:
    """For instance ``against the best simple pipeline ahead in 2, ... undecided in 1 of 8``."""
    against: Against = "best_simple"
    if not any(v.against == against for v in verdicts):
        against = "reference"
    outcomes = [v.outcome for v in verdicts if v.against == against]
    if not outcomes:
        return "no verdict"
    ahead = sum(o.ahead for o in outcomes)
    lost, open_ = outcomes.count(Outcome.NOT_REACHED), outcomes.count(Outcome.UNDECIDED)
    counts = f"ahead in {ahead}, not ahead in {lost}, undecided in {open_} of {len(outcomes)}"
    return f"against {RIVAL[against]} {counts}"


def _count(chosen: Sequence[Verdict], against: Against) -> str:
    low, high = min(v.smallest for v in chosen), max(v.largest for v in chosen)
    sets = _plural(len({v.dataset for v in chosen}), "real omics data set")
    outcomes = [v.outcome for v in chosen]
    ahead, total = sum(o.ahead for o in outcomes), len(chosen)
    sizes = f"{low:,} to {high:,}" if low < high else f"{low:,}"
    text = (
        f"Against {RIVAL[against]}, on {sets} with "
        f"{sizes} training samples, deep learning is ahead in {ahead} of {total} "
        f"comparisons, not ahead in {outcomes.count(Outcome.NOT_REACHED)}, and undecided in "
        f"{outcomes.count(Outcome.UNDECIDED)}."
    )
    few = sum(v.p_reached is None for v in chosen)
    reasons = Counter(v.reason for v in chosen if v.p_reached is None)
    why = f" ({reasons.most_common(1)[0][0]})" if reasons else ""
    return text + (f" In {few} of them there is too little for any claim{why}." if few else "")


def _where(chosen: Sequence[Verdict]) -> list[str]:
    """Which deep pipelines are ahead, on which data, and from which sizes."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for v in chosen:
        groups[v.deep, v.dataset].append(v)
    found = []
    for (deep, dataset), group in groups.items():
        ahead = [v for v in group if v.outcome.ahead]
        sizes = sorted({v.n_star for v in ahead if v.n_star})
        low = sorted({v.interval[0] for v in ahead if v.interval[0]})
        high = sorted({v.interval[1] for v in ahead if v.interval[1]})
        if sizes and low and high:
            spread = f"{sizes[0]:,}" + (f" to {sizes[-1]:,}" if len(sizes) > 1 else "")
            names = ", ".join(METRICS[v.metric].title for v in ahead)
            found.append(
                f"{deep} on {dataset} by {len(ahead)} of {_plural(len(group), 'metric')}"
                f"{f' ({names})' if len(ahead) <= 3 else ''}, from n = {spread} "
                f"(95 % intervals: {low[0]:,} to {high[-1]:,})"
            )
    return [f"Ahead are {_some(found)}."] if found else []


def _disagreements(verdicts: Sequence[Verdict]) -> list[str]:
    """Where a deep pipeline is ahead by some metrics and not by others, on the same data."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for v in verdicts:
        groups[v.deep, v.dataset].append(v)
    found: list[str] = []
    for (deep, dataset), group in groups.items():
        won = [METRICS[v.metric].title for v in group if v.outcome.ahead]
        lost = [METRICS[v.metric].title for v in group if v.outcome is Outcome.NOT_REACHED]
        if won and lost:
            found.append(
                f"{deep} on {dataset} is ahead by {_named(won)} and not ahead by {_named(lost)}"
            )
    return [f"Metrics disagree: {_some(found)}."] if found else []


def _named(titles: Sequence[str]) -> str:
    """The titles, or their number where they are many."""
    return ", ".join(titles) if len(titles) <= NAMED else f"{len(titles)} metrics"


def _deep_controls(verdicts: Sequence[Verdict]) -> list[str]:
    """What the deep side's own controls did, such as an autoencoder without non-linearity."""
    chosen = [v for v in verdicts if not METRICS[v.metric].secondary]
    return [
        f"{deep} is a control of the deep side and not counted above: "
        + outcome_counts([v for v in chosen if v.deep == deep])
        + "."
        for deep in dict.fromkeys(v.deep for v in chosen)
    ]


def _controls(verdicts: Sequence[Verdict], kinds: dict[str, str]) -> list[str]:
    parts = [
        f"{dataset} ({kinds[dataset]}): "
        + outcome_counts([v for v in verdicts if v.dataset == dataset])
        for dataset in dict.fromkeys(v.dataset for v in verdicts)
    ]
    if not parts:
        return []
    return [f"Apart from these, as controls and no evidence on omics data: {'; '.join(parts)}."]


def _costs(verdicts: Sequence[Verdict], records: Sequence[RunRecord]) -> list[str]:
    """Median fit times, in seconds, at the largest size at which both sides finished."""
    compared = {v.deep for v in verdicts}
    compared |= {d.simple for v in verdicts for d in v.differences if d.simple}
    datasets = {v.dataset for v in verdicts}
    times: dict[tuple[int, str, str], dict[str, list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    families: dict[str, str] = {}
    for r in records:
        spec = r.spec
        if r.status is Status.OK and spec.dataset in datasets and spec.pipeline in compared:
            families[spec.pipeline] = r.family
            times[spec.size, spec.dataset, spec.device][spec.pipeline].append(r.phases.fit_s)
    for (size, dataset, device), fits in sorted(times.items(), reverse=True):
        if {families[name] for name in fits} >= {"deep", "simple"}:
            listed = "; ".join(
                f"{family}: "
                + ", ".join(
                    f"{name} {seconds(median(values))}"
                    for name, values in sorted(fits.items())
                    if families[name] == family
                )
                for family in ("deep", "simple")
            )
            return [f"Median time of one fit on {dataset} at n = {size:,} ({device}): {listed}."]
    return []


def _never_finished(records: Sequence[RunRecord]) -> list[str]:
    runs: dict[tuple[str, str], Counter[Status]] = defaultdict(Counter)
    for r in records:
        if r.family == "deep":
            runs[r.spec.pipeline, r.spec.dataset][r.status] += 1
    return [
        f"{pipeline} finished no run on {dataset} "
        f"({', '.join(f'{n} {status.value}' for status, n in sorted(counts.items()))}), "
        "so no verdict on it is given there."
        for (pipeline, dataset), counts in sorted(runs.items())
        if not counts[Status.OK]
    ]


def seconds(value: float) -> str:
    """For instance ``0.012 s``, ``3.4 s``, ``1,210 s``."""
    return f"{value:,.0f} s" if value >= 100 else f"{value:.2g} s"


def _some(parts: Sequence[str]) -> str:
    more = f"; and {len(parts) - NAMED} more, in the table" if len(parts) > NAMED else ""
    return "; ".join(parts[:NAMED]) + more


def _plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
