"""The answer in words: sentences that say what the verdict table holds, and nothing more."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from omicsbench.records.machines import on_other_machines
from omicsbench.records.spec import Cause, RunRecord, Status
from omicsbench.reporting.elsewhere import sentences
from omicsbench.reporting.matrix import REAL, TASKS, best_against, counts, data_kinds, headline
from omicsbench.reporting.paragraph import RIVAL, paragraph
from omicsbench.verdict.equal_cost import seconds_of
from omicsbench.verdict.verdict import Verdict

NAMED = 5  # cases listed in one sentence; the table holds the others


def answer(verdicts: Sequence[Verdict], records: Sequence[RunRecord]) -> list[str]:
    """Sentences, the most important first: real omics data, then controls, then costs.

    Counted are all deep pipelines together, by each (data set, metric, output dimension, tuning);
    secondary metrics and controls of the deep side are not. Tasks are never counted together.
    """
    return in_one(answers(verdicts, records))


def in_one(found: Mapping[str, list[str]]) -> list[str]:
    """The sentences of all tasks, each with the name of its own where there are several."""
    if len(found) == 1:
        return next(iter(found.values()))
    return [f"{TASKS[task]}: {sentence}" for task, said in found.items() for sentence in said]


def answers(verdicts: Sequence[Verdict], records: Sequence[RunRecord]) -> dict[str, list[str]]:
    """The sentences of each task that the records hold."""
    found = {}
    for task in TASKS:
        own = [r for r in records if r.spec.task == task]
        if own:
            found[task] = _of_task([v for v in verdicts if v.task == task], own)
    return found


def _of_task(verdicts: Sequence[Verdict], records: Sequence[RunRecord]) -> list[str]:
    kind_of = data_kinds(records)
    chosen = headline(verdicts)
    real = [v for v in chosen if kind_of[v.dataset] == REAL]
    others = [v for v in chosen if kind_of[v.dataset] != REAL]
    shown = {v.dataset for v in real or others}
    if real:
        plain = [v for v in best_against(verdicts, "reference") if v.dataset in shown]
        against = plain if plain and real[0].against != "reference" else []
        said = paragraph(real, "real omics data set") + _reference(against)
        said += _controls(others, kind_of)
    else:
        said = [
            "These results hold no comparison of a deep with a simple pipeline on real omics "
            "data, so they give no answer for such data.",
            *_controls(others, kind_of),
            *paragraph(others, "other data set")[1:],
        ]
    said += _deep_controls([v for v in verdicts if v.is_control and v.dataset in shown])
    said += sentences(records)
    return said + _costs(real or others, records) + _never_finished(records)


def outcome_counts(verdicts: Sequence[Verdict]) -> str:
    """For instance ``against every simple pipeline deep ahead in 2, simple ahead in 1 ...``."""
    chosen = headline(verdicts)
    return f"against {RIVAL[chosen[0].against]} {counts(chosen)}" if chosen else "no verdict"


def _reference(plain: Sequence[Verdict]) -> list[str]:
    return [f"Against the reference alone: {counts(plain)}."] if plain else []


def _deep_controls(verdicts: Sequence[Verdict]) -> list[str]:
    """What the deep side's own controls did, such as an autoencoder without non-linearity."""
    chosen = [v for v in verdicts if not v.scored_by.secondary]
    said = []
    for deep in dict.fromkeys(v.deep for v in chosen):
        own = [v for v in chosen if v.deep == deep]
        own = [v for v in own if v.against == "best_simple"] or own
        said.append(f"{deep}: {counts(own)}")
    return [f"Controls of the deep side, not counted above: {_some(said)}."] if said else []


def _controls(verdicts: Sequence[Verdict], kind_of: dict[str, str]) -> list[str]:
    parts = [
        f"{dataset} ({kind_of[dataset]}): " + counts([v for v in verdicts if v.dataset == dataset])
        for dataset in dict.fromkeys(v.dataset for v in verdicts)
    ]
    if not parts:
        return []
    return [f"Apart from these, as controls and no evidence on omics data: {'; '.join(parts)}."]


def _costs(verdicts: Sequence[Verdict], records: Sequence[RunRecord]) -> list[str]:
    """Median seconds of those compared, at the largest size at which both sides finished."""
    compared = {
        (v.tuning, name)
        for v in verdicts
        for d in v.differences
        for name in (d.deep, d.simple)
        if name
    }
    datasets = {v.dataset for v in verdicts}
    times: dict[tuple[int, str, str], dict[tuple[str, str], list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    apart = on_other_machines(records)
    for r in records:
        spec = r.spec
        own = (spec.tuned_as, spec.pipeline)
        timed = r.contamination is None and r.key not in apart
        if r.status is Status.OK and spec.dataset in datasets and own in compared and timed:
            at = times[spec.size, spec.dataset, spec.device]
            at[r.family, spec.label].append(seconds_of(r))
    for (size, dataset, device), runs in sorted(times.items(), reverse=True):
        if {family for family, _ in runs} >= {"deep", "simple"}:
            listed = "; ".join(
                f"{family}: "
                + _some(
                    [
                        f"{name} {seconds(median(values))}"
                        for (of, name), values in sorted(runs.items())
                        if of == family
                    ],
                    ", ",
                )
                for family in ("deep", "simple")
            )
            return [
                f"Median time of one run (fit, transform and any search) on {dataset} at "
                f"n = {size:,} ({device}): {listed}."
            ]
    return []


def _never_finished(records: Iterable[RunRecord]) -> list[str]:
    runs: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for r in records:
        if r.family == "deep":
            ended = "set aside" if r.cause is Cause.SET_ASIDE else r.status.value
            runs[r.spec.label, r.spec.dataset][ended] += 1
    said = [
        f"{pipeline} on {dataset} ({', '.join(f'{n} {end}' for end, n in sorted(counts.items()))})"
        for (pipeline, dataset), counts in sorted(runs.items())
        if not counts[Status.OK.value]
    ]
    return [f"No run finished, and so no verdict is given, of {_some(said)}."] if said else []


def seconds(value: float) -> str:
    """For instance ``<0.001 s``, ``0.012 s``, ``3.4 s``, ``1,210 s``."""
    if value < 0.001:
        return "<0.001 s"
    return f"{value:,.0f} s" if value >= 100 else f"{value:.2g} s"


def _some(parts: Sequence[str], between: str = "; ") -> str:
    more = f"{between}and {len(parts) - NAMED} more" if len(parts) > NAMED else ""
    return between.join(parts[:NAMED]) + more
