"""Tables of docs/answer.md about one suite."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from statistics import mean, median, stdev

from answer_evidence import HEADING, Evidence, counts, difference, scores_by, table

from omicsbench.metrics import METRICS
from omicsbench.records.spec import Cause, RunRecord
from omicsbench.reporting.matrix import KINDS, REAL, STANDINGS, WORDS
from omicsbench.verdict.choose import sign
from omicsbench.verdict.equal_cost import cpu_seconds_of
from omicsbench.verdict.recommend import Recommendation
from omicsbench.verdict.verdict import Standing, Verdict

CERTAIN = 0.05  # a q up to which a claim is as sure as its own level says
MAIN = {
    "embed": "held_out_features",
    "predict": "balanced_accuracy",
    "regress": "r2",
}  # by task, the metric whose means stand beside what to use
TRUTH, HELD_OUT = "latent_r2", " (hold-out)"


def in_short(evidence: Evidence) -> str:
    """One sentence of the real data sets; of the others where there are none."""
    chosen = evidence.real or evidence.headline
    found = Counter(v.standing for v in chosen)
    sets = evidence.sets(chosen)
    said = ", ".join(f"{WORDS[one]} in {found[one]}" for one in STANDINGS)
    kind = "real omics data" if evidence.real else "other data"
    settled = [v for v in chosen if v.standing != "open"]
    of_them = f" Of the {len(settled)} settled, {_sure(settled)} have a q of at most {CERTAIN:g}."
    return (
        f"On {sets} set{'s'[: sets != 1]} of {kind}: {said} of {len(chosen)} comparisons."
        f"{of_them if settled else ''}"
    )


def summary(every: Mapping[str, Evidence], purposes: Mapping[str, str]) -> str:
    """Every purpose, a row each: comparisons on real data at the largest n."""
    lines = table(
        "purpose",
        "suite",
        "sets",
        "largest n",
        HEADING.strip("| "),
        f"q ≤ {CERTAIN:g}",
    )
    for suite, purpose in purposes.items():
        if not (own := every[suite].real if suite in every else []):
            continue
        sizes = sorted(v.largest for v in own)
        said = f"{sizes[0]:,} to {sizes[-1]:,}"
        lines.append(
            f"| {purpose} | `{suite}` | {every[suite].sets(own)} | {said} | {counts(own)} | "
            f"{_sure(own)} |"
        )
    return "\n".join(lines)


def _sure(chosen: Iterable[Verdict]) -> int:
    return sum(v.standing != "open" and v.q is not None and v.q <= CERTAIN for v in chosen)


def by_data_set(evidence: Evidence) -> str:
    rows: dict[tuple[int, str], list[Verdict]] = defaultdict(list)
    for v in evidence.headline:
        rows[KINDS.index(evidence.kind_of[v.dataset]), v.dataset].append(v)
    lines = table("data set", "kind", "n", HEADING.strip("| "))
    for (kind, name), own in sorted(rows.items()):
        ends = min(v.smallest for v in own), max(v.largest for v in own)
        sizes = " to ".join(f"{size:,}" for size in dict.fromkeys(ends))
        lines.append(f"| `{name}` | {KINDS[kind]} | {sizes} | {counts(own)} |")
    return "\n".join(lines)


def claims(evidence: Evidence) -> str:
    """Every claim that a side is ahead or that both are equal, with its interval and q."""
    lines = table("data set", "metric", "claim", "at n", "difference (interval)", "margin", "q")
    for v in sorted(evidence.headline, key=_rank):
        if v.standing == "open":
            continue
        claim = WORDS[v.standing]
        if v.outcome.ahead:
            claim += f" from n = {v.n_star:,} ({' to '.join(v.ends)})"
        lines.append(
            f"| {_where(evidence, v)} | `{v.metric}` | {claim} | {v.largest:,} | "
            f"{difference(v.last)} | {v.margin:.2g} | {v.q:.2g} |"
        )
    return "\n".join(lines) if len(lines) > 2 else "No claim is made; every comparison is open."


def claims_as_frozen(evidence: Evidence) -> str:
    """The claims of the contestants of the frozen protocol alone."""
    added = ", ".join(f"`{name}`" for name in evidence.added)
    if not added:
        return "Every contestant is of the frozen protocol."
    return f"Without {added}, which came after the freeze:\n\n{claims(evidence.of_the_frozen)}"


def left_open(evidence: Evidence) -> str:
    """Every open comparison on real data: how far either side may still be ahead."""
    lines = table(
        "data set", "metric", "n", "difference (interval)", "margin", "repeats that would tell"
    )
    for v in sorted(evidence.real, key=_rank):
        if v.standing == "open":
            needed = f"{v.needed:,}" if v.needed else ""
            lines.append(
                f"| {_where(evidence, v)} | `{v.metric}` | {v.largest:,} | {difference(v.last)} | "
                f"{v.margin:.2g} | {needed} |"
            )
    return "\n".join(lines) if len(lines) > 2 else "Nothing is open."


def _rank(v: Verdict) -> tuple[int, str, str, int]:
    return STANDINGS.index(v.standing), v.dataset, v.metric, v.output_dim or 0


def _where(evidence: Evidence, v: Verdict) -> str:
    """The data set, with the dimension where the suite asks for several."""
    several = len({other.output_dim for other in evidence.headline}) > 1
    return f"`{v.dataset}`" + (f", {v.output_dim} dimensions" if several else "")


def runs(evidence: Evidence) -> str:
    """How many runs, how they ended, what they cost, and which trainings were cut off."""
    ends = Counter(r.status.value for r in evidence.records)
    said = ", ".join(f"{n:,} {status}" for status, n in ends.most_common())
    cost: dict[str, list[float]] = defaultdict(list)
    for r in evidence.done:
        if not r.is_control and (seconds := cpu_seconds_of(r)) is not None:
            cost[r.family].append(seconds)
    times = ", ".join(f"{kind} {median(own):.2g} s" for kind, own in sorted(cost.items()))
    cut = sum(n for n, _ in evidence.cut_off.values())
    every = sum(n for _, n in evidence.cut_off.values())
    aside = Counter(r.reason for r in evidence.records if r.cause is Cause.SET_ASIDE)
    why = "".join(f"; {n:,} {reason}" for reason, n in aside.most_common())
    whose = [f"`{name}` {n:,}" for name, (n, _) in sorted(evidence.cut_off.items()) if n]
    return (
        f"{len(evidence.records):,} runs ({said}{why}); median CPU time of a run: {times}; "
        f"{cut:,} of {every:,} trainings that could stop early ended by their budget"
        f"{': ' * bool(whose)}{', '.join(whose)}."
    )


def to_use(evidence: Evidence) -> str:
    """The cheapest contestant that nothing is shown to beat, of each real data set."""
    main = MAIN[evidence.recommended[0].task]
    lines = table(
        "data set",
        "n",
        "the cheapest that nothing is shown to beat",
        f"mean `{main}`: its own; best simple; best deep",
        "CPU time of one run: its own; cheapest deep",
    )
    for one in evidence.recommended:
        use = f"`{one.named(one.overall.pipeline)}`"
        if not one.overall.clear:
            use += f" (all are beaten by a metric, it by {', '.join(one.overall.beaten_by)} alone)"
        lines.append(
            f"| `{one.dataset}` | {one.size:,} | {use} | {_scores(evidence, one, main)} | "
            f"{_costs(one)} |"
        )
    return "\n".join(lines)


def _scores(evidence: Evidence, one: Recommendation, metric: str) -> str:
    def told_of(r: RunRecord) -> bool:
        at = one.trained_on.get(r.spec.pipeline, one.size)
        terms = r.spec.dataset, r.spec.task, r.spec.size, r.spec.tuning
        return r.spec.pipeline in one.families and terms == (one.dataset, one.task, at, None)

    found = scores_by(filter(told_of, evidence.done), metric, lambda r: r.spec.pipeline)
    means = {name: mean(own) for name, own in found.items()}
    if one.overall.pipeline not in means:
        return ""
    said = [f"{means[one.overall.pipeline]:.3f}"]
    for family in ("simple", "deep"):
        own = {name: means[name] for name in one.of(family) if name in means}
        if own:
            best = max(own, key=lambda name: sign(METRICS[metric]) * own[name])
            said.append(f"{own[best]:.3f} (`{best}`)")
    return "; ".join(said)


def _costs(one: Recommendation) -> str:
    deep = one.of("deep")
    names = [one.overall.pipeline, *deep[:1]]
    return "; ".join(f"{s:.2g} s" for n in names if (s := one.seconds.get(n)) is not None)


def by_secondary(evidence: Evidence) -> str:
    """By which secondary metrics a side would be ahead on real data, and on how many data sets."""
    ahead: dict[Standing, dict[str, list[Verdict]]] = {
        "ahead": defaultdict(list),
        "behind": defaultdict(list),
    }
    for v in evidence.verdicts:
        secondary = v.best and v.against == "best_simple" and v.scored_by.secondary
        if secondary and v.standing in ahead and evidence.kind_of[v.dataset] == REAL:
            ahead[v.standing][v.metric].append(v)
    said = [
        f"{WORDS[side]} by "
        + ", ".join(
            f"`{name}` ({evidence.sets(found)})"
            for name, found in sorted(own.items(), key=lambda at: (-evidence.sets(at[1]), at[0]))
        )
        for side, own in ahead.items()
        if own
    ]
    return f"By secondary metrics (number of data sets): {'; '.join(said) or 'nobody is ahead'}."


def reconstructed(evidence: Evidence) -> str:
    """On which real data deep reconstructs the values themselves better, and from which n."""
    found = [
        v
        for v in evidence.verdicts
        if v.best and v.against == "best_simple" and v.metric == "reconstruction_r2"
        if v.n_star is not None and evidence.kind_of[v.dataset] == REAL
    ]
    return _listed(found) or "On no data set."


def _listed(found: Iterable[Verdict]) -> str:
    lines = table("data set", "deep ahead from n", "at n", "difference (interval)", "margin")
    for v in sorted(found, key=_rank):
        lines.append(
            f"| `{v.dataset}` | {v.n_star:,} ({' to '.join(v.ends)}) | {v.largest:,} | "
            f"{difference(v.last)} | {v.margin:.2g} |"
        )
    return "\n".join(lines) if len(lines) > 2 else ""


def against_the_truth(evidence: Evidence) -> str:
    """How much of the true coordinates each contestant holds at the largest n, the best first."""
    largest = max(r.spec.size for r in evidence.done)
    at_largest = (r for r in evidence.contestants if r.spec.size == largest)
    found = scores_by(at_largest, TRUTH, lambda r: (r.spec.pipeline, r.spec.dataset))
    sets = sorted({dataset for _, dataset in found})
    names = {name for name, _ in found}
    lines = table("contestant", *(f"`{one.removesuffix(HELD_OUT)}`" for one in sets))
    for name in sorted(names, key=lambda name: -mean(found[name, sets[0]])):
        cells = (f"{mean(v):.3f} ± {stdev(v):.3f}" for v in (found[name, one] for one in sets))
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)
