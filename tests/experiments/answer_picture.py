"""Draws docs/answer.svg: every comparison on real data, deep less simple, in margins.

python tests/experiments/answer_picture.py
"""

from __future__ import annotations

from pathlib import Path

from answer_across import TASKS
from answer_evidence import drawn, evidence_of
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from omicsbench.reporting.matrix import WORDS
from omicsbench.verdict.verdict import Standing, Verdict

FILE = Path(__file__).parents[2] / "docs" / "answer.svg"
FURTHEST = 6.0  # margins; what lies beyond is drawn at the edge, its interval cut off
SUITES = ("answer", "predict", "regress")
COLOURS: dict[Standing, str] = {
    "ahead": "#228833",
    "behind": "#ee6677",
    "equal": "#4477aa",
    "open": "#888888",
}


def shown() -> dict[str, list[Verdict]]:
    """Comparisons on real data by suite, in the order of n."""
    every = {suite: evidence for suite in SUITES if (evidence := evidence_of(suite))}
    return {
        suite: sorted(evidence.real, key=lambda v: (v.largest, v.dataset, v.metric))
        for suite, evidence in every.items()
    }


def figures() -> str:
    """What is drawn, as the file tells it."""
    return drawn(v for own in shown().values() for v in own)


def main() -> None:
    rows: list[tuple[str, Verdict | None]] = []
    for suite, real in shown().items():
        rows.append((f"{TASKS[suite]} (omicsbench run {suite})", None))
        rows += [(f"{v.dataset}  n = {v.largest:,}  {v.metric}", v) for v in real]
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "answer", "font.size": 8}):
        figure = Figure(figsize=(9.5, 0.17 * len(rows) + 1), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(-1, 1, color="#eeeeee", lw=0, zorder=0)
        axes.axvline(0, color="#bbbbbb", lw=0.8, zorder=1)
        for place, (_, v) in enumerate(rows):
            if v is not None:
                _draw(axes, place, v)
        axes.set_yticks(range(len(rows)), [words for words, _ in rows])
        for label, (_, v) in zip(axes.get_yticklabels(), rows, strict=True):
            label.set_fontweight("bold" if v is None else "normal")
        axes.set(xlim=(-FURTHEST, FURTHEST), ylim=(len(rows) - 0.4, -0.6))
        axes.set_xlabel(
            "simple better   |   best deep less best simple, in margins   |   deep better"
        )
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        for standing, colour in COLOURS.items():
            axes.plot([], [], "o", color=colour, ms=4, label=WORDS[standing])
        figure.legend(loc="outside upper right", ncols=4, frameon=False)
        figure.savefig(FILE, metadata={"Date": None, "Description": figures()})


def _draw(axes: Axes, place: int, v: Verdict) -> None:
    """One comparison: its interval, and the difference of the best means."""
    last = v.last
    if last.mean is None or last.low is None or last.high is None:
        return
    low, mean, high = (
        min(max(x / v.margin, -FURTHEST), FURTHEST) for x in (last.low, last.mean, last.high)
    )
    colour = COLOURS[v.standing]
    axes.plot([low, high], [place, place], color=colour, lw=1.4, solid_capstyle="butt", zorder=2)
    axes.plot([mean], [place], "o", color=colour, ms=4, zorder=3, clip_on=False)


if __name__ == "__main__":
    main()
