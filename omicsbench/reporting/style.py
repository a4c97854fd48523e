"""How things look: one colour, line and marker per pipeline, the same in every chart and table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import cycle, islice

from omicsbench.records.spec import RunRecord

# One hue family per kind of pipeline, told apart by colour-blind readers too (blue and orange),
# and repeated by line style; pipelines of a family differ by lightness and by marker.
HUES = {
    "simple": ("#08519c", "#4292c6", "#0b7a75", "#5e4fa2", "#7fb3d5", "#35978f"),
    "deep": ("#b8420a", "#f0871f", "#a50f3c", "#d9599c", "#7f2704", "#c9a227"),
    "control": ("#6b7280", "#9aa0a8"),
}
DASHES = {"simple": [1, 0], "deep": [7, 3], "control": [2, 3]}
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
FAMILIES = tuple(HUES)
GRID, INK = "#e5e7eb", "#374151"


@dataclass(frozen=True)
class Style:
    """How one pipeline looks in every chart, legend and table."""

    name: str
    family: str
    color: str
    dash: list[int]
    shape: str


def styles(families: Mapping[str, str]) -> dict[str, Style]:
    """A style per pipeline (``families``: pipeline to family), in the order of the legend."""
    made: dict[str, Style] = {}
    for family in FAMILIES:
        names = sorted(name for name, of in families.items() if of == family)
        colours = islice(cycle(HUES[family]), len(names))
        for i, (name, colour) in enumerate(zip(names, colours, strict=True)):
            made[name] = Style(name, family, colour, DASHES[family], _shape(i))
    return made


def styles_by_task(records: Iterable[RunRecord]) -> dict[str, Style]:
    """Styles of all pipelines. Those of different tasks share no chart, so they may look alike."""
    families: dict[str, dict[str, str]] = {}
    for r in records:
        families.setdefault(r.spec.task, {})[r.spec.pipeline] = r.family
    made: dict[str, Style] = {}
    for _, own in sorted(families.items()):
        made = styles(own) | made
    return made


def _shape(i: int) -> str:
    """Shifted by one each time the colours begin anew, so that no two look the same."""
    return SHAPES[(i + i // len(SHAPES)) % len(SHAPES)]
