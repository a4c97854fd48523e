"""Quality at equal cost: known choices, and what holds whatever the runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from omicsbench.stats.budgets import PipelineAtSize, budget_grid, money, pareto, within_budgets

NAN = np.nan


def pipeline(
    pipeline: str,
    size: int,
    cost: float,
    validation: float,
    test: float | list[float] | None = None,
    repeats: int = 5,
) -> PipelineAtSize:
    """Equal repeats, or the test scores given."""
    scores = np.full(repeats, validation if test is None else test, dtype=float)
    return PipelineAtSize(
        pipeline,
        size,
        np.full(repeats, cost),
        np.full(repeats, validation),
        scores,
        np.full(repeats, 2 * cost),
    )


SMALL, LARGE = pipeline("net", 100, 10, 0.5), pipeline("net", 1000, 100, 0.9)
LINEAR, SLOW = pipeline("linear", 1000, 1, 0.6), pipeline("slow", 1000, 50, 0.7)


def test_each_family_names_its_best_within_the_budget() -> None:
    found = within_budgets([SMALL, LARGE], [LINEAR, SLOW], [0.5, 1, 10, 50, 100])
    named = [(m.deep and m.deep.size, m.simple and m.simple.pipeline) for m in found]
    assert named == [(None, None), (None, "linear"), (100, "linear"), (100, "slow"), (1000, "slow")]
    assert [m.budget for m in found] == [0.5, 1, 10, 50, 100]
    assert [m.mean for m in found] == [None, None, *map(pytest.approx, (-0.1, -0.2, 0.2))]
    assert [m.pairs for m in found] == [0, 0, 5, 5, 5]
    assert found[0].low is None
    assert found[-1].deep is not None
    assert (found[-1].deep.cost, found[-1].deep.validation) == (100, pytest.approx(0.9))
    assert found[-1].deep.wall_s == 200, "told, and no cost"
    assert within_budgets([], [LINEAR], [10])[0].deep is None


def test_the_test_set_never_chooses() -> None:
    lucky = pipeline("lucky", 100, 1, 0.4, test=0.99)
    (found,) = within_budgets([SMALL], [LINEAR, lucky], [10])
    assert found.simple is not None
    assert found.simple.pipeline == "linear"


def test_equal_validation_goes_to_the_cheaper() -> None:
    (found,) = within_budgets([SMALL], [pipeline("dear", 100, 9, 0.6), LINEAR], [10])
    assert found.simple is not None
    assert found.simple.pipeline == "linear"


def test_the_interval_is_that_of_a_paired_t_test_over_shared_repeats() -> None:
    ours, theirs = [0.61, 0.64, NAN, 0.70, 0.66, 0.60], [0.60, 0.61, 0.5, 0.65, NAN, 0.61]
    deep, simple = (pipeline("p", 1, 1, 0.5, scores, repeats=6) for scores in (ours, theirs))
    (found,) = within_budgets([deep], [simple], [1])
    differences = np.array([0.01, 0.03, 0.05, -0.01])
    known = stats.t.interval(0.95, 3, differences.mean(), stats.sem(differences))
    assert (found.mean, found.pairs) == (pytest.approx(0.02), 4)
    assert (found.low, found.high) == pytest.approx(known)


def test_few_shared_repeats_have_no_interval() -> None:
    deep = pipeline("p", 1, 1, 0.5, [0.5, NAN, NAN, NAN, NAN])
    (one,) = within_budgets([deep], [LINEAR], [1])
    assert (one.mean, one.low, one.high, one.pairs) == (pytest.approx(-0.1), None, None, 1)
    apart = pipeline("p", 1, 1, 0.5, [NAN] * 5)
    (none,) = within_budgets([apart], [LINEAR], [1])
    assert (none.mean, none.pairs) == (None, 0)


def test_a_pipeline_whose_repeats_failed_is_not_chosen() -> None:
    """Two of five finished, and those are the fast and the good ones."""
    gone = np.array([1.0, 1.0, NAN, NAN, NAN])
    failing = PipelineAtSize("failing", 100, gone, gone, gone, gone)
    (found,) = within_budgets([failing, SMALL], [LINEAR], [10])
    assert found.deep is not None
    assert found.deep.pipeline == "net"
    (lenient,) = within_budgets([failing, SMALL], [LINEAR], [10], min_repeats=2)
    assert lenient.deep is not None
    assert (lenient.deep.pipeline, lenient.deep.cost, lenient.pairs) == ("failing", 1, 2)


def test_what_is_refused() -> None:
    said = r"^costs, scores and wall times need one number per repeat each$"
    with pytest.raises(ValueError, match=said):
        within_budgets([SMALL], [pipeline("linear", 1, 1, 1, repeats=6)], [1])
    with pytest.raises(ValueError, match=r"^min_repeats must be at least 1$"):
        within_budgets([], [], [1], min_repeats=0)
    for costs, number, says in (
        ([], 5, "a grid needs a cost"),
        ([NAN], 5, "a grid needs a cost"),
        ([0, 2, 1], 5, "costs must be positive"),
        ([1, 2], 1, "a grid needs at least 2 budgets"),
    ):
        with pytest.raises(ValueError, match=f"^{says}$"):
            budget_grid(costs, number)
    assert len(budget_grid([1, 2], 2)) == 2
    with pytest.raises(ValueError, match=r"must be one list each, as long$"):
        pareto([1, 2], [1])


def test_one_finished_repeat_may_be_enough() -> None:
    once = PipelineAtSize("once", 100, *(np.array([0.9, NAN, NAN, NAN, NAN]),) * 4)
    (found,) = within_budgets([once], [LINEAR], [1], min_repeats=1)
    assert found.deep is not None
    assert found.deep.pipeline == "once"


def test_unlike_shapes_are_refused_whichever_side_has_them() -> None:
    flat, deep = np.zeros(5), np.zeros((5, 1))
    short = np.zeros(4)
    for arrays in (
        [deep] * 4,
        [flat, flat, short, flat],
        [flat, short, flat, flat],
        [flat] * 3 + [short],
    ):
        with pytest.raises(ValueError, match="need one number per repeat each"):
            within_budgets([PipelineAtSize("p", 1, *arrays)], [], [1])
    with pytest.raises(ValueError, match=r"costs \(2,\) and scores \(2, 1\) must be one list"):
        pareto([1, 2], [[1], [2]])
    with pytest.raises(ValueError, match="must be one list each"):
        pareto([[1, 2]], [[1, 2]])


def test_budgets_span_all_costs() -> None:
    grid = budget_grid([10, 100, NAN, 1], 5)
    assert grid == pytest.approx([1, 10**0.5, 10, 10**1.5, 100])
    assert (grid[0], grid[-1]) == (1, 100), "the ends are not rounded: the dearest must fit"
    assert len(budget_grid([1, 3, 2, 4])) == 12
    assert budget_grid([5, 5]) == [5]


def test_money() -> None:
    assert money([3600, 1800], 3.0) == pytest.approx([3.0, 1.5])


def test_the_pareto_front() -> None:
    costs, scores = [1, 2, 2, 3, 4, 1, NAN], [0.5, 0.7, 0.6, 0.7, 0.9, 0.5, 1.0]
    assert pareto(costs, scores).tolist() == [True, True, False, False, True, True, False]
    assert pareto([], []).tolist() == []


POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20)


@given(POINTS)
def test_a_pareto_point_is_dominated_by_none_and_every_other_by_one(
    points: list[tuple[int, int]],
) -> None:
    kept = pareto(*zip(*points, strict=True))
    front = {point for point, keep in zip(points, kept, strict=True) if keep}
    assert front
    for (cost, score), keep in zip(points, kept, strict=True):
        rivals = [p for p in front if p[0] <= cost and p[1] >= score and p != (cost, score)]
        assert bool(rivals) is not bool(keep)


RUNS = st.lists(
    st.tuples(st.integers(1, 50), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=8
)


@given(RUNS, RUNS)
def test_validation_never_falls_as_the_budget_grows(
    deep: list[tuple[int, int, int]], simple: list[tuple[int, int, int]]
) -> None:
    families = [
        [pipeline(f"p{i}", i + 1, c, v / 8, t / 8) for i, (c, v, t) in enumerate(family)]
        for family in (deep, simple)
    ]
    budgets = budget_grid([c.costs.mean() for family in families for c in family])
    found = within_budgets(*families, budgets)
    turned = within_budgets(*families[::-1], budgets)
    for side in ("deep", "simple"):
        named = [getattr(m, side) for m in found]
        reached = [choice.validation if choice else -1.0 for choice in named]
        assert reached == sorted(reached)
        assert all(
            choice.cost <= m.budget for choice, m in zip(named, found, strict=True) if choice
        )
    assert found[-1].deep is not None
    assert found[-1].simple is not None
    for here, there in zip(found, turned, strict=True):
        assert (here.deep, here.simple) == (there.simple, there.deep)
        assert here.mean == (None if there.mean is None else pytest.approx(-there.mean))
