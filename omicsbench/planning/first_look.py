"""A first look at a suite: few of its runs, so that there is a page within minutes."""

from __future__ import annotations

from omicsbench.planning.suite import Size, Suite, changed

REPEATS = 5  # the fewest that can carry a claim, so that the page can say what to use


def first_look(suite: Suite) -> Suite:
    """The suite's first data set at its smallest stated size, as few repeats as a claim takes.

    All that makes a run what it is stays: its metrics, and the smallest size, which says how many
    rows are scored in sample. So what the first look does, the suite need not do again. Size "all"
    is left out where there are numbers: it is what the fewest repeats allow.
    """
    few = [
        choice.model_dump(exclude_none=True) | _smallest(choice.sizes or suite.sizes)
        for choice in suite.datasets[:1]
    ]
    repeats = min(suite.repeats, REPEATS)
    fewer = {pipeline: min(n, repeats) for pipeline, n in suite.fewer_repeats.items()}
    changes = {"datasets": few, "repeats": repeats, "fewer_repeats": fewer}
    return changed(suite, changes | _smallest(suite.sizes))


def _smallest(sizes: tuple[Size, ...] | None) -> dict[str, list[Size]]:
    """The smallest number; nothing where sizes are not stated or are "all" alone."""
    numbers = [size for size in sizes or () if size != "all"]
    return {"sizes": [min(numbers)]} if numbers else {}
