"""From the evidence to advice for n samples of a kind of data, never more than it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from omicsbench.advice.evidence import AtSize, Case, Evidence, Showing
from omicsbench.records.table import base_name
from omicsbench.reporting.answer import seconds
from omicsbench.reporting.matrix import REAL, TASKS, WORDS

CERTAIN = 0.05  # q up to which a claim is told as shown
FEW = 3  # data sets below which nothing is said of others
MEASURE = "omicsbench advise YOUR_FILE --measure runs a small suite on your own data."


@dataclass(frozen=True)
class Question:
    """What is asked: ``values`` are as data sets state them (counts, log ...); None is any."""

    n: int
    task: str
    values: str | None = None

    def __str__(self) -> str:
        kind = f" of {self.values} data" if self.values else ""
        return f"{TASKS[self.task]}, n = {self.n:,}{kind}"


@dataclass(frozen=True)
class Advice:
    """The answer in sentences; ``known`` tells whether the evidence holds any."""

    question: Question
    sentences: tuple[str, ...]
    known: bool


def advise(evidence: Evidence, question: Question) -> Advice:
    """What the evidence says, from real omics data alone; simulated data are told of apart."""
    task = [case for case in evidence.cases if case.task == question.task]
    real = [case for case in task if case.kind == REAL]
    alike = [case for case in real if question.values in (None, case.values)]
    within = [case for case in alike if case.at(question.n)]
    if not within:
        return Advice(question, tuple(_nothing(question, real, alike)), known=False)
    said: list[str] = []
    for terms in sorted({_terms(case) for case in within}):
        own = [case for case in within if _terms(case) == terms]
        for purpose in sorted({p for case in own for p in _at(case, question).use}):
            said.append(_sentence(purpose, terms, own, question))
    said += _costs(within, question)
    said += _limits(within, alike, question)
    others = [case for case in task if case.kind != REAL and case.at(question.n)]
    if others:
        names = ", ".join(sorted({case.dataset for case in others}))
        said.append(f"Left out, as no evidence on omics data: {names}.")
    return Advice(question, tuple(said), known=True)


def _nothing(question: Question, real: Sequence[Case], alike: Sequence[Case]) -> Iterator[str]:
    if alike:
        least = min(case.sizes[0].n for case in alike)
        names = _names(alike)
        yield (
            f"The evidence says nothing of n = {question.n:,}: the smallest size tried on such "
            f"data is {least:,} ({names})."
        )
    else:
        kinds = ", ".join(sorted({case.values for case in real})) or "none"
        what = f"real {question.values} data" if question.values else "real omics data"
        yield (
            f"The evidence holds no comparison of deep with simple pipelines on {what} for this "
            f"purpose; kinds of data that it has some on: {kinds}."
        )
    yield MEASURE


def _terms(case: Case) -> tuple[str, int]:
    return case.tuning, -(case.output_dim or 0)


def _at(case: Case, question: Question) -> AtSize:
    at = case.at(question.n)
    assert at is not None  # those without were left out
    return at


def _sentence(
    purpose: str, terms: tuple[str, int], cases: Sequence[Case], question: Question
) -> str:
    """What to use for a purpose, and what is known of deep learning there."""
    tuning, dim = terms
    where = "; ".join([*([f"{-dim}-D"] if dim else []), tuning or "at defaults"])
    use: dict[str, list[str]] = {}
    for case in cases:
        at = _at(case, question)
        if purpose in at.use:
            name = at.use[purpose] or "none: each is beaten by another"
            name += f" on {at.trained_on[name]:,} samples" if name in at.trained_on else ""
            use.setdefault(name, []).append(f"{case.dataset} (n = {at.n:,})")
    named = "; ".join(f"{name} on {', '.join(on)}" for name, on in use.items())
    found = [(case, f) for case in cases for f in case.findings if f.purpose == purpose]
    return (
        f"{purpose.capitalize()} ({where}): the cheapest that nothing was shown to beat is "
        f"{named}. {_deep(found, question.n)}"
    )


def _deep(found: Sequence[tuple[Case, Showing]], n: int) -> str:
    counts = Counter(f.standing for _, f in found)
    told = ", ".join(f"{WORDS[name]} in {counts[name]}" for name in WORDS)
    reach = f"{min(f.smallest for _, f in found):,} to {max(f.largest for _, f in found):,}"
    said = [f"Deep learning against all simple ones, n = {reach}: {told} of {len(found)}."]
    ahead = [(case, f) for case, f in found if f.standing == "ahead" and (f.q or 0) <= CERTAIN]
    for case, f in ahead:
        high = "not reached" if f.high is None else f"{f.high:,}"
        low = f"{f.low:,}" if f.low is not None else "not reached"
        worth = "worth trying" if f.n_star is not None and f.n_star <= n else "not yet at your n"
        said.append(
            f"On {case.dataset} by {f.title} {f.deep} is ahead from n = {f.n_star or 0:,} "
            f"(95 % interval {low} to {high}): {worth}."
        )
    if not ahead:
        said.append("Nowhere there is it shown to be worth trying.")
    repeats = [f.needed for _, f in found if f.needed]
    if repeats:
        said.append(f"{len(repeats)} open would need {min(repeats)} repeats or more.")
    return " ".join(said)


def _costs(cases: Sequence[Case], question: Question) -> Iterator[str]:
    """What deep learning costs, on the data set that was tried at the size nearest to n."""
    written = [case for case in cases if not case.tuning] or list(cases)
    case = max(written, key=lambda case: (_at(case, question).n, case.dataset))
    at = _at(case, question)
    families = {
        family: [s for name, s in at.seconds.items() if case.families[name] == family]
        for family in ("simple", "deep")
    }
    if not all(families.values()):
        return
    spans = {family: f"{seconds(min(of))} to {seconds(max(of))}" for family, of in families.items()}
    times = min(families["deep"]) / max(min(families["simple"]), 1e-4)
    yield (
        f"Cost of one run on {case.dataset} at n = {at.n:,} ({case.device}): simple "
        f"{spans['simple']}, deep {spans['deep']}; the cheapest deep one takes {times:,.0f} times "
        "the cheapest simple one."
    )


def _limits(within: Sequence[Case], alike: Sequence[Case], question: Question) -> Iterator[str]:
    """What the evidence is, and what it does not hold."""
    names = {case.dataset for case in within}
    sets = len({base_name(name) for name in names})
    yield f"From {sets} real data set{'s'[: sets != 1]}: {_names(within)}."
    if sets < FEW:
        yield f"Fewer than {FEW} data sets are cases, not a rule: yours may differ. {MEASURE}"
    if question.values is None:
        kinds = ", ".join(sorted({case.values for case in within}))
        yield f"They hold {kinds}; --kind asks for one kind alone."
    computed = sorted({case.dataset for case in within if case.provenance == "computed"})
    if computed:
        yield f"Labels of {', '.join(computed)} were computed by clustering, which favours PCA."
    largest = max(case.largest for case in within)
    if question.n > largest:
        yield f"Nothing was tried beyond n = {largest:,}; at your n it may be otherwise."
    above = sorted({case.dataset for case in alike} - names)
    if above:
        yield f"{', '.join(above)} were tried at larger sizes only."


def _names(cases: Iterable[Case]) -> str:
    reach: dict[str, list[str]] = {}
    for case in cases:
        said = f"suite {case.suite}, n = {case.sizes[0].n:,} to {case.largest:,}"
        if said not in reach.setdefault(case.dataset, []):
            reach[case.dataset].append(said)
    return "; ".join(f"{name} ({'; '.join(said)})" for name, said in sorted(reach.items()))
