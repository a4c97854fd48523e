"""The matrix in plain words: every number in these sentences is a count of its cells."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from omicsbench.reporting.matrix import WORDS, Column, counts
from omicsbench.stats.crossover import ALPHA
from omicsbench.stats.discoveries import expected_by_chance
from omicsbench.verdict.verdict import Against, Standing, Verdict

RIVAL: dict[Against, str] = {
    "best_simple": "every simple pipeline",
    "reference": "the reference",
}
NAMED = 5  # metrics listed by name; the matrix holds the others
SHOWN: tuple[Standing, ...] = ("ahead", "behind", "equal")
FEW = 5  # comparisons, of which chance is not spoken


def paragraph(cells: Sequence[Verdict], noun: str) -> list[str]:
    """Sentences on the cells of a matrix; ``noun`` is what its data are, such as real omics."""
    if not cells:
        return []
    said = [
        _count(cells, noun),
        _chance(cells),
        _metrics(cells),
        _agreement(cells),
        _tuned(cells),
        _open(cells),
    ]
    return [sentence for sentence in said if sentence]


def _count(cells: Sequence[Verdict], noun: str) -> str:
    low, high = min(v.smallest for v in cells), max(v.largest for v in cells)
    sizes = f"{low:,} to {high:,}" if low < high else f"{low:,}"
    head = (
        f"Against {RIVAL[cells[0].against]}, on {plural(len({v.dataset for v in cells}), noun)} "
        f"with {sizes} training samples:"
    )
    by_tuning: dict[str, list[Verdict]] = defaultdict(list)
    for v in sorted(cells, key=lambda v: v.tuning):
        by_tuning[v.tuning].append(v)
    parts = [
        (f"{tuning or 'at defaults'} " if len(by_tuning) > 1 or tuning else "")
        + f"{counts(own)} comparisons{_from(own)}"
        for tuning, own in by_tuning.items()
    ]
    return f"{head} {'; '.join(parts)}."


def _from(cells: Iterable[Verdict]) -> str:
    stars = sorted({v.n_star for v in cells if v.outcome.ahead and v.n_star})
    if not stars:
        return ""
    spread = f"{stars[0]:,}" + (f" to {stars[-1]:,}" if len(stars) > 1 else "")
    return f" (where deep is ahead, from n = {spread} on)"


def _metrics(cells: Sequence[Verdict]) -> str:
    """Metrics by which most comparisons end alike."""
    groups = _grouped(cells, lambda v: v.metric)
    several = any(len(own) > 1 for own in groups.values())
    named: dict[Standing, list[str]] = {standing: [] for standing in SHOWN}
    for own in groups.values():
        title = own[0].scored_by.title
        found = Counter(v.standing for v in own)
        for standing in SHOWN:
            if 2 * found[standing] > len(own):
                of = f" ({found[standing]} of {len(own)})" if several else ""
                named[standing].append(title + of)
    mostly = "mostly " if several else ""
    parts = [f"{mostly}{WORDS[s]} by {_named(titles)}" for s, titles in named.items() if titles]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _chance(cells: Sequence[Verdict]) -> str:
    """How many of the claims may be false."""
    tried = [v for v in cells if v.p_ahead is not None]
    if len(tried) < FEW:
        return ""
    won = [v for v in tried if v.standing in ("ahead", "behind")]
    sure = sum(v.q is not None and v.q <= ALPHA for v in won)
    chance = expected_by_chance([ALPHA] * len(tried))
    return (
        f"Were deep and simple alike everywhere, up to {chance:.1f} of {len(tried)} comparisons "
        f"would have one of them ahead by chance; of the {len(won)} that do, {sure} have a q of "
        f"at most {ALPHA:g}."
    )


def _named(titles: Sequence[str]) -> str:
    more = f" and {len(titles) - NAMED} more" if len(titles) > NAMED else ""
    return ", ".join(titles[:NAMED]) + more


def _agreement(cells: Sequence[Verdict]) -> str:
    """Whether metrics disagree on the same data, and data sets by the same metric."""
    columns = _grouped(cells, Column.of)
    rows = _grouped(
        cells, lambda v: (v.metric, v.task, v.device, v.output_dim, v.tuning)
    )  # only data sets differ
    parts = []
    if any(len(own) > 1 for own in columns.values()):
        torn = {c.dataset for c, own in columns.items() if _split(own)}
        total = len({v.dataset for v in cells})
        parts.append(f"metrics disagree on {len(torn)} of {plural(total, 'data set')}")
    if any(len({v.dataset for v in own}) > 1 for own in rows.values()):
        torn_by = {metric for (metric, *_), own in rows.items() if _split(own)}
        total = len({v.metric for v in cells})
        parts.append(f"data sets disagree by {len(torn_by)} of {plural(total, 'metric')}")
    if not parts:
        return ""
    text = "; ".join(parts)
    return (
        f"{text[0].upper()}{text[1:]} (deep ahead by one, simple ahead or shown equal by another)."
    )


def _split(own: Iterable[Verdict]) -> bool:
    standings = {v.standing for v in own}
    return "ahead" in standings and not standings.isdisjoint({"behind", "equal"})


def _tuned(cells: Sequence[Verdict]) -> str:
    """What an equal budget of search changes."""
    same: dict[Hashable, dict[bool, Verdict]] = defaultdict(dict)
    for v in cells:
        same[v.metric, v.dataset, v.task, v.device, v.output_dim][bool(v.tuning)] = v
    both = [pair for pair in same.values() if len(pair) == 2]
    if not both:
        return ""
    gained = sum(p[True].outcome.ahead and not p[False].outcome.ahead for p in both)
    lost = sum(p[False].outcome.ahead and not p[True].outcome.ahead for p in both)
    return (
        f"Of {plural(len(both), 'comparison')} made both at defaults and at equal tuning budget, "
        f"{gained + lost} differ in whether deep is ahead ({gained} only tuned, {lost} only at "
        "defaults)."
    )


def _open(cells: Sequence[Verdict]) -> str:
    """What would settle the open ones."""
    open_ = [v for v in cells if v.standing == "open"]
    if not open_:
        return ""
    needed = sorted(v.needed for v in open_ if v.needed)
    few = Counter(v.reason for v in open_ if v.p_ahead is None and v.reason and not v.needed)
    said = []
    if needed:
        spread = f"{needed[0]:,}" + (f" to {needed[-1]:,}" if needed[-1] > needed[0] else "")
        said += [
            f"{len(needed)} would need {spread} repeats to be told, if the differences stay what "
            "they are"
        ]
    rest = len(open_) - len(needed) - few.total()
    if rest == len(open_):
        said += ["none is known to be told by more repeats"]
    elif rest:
        said += [f"for {rest} no number of repeats is known to do"]
    if few:
        allow = "allows" if few.total() == 1 else "allow"
        said += [f"{few.total()} {allow} no claim at all ({few.most_common(1)[0][0]})"]
    return f"Of the {plural(len(open_), 'open one')}, {'; '.join(said)}."


def _grouped(cells: Iterable[Verdict], key: Any) -> dict[Any, list[Verdict]]:
    groups: dict[Any, list[Verdict]] = defaultdict(list)
    for v in cells:
        groups[key(v)].append(v)
    return groups


def plural(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
