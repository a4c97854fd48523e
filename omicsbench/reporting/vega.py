"""Parts of Vega-Lite specifications that all charts share: plate, band, line, tooltip."""

from __future__ import annotations

from typing import Any

from omicsbench.reporting.style import GRID, INK


def plate(height: int = 190) -> dict[str, Any]:
    """What all charts share: size, type and the look of their axes."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "config": {
            "font": "system-ui, -apple-system, 'Segoe UI', sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": INK,
                "titleColor": INK,
                "gridColor": GRID,
                "domainColor": GRID,
                "tickColor": GRID,
                "labelFontSize": 11,
                "titleFontSize": 11,
                "titleFontWeight": "normal",
                "labelSeparation": 6,
            },
        },
    }


def band(low: str, high: str) -> dict[str, Any]:
    ends = {"y": {"field": low, "type": "quantitative"}, "y2": {"field": high}}
    return {
        "transform": [{"filter": f"isValid(datum.{low})"}],
        "mark": {"type": "area", "opacity": 0.14},
        "encoding": ends,
    }


def lone(low: str, high: str, of: str) -> dict[str, Any]:
    """The interval of a point that is alone in its series ``of``: a band of one has no width."""
    valid = {"filter": f"isValid(datum.{low})"}
    counted = {"joinaggregate": [{"op": "count", "as": "alone"}], "groupby": [of]}
    return {
        "transform": [valid, counted, {"filter": "datum.alone == 1"}],
        "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.3},
        "encoding": {"y": {"field": low, "type": "quantitative"}, "y2": {"field": high}},
    }


def line(field: str) -> dict[str, Any]:
    return {
        "mark": {"type": "line", "strokeWidth": 1.8},
        "encoding": {
            "y": {"field": field, "type": "quantitative"},
            "strokeDash": {"field": "dash", "type": "nominal", "scale": None},
        },
    }


def tip(field: str, title: str, number: str | None = None) -> dict[str, Any]:
    made = {"field": field, "title": title}
    if number or field in ("mean", "low", "high"):
        made |= {"type": "quantitative", "format": number or ".4~f"}
    return made
