"""Which runs are tried, judged from what is known: no process is started here."""

from __future__ import annotations

from typing import Any

import pytest

import builders
from omicsbench.records.costs import Observation
from omicsbench.records.facts import Limits
from omicsbench.records.spec import Cause, Phases, RunRecord, RunSpec, Status
from omicsbench.running.limits import Budget

GIB = 2**30
LIMITS = Limits(timeout_s=10.0, memory_bytes=2 * GIB)


def spec(size: int, dataset: str = "d", **more: Any) -> RunSpec:
    return builders.spec(size=size, dataset=dataset, **more)


def seen(size: int, wall_s: float, gib: float = 0.5, dataset: str = "d") -> Observation:
    return Observation("p", dataset, 10, size, wall_s=wall_s, peak_rss_bytes=gib * GIB)


def quadratic(dataset: str = "d") -> list[Observation]:
    """A second at n = 100, four at 200, nine at 300; memory as it always is."""
    return [seen(n, (n / 100) ** 2, dataset=dataset) for n in (100, 200, 300)]


def ended(size: int, status: Status, dataset: str = "d", **more: Any) -> RunRecord:
    return builders.record(spec(size, dataset), status=status, limits=LIMITS, **more)


def test_where_nothing_is_known_everything_is_tried() -> None:
    budget = Budget(LIMITS)
    assert budget.left_out(spec(10**6)) is None
    assert Budget(LIMITS, quadratic("other")).left_out(spec(10**6)) is None


def test_what_clearly_exceeds_its_time_is_left_out_in_words() -> None:
    found = Budget(LIMITS, quadratic()).left_out(spec(3_000))
    assert found is not None
    assert (found.status, found.cause) == (Status.SKIPPED, Cause.PREDICTED)
    assert found.reason.startswith("predicted to exceed its time limit of 10 s: about 900 s (")
    assert found.reason.endswith("), from 3 sizes up to 300 on the same data set")
    assert found.predicted["wall_s"] == pytest.approx(900, rel=0.01)
    assert found.predicted.keys() >= {"wall_s_low", "wall_s_high", "peak_rss_bytes"}


def test_memory_is_told_in_gibibytes() -> None:
    known = [seen(n, 1.0, gib=n / 1_000) for n in (100, 200, 400)]
    found = Budget(LIMITS, known).left_out(spec(100_000))
    assert found is not None
    assert found.reason.startswith("predicted to exceed its memory limit of 2 GiB: about ")
    assert " GiB (" in found.reason


def test_what_might_just_fit_is_tried() -> None:
    """The middle of the interval is beyond the limit, its low end is not."""
    known = quadratic()
    tried = [n for n in range(301, 600) if Budget(LIMITS, known).left_out(spec(n)) is None]
    assert 320 in tried, "(3.2)^2 = 10.24 s is beyond the limit, by less than the doubt"
    left_out = Budget(LIMITS, known).left_out(spec(max(tried) + 1))
    assert left_out is not None
    assert left_out.predicted["wall_s_low"] > 10 > 3.0**2


def test_up_to_the_largest_size_that_was_tried_nothing_is_predicted() -> None:
    dear = [seen(n, 100.0) for n in (100, 200, 300)]
    assert Budget(LIMITS, dear).left_out(spec(300)) is None
    assert Budget(LIMITS, dear).left_out(spec(301)) is not None


def test_force_runs_what_is_predicted_but_not_what_was_seen_to_exceed() -> None:
    budget = Budget(LIMITS, quadratic(), force=True)
    assert budget.left_out(spec(3_000)) is None
    budget.learn(ended(1_000, Status.TIMEOUT))
    found = budget.left_out(spec(3_000))
    assert found is not None
    assert found.cause is Cause.SMALLER_SIZE


@pytest.mark.parametrize("status", [Status.TIMEOUT, Status.OUT_OF_MEMORY])
def test_after_a_size_that_took_too_much_no_larger_one_is_tried(status: Status) -> None:
    budget = Budget(LIMITS)
    budget.learn(ended(200, status))
    found = budget.left_out(spec(201))
    assert found is not None
    assert (found.status, found.cause) == (Status.SKIPPED, Cause.SMALLER_SIZE)
    assert found.reason == f"{status} already at the smaller size 200"
    for tried in (spec(200), spec(100), spec(300, dataset="e")):
        assert budget.left_out(tried) is None


def test_the_first_size_that_took_too_much_is_the_one_that_is_told() -> None:
    budget = Budget(LIMITS)
    budget.learn(ended(200, Status.TIMEOUT))
    budget.learn(ended(100, Status.OUT_OF_MEMORY))
    found = budget.left_out(spec(300))
    assert found is not None
    assert found.reason == "timeout already at the smaller size 200"


def test_what_did_not_exceed_its_limits_itself_says_nothing_of_larger_sizes() -> None:
    budget = Budget(LIMITS)
    budget.learn(ended(200, Status.TIMEOUT, cause=Cause.WARM_UP))
    budget.learn(ended(200, Status.CRASHED))
    budget.learn(ended(200, Status.ERROR))
    assert budget.left_out(spec(300)) is None


def test_a_larger_size_is_told_what_it_would_have_cost() -> None:
    budget = Budget(LIMITS, quadratic())
    budget.learn(ended(400, Status.TIMEOUT))
    found = budget.left_out(spec(800))
    assert found is not None
    assert found.cause is Cause.SMALLER_SIZE
    assert found.predicted["wall_s"] > 10


def test_runs_that_end_well_are_learnt_from() -> None:
    budget = Budget(LIMITS)
    for n in (100, 200, 300):
        phases = Phases(fit_s=(n / 100) ** 2)
        budget.learn(builders.record(spec(n), phases=phases))
    found = budget.left_out(spec(3_000))
    assert found is not None
    assert found.cause is Cause.PREDICTED


def test_all_repeats_of_a_size_get_the_answer_of_the_first() -> None:
    budget = Budget(LIMITS, quadratic())
    first = budget.left_out(spec(3_000, repeat=0))
    budget.known += [seen(n, 0.001) for n in (1_000, 2_000, 2_900)]
    assert budget.left_out(spec(3_000, repeat=1)) is first
    assert budget.left_out(spec(3_100)) is None, "another size is judged anew"
