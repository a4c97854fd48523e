"""Every number of the paragraph is a count of the matrix."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from omicsbench.metrics.base import METRICS
from omicsbench.reporting.matrix import Column, matrix_of
from omicsbench.reporting.paragraph import paragraph
from omicsbench.verdict.verdict import Verdict
from verdicts import TUNED, verdict

HEADLINE = [m.name for m in METRICS.values() if not m.secondary]
LOST = ("behind", "equal")  # shown not to be ahead


@st.composite
def matrices(draw: st.DrawFn) -> list[Verdict]:
    """Cells of a matrix, each at most once, in any order."""
    places = st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(HEADLINE[:5]),
        st.sampled_from([2, 10]),
        st.sampled_from(["", TUNED]),
    )
    cells = draw(st.lists(places, min_size=1, max_size=40, unique=True))
    found = []
    for dataset, metric, dim, tuning in cells:
        kind = draw(st.sampled_from(["ahead", "behind", "equal", "open"]))
        changes: dict[str, Any] = {"output_dim": dim, "tuning": tuning}
        if kind == "ahead":
            changes["n_star"] = draw(st.sampled_from([20, 50, 100]))
        if kind == "open":
            changes["p_ahead"] = draw(st.sampled_from([None, 0.5]))
            changes["needed"] = draw(st.sampled_from([None, 6, 12, 1000]))
        else:
            changes["q"] = draw(st.sampled_from([0.001, 0.05, 0.0501]))
        found.append(verdict(dataset, metric, kind, **changes))
    return found


def numbers(text: str) -> list[int]:
    """Numbers of a sentence, but for those of a tuning's budget and titles."""
    for name in (TUNED, *(METRICS[name].title for name in HEADLINE)):
        text = text.replace(name, "")
    return [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)]


def count(cells: list[Verdict], *standings: str) -> int:
    return sum(v.standing in standings for v in cells)


@given(matrices())
@settings(max_examples=200, deadline=None)
def test_every_number_of_the_paragraph_is_a_count_of_the_table(cells: list[Verdict]) -> None:
    matrix = matrix_of(cells, dict.fromkeys("abc", "real omics"))
    assert matrix
    shown = [v for _, row in matrix.rows for v in row if v]
    assert len(shown) == len(cells), "the table holds every cell once"
    said = paragraph(cells, "real omics data set")
    first, rest = said[0], said[1:]
    datasets = {v.dataset for v in shown}
    wanted = [len(datasets), min(v.smallest for v in shown), max(v.largest for v in shown)]
    for tuning in sorted({v.tuning for v in shown}):
        own = [v for v in shown if v.tuning == tuning]
        wanted += [count(own, s) for s in ("ahead", *LOST, "open")] + [len(own)]
        stars = {v.n_star for v in own if v.n_star}
        wanted += sorted({min(stars), max(stars)}) if stars else []
    assert numbers(first) == wanted
    for sentence in rest:
        checker = next(c for start, c in CHECKS.items() if sentence.startswith(start))
        checker(sentence, shown)


def check_chance(sentence: str, cells: list[Verdict]) -> None:
    tried = [v for v in cells if v.p_ahead is not None]
    won = [v for v in tried if v.standing in ("ahead", "behind")]
    sure = sum(v.q is not None and v.q <= 0.05 for v in won)
    assert len(tried) >= 5, "of fewer chance is not spoken"
    told = re.search(
        r"up to ([\d.]+) of (\d+) comparisons .* of the (\d+) that do, (\d+) have a q", sentence
    )
    assert told
    assert abs(float(told[1]) - 0.05 * len(tried)) < 0.0501, "rounded to a tenth"
    assert [int(n) for n in told.groups()[1:]] == [len(tried), len(won), sure]


def check_metrics(sentence: str, cells: list[Verdict]) -> None:
    """By each metric at most one standing is that of most comparisons, and it is named so."""
    words = {"deep ahead by": "ahead", "simple ahead by": "behind", "shown equal by": "equal"}
    parts: dict[str, str] = {}
    for part in sentence.rstrip(".").split("; "):
        head = next(w for w in words if w in part.lower())
        assert words[head] not in parts, "each standing is told once"
        parts[words[head]] = part
    for metric in {v.metric for v in cells}:
        own = [v for v in cells if v.metric == metric]
        title = METRICS[metric].title
        for standing in words.values():
            part = parts.get(standing, "")
            assert (title in part) == (2 * count(own, standing) > len(own))
            told = re.search(re.escape(title) + r" \((\d+) of (\d+)\)", part)
            if told:
                assert [int(n) for n in told.groups()] == [count(own, standing), len(own)]


def check_agreement(sentence: str, cells: list[Verdict]) -> None:
    by_column, by_row = defaultdict(list), defaultdict(list)
    for v in cells:
        by_column[Column.of(v)].append(v)
        by_row[v.metric, v.output_dim, v.tuning].append(v)

    def torn(own: list[Verdict]) -> bool:
        return count(own, "ahead") > 0 and count(own, *LOST) > 0

    expected = []
    if "etrics disagree on" in sentence:
        expected += [
            len({c.dataset for c, own in by_column.items() if torn(own)}),
            len({v.dataset for v in cells}),
        ]
    if "ata sets disagree by" in sentence:
        expected += [
            len({m for (m, *_), own in by_row.items() if torn(own)}),
            len({v.metric for v in cells}),
        ]
    assert numbers(sentence) == expected


def check_tuned(sentence: str, cells: list[Verdict]) -> None:
    at = {(v.dataset, v.metric, v.output_dim, v.tuning): v.standing == "ahead" for v in cells}
    both = [
        (ahead, at[*key[:3], TUNED])
        for key, ahead in at.items()
        if not key[3] and (*key[:3], TUNED) in at
    ]
    only = [sum(b and not a for a, b in both), sum(a and not b for a, b in both)]
    assert numbers(sentence) == [len(both), sum(only), *only]


def check_open(sentence: str, cells: list[Verdict]) -> None:
    left = [v for v in cells if v.standing == "open"]
    needed = [v.needed for v in left if v.needed]
    few = sum(v.p_ahead is None and not v.needed for v in left)
    expected = [len(left)]
    if needed:
        expected += [len(needed), *sorted({min(needed), max(needed)})]
    rest = len(left) - len(needed) - few
    expected += [n for n in (rest * (rest < len(left)), few) if n]
    assert numbers(sentence) == expected


CHECKS = {
    "Were": check_chance,
    "Mostly": check_metrics,
    "Deep ahead by": check_metrics,
    "Simple ahead by": check_metrics,
    "Shown equal by": check_metrics,
    "Metrics": check_agreement,
    "Data sets": check_agreement,
    "Of the": check_open,
    "Of ": check_tuned,
}
