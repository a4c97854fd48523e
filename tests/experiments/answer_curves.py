"""Draws docs/curves.svg: deep less simple against n, a panel for each real data set.

python tests/experiments/answer_curves.py
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from answer_evidence import drawn, evidence_of
from answer_picture import COLOURS, FURTHEST
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from omicsbench.reporting.matrix import SIMULATED, WORDS
from omicsbench.verdict.verdict import Verdict

FILE = Path(__file__).parents[2] / "docs" / "curves.svg"
SUITES = ("predict_long", "regress_long")
COLUMNS = 3  # at most
STYLES = ("-", "--", ":")  # of metrics


def shown() -> dict[str, list[Verdict]]:
    """Comparisons on data that are not simulated, by data set.

    Where contestants that came after the freeze change what is claimed, the frozen ones have a
    panel of their own.
    """
    panels: dict[str, list[Verdict]] = defaultdict(list)
    for suite in SUITES:
        if evidence := evidence_of(suite):
            frozen = {(v.dataset, v.metric): v for v in evidence.of_the_frozen.headline}
            for v in evidence.headline:
                if evidence.kind_of[v.dataset] != SIMULATED:
                    panels[f"{v.dataset}{evidence.apart(v)}"].append(v)
                    other = frozen[v.dataset, v.metric]
                    if other.standing != v.standing:
                        panels[f"{v.dataset}, without {' and '.join(evidence.added)}"].append(other)
    return dict(sorted(panels.items()))


def figures() -> str:
    """What is drawn, as the file tells it."""
    return drawn(v for own in shown().values() for v in own)


def main() -> None:
    panels = shown()
    metrics = sorted({v.metric for own in panels.values() for v in own})
    style = dict(zip(metrics, STYLES, strict=False))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "curves", "font.size": 8}):
        columns = min(COLUMNS, len(panels))
        rows = -(-len(panels) // columns)
        figure = Figure(figsize=(9.5, 1.9 * rows + 0.8), layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        for axes in grid.flat[max(0, len(panels) - columns) : len(panels)]:
            axes.tick_params(labelbottom=True)  # there may be none below it
        for axes, (name, own) in zip(grid.flat, panels.items(), strict=False):
            axes.axhspan(-1, 1, color="#eeeeee", lw=0, zorder=0)
            axes.axhline(0, color="#bbbbbb", lw=0.8, zorder=1)
            for place, v in enumerate(sorted(own, key=lambda v: v.metric)):
                _draw(axes, v, style[v.metric], 1 + 0.06 * place)
            axes.set_title(name, fontsize=8, loc="left")
            axes.set(xscale="log", ylim=(-FURTHEST, FURTHEST))
            axes.spines[["top", "right"]].set_visible(False)
        figure.supxlabel("training samples", fontsize=8)
        figure.supylabel("deep less simple, in margins", fontsize=8)
        for metric in metrics:
            grid[0, 0].plot([], [], style[metric], color="#444444", label=metric)
        for standing, colour in COLOURS.items():
            grid[0, 0].plot([], [], "o", color=colour, ms=4, label=WORDS[standing])
        figure.legend(loc="outside upper center", ncols=7, frameon=False)
        figure.savefig(FILE, metadata={"Date": None, "Description": figures()})


def _draw(axes: Axes, v: Verdict, style: str, shift: float) -> None:
    """One comparison along n: differences with their intervals, coloured by what is claimed."""
    found = [d for d in v.differences if d.mean is not None]
    colour = COLOURS[v.standing]
    at = [d.size * shift for d in found]
    axes.plot(at, [_cut(d.mean, v) for d in found], style, color=colour, lw=1.2, zorder=2)
    for x, d in zip(at, found, strict=True):
        if d.low is not None and d.high is not None:
            axes.plot([x, x], [_cut(d.low, v), _cut(d.high, v)], color=colour, lw=0.8, zorder=2)
        axes.plot([x], [_cut(d.mean, v)], "o", color=colour, ms=3.5, zorder=3, clip_on=False)


def _cut(difference: float | None, v: Verdict) -> float:
    """In margins; what lies beyond the panel is drawn at its edge."""
    assert difference is not None
    return min(max(difference / v.margin, -FURTHEST), FURTHEST)


if __name__ == "__main__":
    main()
