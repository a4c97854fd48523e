"""How things look: one colour, line and marker per pipeline, the same in every chart and table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from omicsbench.records.spec import RunRecord

# One hue family per kind of pipeline, told apart by colour-blind readers too (blue and orange),
# and repeated by line style; pipelines of a family differ by lightness and by marker. Where there
# are more of them than named here, `colours` finds others in the same range of hues.
HUES = {
    "simple": ("#08519c", "#4292c6", "#0b7a75", "#5e4fa2", "#7fb3d5", "#35978f"),
    "deep": ("#b8420a", "#f0871f", "#a50f3c", "#d9599c", "#7f2704", "#c9a227"),
    "control": ("#6b7280", "#9aa0a8"),
}
RANGES = {  # of what is found: hue in degrees, lightness and chroma, all of OKLCH
    "simple": ((150.0, 310.0), (0.38, 0.72), (0.06, 0.15)),
    "deep": ((-15.0, 95.0), (0.38, 0.72), (0.08, 0.19)),
    "control": ((0.0, 360.0), (0.35, 0.75), (0.0, 0.02)),
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
        for i, (name, colour) in enumerate(zip(names, colours(family, len(names)), strict=True)):
            made[name] = Style(name, family, colour, DASHES[family], _shape(i))
    return made


@cache
def colours(family: str, count: int) -> tuple[str, ...]:
    """So many colours of a family, no two alike: those named, then each the least like the others.

    Likeness is the distance in OKLab (bottosson.github.io/posts/oklab). The first stay what they
    are, however many there are.
    """
    named = [*HUES[family]]
    if count <= len(named):
        return tuple(named[:count])
    hues, lights, chromas = (np.linspace(*ends, steps) for ends, steps in _steps(family))
    h, light, c = (grid.ravel() for grid in np.meshgrid(np.deg2rad(hues), lights, chromas))
    rgb = _to_rgb(np.stack([light, c * np.cos(h), c * np.sin(h)], axis=1))
    offered = np.round(255 * rgb[((rgb >= 0) & (rgb <= 1)).all(axis=1)])
    places = _to_lab(offered / 255)
    near = np.full(len(offered), np.inf)
    for colour in named:
        own = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)]])
        near = np.minimum(near, np.linalg.norm(places - _to_lab(own / 255), axis=1))
    while len(named) < count:
        best = int(near.argmax())
        named.append("#" + "".join(f"{int(part):02x}" for part in offered[best]))
        near = np.minimum(near, np.linalg.norm(places - places[best], axis=1))
    return tuple(named)


def _steps(family: str) -> list[tuple[tuple[float, float], int]]:
    return list(zip(RANGES[family], (40, 18, 4), strict=True))


_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _to_lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB (m, 3) in 0 to 1 as OKLab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    lab: NDArray[np.float64] = np.cbrt(linear @ _LMS.T) @ _LAB.T
    return lab


def _to_rgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab (m, 3) as sRGB; outside of 0 to 1 what no screen shows."""
    linear = (lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_LMS).T
    curved = 1.055 * np.maximum(linear, 0.0) ** (1 / 2.4) - 0.055
    rgb: NDArray[np.float64] = np.where(linear <= 0.0031308, 12.92 * linear, curved)
    return rgb


def styles_of(records: Iterable[RunRecord]) -> dict[str, Style]:
    """Styles of all pipelines; of all tasks together, since one pipeline may serve several."""
    return styles({r.spec.pipeline: r.family for r in records})


def _shape(i: int) -> str:
    """Shifted by one each time the colours begin anew, so that no two look the same."""
    return SHAPES[(i + i // len(SHAPES)) % len(SHAPES)]
