"""The figures of docs/answer.md, from the committed records alone.

    python tests/experiments/answer_page.py            # prints the tables
    python tests/experiments/answer_page.py --write    # and puts them into docs/answer.md

Each table stands between two marks with its name. What is not committed yet is left as it is.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from statistics import mean, median, stdev

from into_docs import put

from omicsbench.records.packed import PACKED_FILE
from omicsbench.records.planned import planned_records, read_analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.reporting.across_datasets import summaries
from omicsbench.reporting.matrix import KINDS, REAL, STANDINGS, WORDS, data_kinds, headline
from omicsbench.verdict.curves import fields
from omicsbench.verdict.equal_cost import cpu_seconds_of
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import recommendations
from omicsbench.verdict.sensitivity import other_choices
from omicsbench.verdict.standings import standings
from omicsbench.verdict.verdict import Standing, Verdict

ROOT = Path(__file__).parents[2]
PAGE, README = ROOT / "docs" / "answer.md", ROOT / "README.md"
IN_README = ("answer in short", "predict in short")
SUITES = ("answer", "tuned", "predict", "regress", "batch", "integrate", "atlas", "million")
ADVISED = ("answer", "predict", "regress")  # tasks of which a reader has one to do
HEADING = f"| {' | '.join(WORDS.values())} |"
# What the lecture shows, by the suite that runs it.
LECTURE = {
    "answer": ("autoencoder(10, depth=2)",),
    "integrate": (
        "original_cite_seq(10)",
        "original_scnmt(10)",
        "multimodal_autoencoder(10)",
        "multimodal_autoencoder(10) > tsne",
        "multimodal_autoencoder(10) > umap",
    ),
    "predict": ("conv_net(image=(8, 8))", "bayesian_mlp"),
}
TRUTH, HELD_OUT = "latent_r2", " (hold-out)"
FEWEST = 10  # data sets with an n*, below which no property of data can be held to explain it


class Evidence:
    """The records of one suite and what is said of them."""

    def __init__(self, folder: Path) -> None:
        self.records = planned_records(folder)[0]
        self.analysis = read_analysis(folder)
        self.verdicts = verdicts(self.records, self.analysis)

    @cached_property
    def kind_of(self) -> Mapping[str, str]:
        return data_kinds(self.records)

    @cached_property
    def base_of(self) -> Mapping[str, str]:
        """The data set itself, be it split in several ways or with something held out."""
        return {r.spec.dataset: r.dataset_info.name for r in self.records}

    @cached_property
    def headline(self) -> list[Verdict]:
        return headline(self.verdicts)

    @property
    def real(self) -> list[Verdict]:
        return [v for v in self.headline if self.kind_of[v.dataset] == REAL]

    @property
    def done(self) -> list[RunRecord]:
        return [r for r in self.records if r.status is Status.OK]


def tables(results: Path) -> dict[str, str]:
    """Every table by its name, of the suites that have records."""
    made: dict[str, str] = {}
    every: dict[str, Evidence] = {}
    for suite in SUITES:
        if not (results / suite / PACKED_FILE).is_file():
            continue
        every[suite] = evidence = Evidence(results / suite)
        made[f"{suite} in short"] = in_short(evidence)
        made[f"{suite} by data set"] = by_data_set(evidence)
        made[f"{suite} claims"] = claims(evidence.headline)
        made[f"{suite} runs"] = runs(evidence)
        if suite in ADVISED:
            made[f"{suite} to use"] = to_use(evidence)
        if suite == "answer":
            made["who is ahead"] = who_is_ahead(evidence)
            made["over data sets"] = over_data_sets(evidence)
            made["other choices"] = under_other_choices(evidence)
            made["secondary claims"] = by_secondary(evidence)
            made["meta-regression"] = explained(evidence)
        if suite == "atlas":
            made["atlas truth"] = against_the_truth(evidence)
    made["lecture"] = of_the_lecture(every)
    return made


def in_short(evidence: Evidence) -> str:
    """One sentence of the real data sets; of the others where there are none."""
    chosen = evidence.real or evidence.headline
    found = Counter(v.standing for v in chosen)
    sets = len({evidence.base_of[v.dataset] for v in chosen})
    said = ", ".join(f"{WORDS[one]} in {found[one]}" for one in STANDINGS)
    kind = "real omics data" if evidence.real else "other data"
    of = f"{sets} set{'s'[: sets != 1]} of {kind}"
    return f"On {of}: {said} of {len(chosen)} comparisons."


def by_data_set(evidence: Evidence) -> str:
    rows: dict[tuple[int, str], list[Verdict]] = defaultdict(list)
    for v in evidence.headline:
        rows[KINDS.index(evidence.kind_of[v.dataset]), v.dataset].append(v)
    lines = [f"| data set | kind | n {HEADING}", "|---" * 7 + "|"]
    for (kind, name), own in sorted(rows.items()):
        found = Counter(v.standing for v in own)
        sizes = f"{min(v.smallest for v in own):,} to {max(v.largest for v in own):,}"
        counts = " | ".join(str(found[one]) for one in STANDINGS)
        lines.append(f"| `{name}` | {KINDS[kind]} | {sizes} | {counts} |")
    return "\n".join(lines)


def claims(chosen: Iterable[Verdict]) -> str:
    """Every claim that a side is ahead or that both are equal, with its interval and q."""
    lines = [
        "| data set | metric | claim | at n | difference (interval) | margin | q |",
        "|---" * 7 + "|",
    ]
    for v in sorted(chosen, key=lambda v: (STANDINGS.index(v.standing), v.dataset, v.metric)):
        if v.standing == "open":
            continue
        claim = WORDS[v.standing]
        if v.outcome.ahead:
            claim += f" from n = {v.n_star:,} ({' to '.join(v.ends)})"
        last = v.last
        lines.append(
            f"| `{v.dataset}` | `{v.metric}` | {claim} | {v.largest:,} | "
            f"{last.mean:+.3g} ({last.low:+.3g} to {last.high:+.3g}) | {v.margin:.2g} | {v.q:.2g} |"
        )
    return "\n".join(lines) if len(lines) > 2 else "No claim is made; every comparison is open."


def runs(evidence: Evidence) -> str:
    """How many runs, how they ended, what they cost, and how many trainings were cut off."""
    ends = Counter(r.status.value for r in evidence.records)
    said = ", ".join(f"{n:,} {status}" for status, n in ends.most_common())
    cost: dict[str, list[float]] = defaultdict(list)
    for r in evidence.done:
        if not r.is_control and (seconds := cpu_seconds_of(r)) is not None:
            cost[r.family].append(seconds)
    times = ", ".join(f"{kind} {median(own):.2g} s" for kind, own in sorted(cost.items()))
    stages = [s for r in evidence.done for s in r.fit_info.values() if "stopped_early" in s]
    cut = sum(not stage["stopped_early"] for stage in stages)
    return (
        f"{len(evidence.records):,} runs ({said}); median CPU time of a run: {times}; "
        f"{cut:,} of {len(stages):,} trainings that could stop early ended by their budget."
    )


def to_use(evidence: Evidence) -> str:
    """The cheapest contestant that nothing is shown to beat, of each real data set."""
    lines = [
        "| data set | n | use | for one purpose alone | cheapest deep run, times as dear |",
        "|---" * 5 + "|",
    ]
    for one in recommendations(evidence.records, evidence.analysis):
        if evidence.kind_of[one.dataset] != REAL or not one.overall.pipeline:
            continue
        use = f"`{one.overall.pipeline}`"
        if not one.overall.clear:
            use += f" (beaten by {', '.join(f'`{name}`' for name in one.overall.beaten_by)})"
        other = [
            f"{purpose}: `{pick.pipeline}`"
            for purpose, pick in one.purposes.items()
            if pick.clear and pick.pipeline != one.overall.pipeline
        ]
        deep = one.of("deep")
        times = one.times(deep[0], one.overall.pipeline) if deep else None
        dear = f"{float(f'{times:.2g}'):,.0f}" if times else ""
        lines.append(f"| `{one.dataset}` | {one.size:,} | {use} | {'; '.join(other)} | {dear} |")
    return "\n".join(lines)


def who_is_ahead(evidence: Evidence) -> str:
    """Mean rank over data sets, and the letters of groups that cannot be told apart."""
    found = standings(fields(evidence.records, evidence.analysis), evidence.kind_of)
    lines = ["| metric | data sets | mean rank, the best first (letters: not told apart) |"]
    lines.append("|---|---|---|")
    for one in found:
        if one.kind == REAL and one.metric in {v.metric for v in evidence.headline}:
            ranked = ", ".join(
                f"{one.contestants[p]} {one.ranks.mean[p]:.1f} {one.letters[p]}" for p in one.order
            )
            lines.append(f"| `{one.metric}` | {len(one.datasets)} | {ranked} |")
    return "\n".join(lines)


def over_data_sets(evidence: Evidence) -> str:
    """Mean difference over real data sets, and what a new one would show."""
    lines = ["| metric | data sets | mean difference (95 %) | on a new data set (95 %) |"]
    lines.append("|---" * 4 + "|")
    for one in summaries(evidence.verdicts, evidence.kind_of):
        of = one.across
        if of.low is None or of.new_low is None:
            continue
        lines.append(
            f"| `{one.metric}` | {len(of.names)} | {of.mean:+.3g} ({of.low:+.3g} to {of.high:+.3g})"
            f" | {of.new_low:+.3g} to {of.new_high:+.3g} |"
        )
    return "\n".join(lines)


def under_other_choices(evidence: Evidence) -> str:
    lines = [f"| choice {HEADING}", "|---" * 5 + "|"]
    for words, found in _choices(evidence):
        counted = Counter(v.standing for v in found if evidence.kind_of[v.dataset] == REAL)
        lines.append(f"| {words} | {' | '.join(str(counted[one]) for one in STANDINGS)} |")
    return "\n".join(lines)


def _choices(evidence: Evidence) -> Iterator[tuple[str, Sequence[Verdict]]]:
    yield "as frozen", evidence.headline
    units = [v for v in evidence.headline if "(new " in v.dataset]
    yield "new samples alone", [v for v in evidence.headline if v not in units]
    yield "new subjects or studies alone", units
    yield (
        "secondary metrics counted too",
        [v for v in evidence.verdicts if v.best and v.against == "best_simple"],
    )
    against = [v for v in evidence.verdicts if v.best and v.against == "reference"]
    yield (
        f"against {evidence.analysis.reference} alone",
        [v for v in against if not v.scored_by.secondary],
    )
    for words, found in other_choices(evidence.records, evidence.verdicts, evidence.analysis):
        yield words, headline(found)


def by_secondary(evidence: Evidence) -> str:
    """By which secondary metrics a side would be ahead on real data, and on how many data sets."""
    ahead: dict[Standing, Counter[str]] = {"ahead": Counter(), "behind": Counter()}
    for v in evidence.verdicts:
        secondary = v.best and v.against == "best_simple" and v.scored_by.secondary
        if secondary and v.standing in ahead and evidence.kind_of[v.dataset] == REAL:
            ahead[v.standing][v.metric] += 1
    said = [
        f"{WORDS[side]} by " + ", ".join(f"`{name}` ({n})" for name, n in own.most_common())
        for side, own in ahead.items()
        if own
    ]
    return f"By secondary metrics (number of data sets): {'; '.join(said) or 'nobody is ahead'}."


def of_the_lecture(every: Mapping[str, Evidence]) -> str:
    """Each of the lecture's contestants alone, against all simple ones, on real data."""
    lines = [f"| contestant | suite {HEADING}", "|---" * 6 + "|"]
    for suite, names in LECTURE.items():
        evidence = every.get(suite)
        for name in names if evidence else ():
            counted = Counter(
                v.standing
                for v in evidence.verdicts
                if v.deep == name
                and not v.best
                and v.against == "best_simple"
                and not v.scored_by.secondary
                and evidence.kind_of[v.dataset] != "simulated"
            )
            counts = " | ".join(str(counted[one]) for one in STANDINGS)
            lines.append(f"| `{name}` | `{suite}` | {counts} |")
    return "\n".join(lines)


