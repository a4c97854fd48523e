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
LOST = ("behind", "no better")


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
        kind = draw(st.sampled_from(["ahead", "behind", "no better", "undecided"]))
        changes: dict[str, Any] = {"output_dim": dim, "tuning": tuning}
        if kind == "ahead":
            changes["n_star"] = draw(st.sampled_from([20, 50, 100]))
        if kind == "undecided":
            changes["needed"] = draw(st.sampled_from([None, 6, 12, 1000]))
            changes["p_reached"] = draw(st.sampled_from([None, 0.5]))
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
        wanted += [count(own, s) for s in ("ahead", *LOST, "undecided")] + [len(own)]
        stars = {v.n_star for v in own if v.n_star}
        wanted += sorted({min(stars), max(stars)}) if stars else []
    assert numbers(first) == wanted
    for sentence in rest:
        checker = next(c for start, c in CHECKS.items() if sentence.startswith(start))
        checker(sentence, shown)


def check_metrics(sentence: str, cells: list[Verdict]) -> None:
    ahead, _, behind = sentence.partition("behind or no better by")
    for metric in {v.metric for v in cells}:
        own = [v for v in cells if v.metric == metric]
        title = METRICS[metric].title
        assert (title in ahead) == (2 * count(own, "ahead") > len(own))
        assert (title in behind) == (2 * count(own, *LOST) > len(own))
        for part, number in ((ahead, count(own, "ahead")), (behind, count(own, *LOST))):
            told = re.search(re.escape(title) + r" \((\d+) of (\d+)\)", part)
            if told:
                assert [int(n) for n in told.groups()] == [number, len(own)]


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
    left = [v for v in cells if v.standing == "undecided"]
    needed = [v.needed for v in left if v.needed]
    expected = [len(left)]
    if needed:
        expected += [len(needed), *sorted({min(needed), max(needed)}), len(left) - len(needed)]
    few = sum(v.p_reached is None for v in left)
    assert numbers(sentence) == expected + ([few] if few else [])


CHECKS = {
    "It is": check_metrics,
    "Metrics": check_agreement,
    "Data sets": check_agreement,
    "Of the": check_open,
    "Of ": check_tuned,
}
