"""Pipelines are told apart by what they look like."""

from __future__ import annotations

from omicsbench.reporting import style


def test_styles_are_told_apart_without_colour() -> None:
    families = {f"{family} {i}": family for family in style.FAMILIES for i in range(5)}
    styles = style.styles(families)
    assert len({(s.color, s.shape, tuple(s.dash)) for s in styles.values()}) == len(styles)
    assert len({(s.shape, tuple(s.dash)) for s in styles.values()}) == len(styles)


def test_pipelines_of_one_task_look_different() -> None:
    styles = style.styles({f"net {i:02d}": "deep" for i in range(12)})
    assert len({(style.color, style.shape) for style in styles.values()}) == 12
