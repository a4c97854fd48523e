"""A first look at a suite: few of its runs, so that there is a page within minutes."""

from __future__ import annotations

from omicsbench.planning.suite import Size, Suite, changed

REPEATS = 2


def first_look(suite: Suite) -> Suite:
    """The suite at its smallest and largest stated size, with few repeats.

    All that makes a run what it is stays: its metrics, and the smallest size, which says how many
    rows are scored in sample. So what the first look does, the suite need not do again. Size "all"
    is left out where there are numbers: it is what the fewest repeats allow.
    """
    few = [
        choice.model_dump(exclude_none=True) | _ends(choice.sizes or suite.sizes)
        for choice in suite.datasets
    ]
    repeats = min(suite.repeats, REPEATS)
    fewer = {pipeline: min(n, repeats) for pipeline, n in suite.fewer_repeats.items()}
    changes = {"datasets": few, "repeats": repeats, "fewer_repeats": fewer}
    return changed(suite, changes | _ends(suite.sizes))


def _ends(sizes: tuple[Size, ...] | None) -> dict[str, list[Size]]:
    """Smallest and largest number; nothing where the sizes are not stated or are "all" alone."""
    numbers = sorted(size for size in sizes or () if size != "all")
    return {"sizes": [*dict.fromkeys([numbers[0], numbers[-1]])]} if numbers else {}
