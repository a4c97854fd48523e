"""Pipelines are told apart by what they look like."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

import builders
from omicsbench.reporting import style


def test_styles_are_told_apart_without_colour() -> None:
    families = {f"{family} {i}": family for family in style.FAMILIES for i in range(5)}
    styles = style.styles(families)
    assert len({(s.color, s.shape, tuple(s.dash)) for s in styles.values()}) == len(styles)
    assert len({(s.shape, tuple(s.dash)) for s in styles.values()}) == len(styles)


def test_pipelines_of_one_task_look_different() -> None:
    styles = style.styles({f"net {i:02d}": "deep" for i in range(12)})
    assert len({(style.color, style.shape) for style in styles.values()}) == 12


@pytest.mark.parametrize("family", style.FAMILIES)
def test_no_two_contestants_of_a_family_have_one_colour(family: str) -> None:
    few, many = style.colours(family, 6), style.colours(family, 30)
    assert len(set(many)) == 30
    assert many[: len(few)] == few, "a colour stays what it is when others come"


def test_colours_of_twelve_contestants_are_seen_to_differ() -> None:
    """Channels of 0 to 255: the closest two of twelve are 30 apart, of simple and of deep ones."""
    for family in ("simple", "deep"):
        rgb = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in style.colours(family, 12)]
        apart = [math.dist(a, b) for a, b in combinations(rgb, 2)]
        assert min(apart) > 30, family


def test_pipelines_of_several_tasks_never_share_a_look() -> None:
    """One that serves two tasks would otherwise bring the colour of the first into the second."""
    served = {"batch": ["pca"], "embed": ["glm_pca", "pca"]}
    records = [
        builders.record(builders.spec(task=task, pipeline=name))
        for task, names in served.items()
        for name in names
    ]
    for order in (records, records[::-1]):
        found = style.styles_of(order)
        assert len({(s.color, s.shape) for s in found.values()}) == len(found) == 2