def against_the_truth(evidence: Evidence) -> str:
    """How much of the true coordinates each contestant holds at the largest n, the best first."""
    largest = max(r.spec.size for r in evidence.done)
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for r in evidence.done:
        if r.spec.size == largest and TRUTH in r.scores and r.family != "control":
            found[r.spec.pipeline][r.spec.dataset.removesuffix(HELD_OUT)].append(r.scores[TRUTH])
    sets = sorted({name for own in found.values() for name in own})
    order = sorted(found, key=lambda name: -mean(found[name][sets[0]]))
    lines = [f"| contestant | {' | '.join(f'`{name}`' for name in sets)} |"]
    lines.append("|---" * (len(sets) + 1) + "|")
    for name in order:
        cells = (f"{mean(v):.3f} ± {stdev(v):.3f}" for v in (found[name][one] for one in sets))
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def explained(evidence: Evidence) -> str:
    """Whether properties of data sets could be asked to explain n*: how many have one."""
    sets = {evidence.base_of[v.dataset] for v in evidence.real if v.n_star is not None}
    every = {evidence.base_of[v.dataset] for v in evidence.real}
    if len(sets) < FEWEST:
        return (
            f"An n* was found on {len(sets)} of {len(every)} real data sets. That is too few for a "
            f"regression of n* on properties of the data: even one property would take {FEWEST}."
        )
    return f"An n* was found on {len(sets)} of {len(every)} real data sets."


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=ROOT / "results")
    parser.add_argument("--write", action="store_true", help="into docs/answer.md")
    options = parser.parse_args()
    for name, table in tables(options.results).items():
        print(f"## {name}\n\n{table}\n")
        if options.write:
            put(PAGE, name, table)
            if name in IN_README:
                put(README, name, table)
