"""Forecasts: the known slope comes back, intervals hold what they claim, constants do no harm."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
from omicsbench.records.costs import (
    Observation,
    Quantity,
    forecast,
    in_words,
    observe,
    with_predictions,
)
from omicsbench.records.facts import Limits
from omicsbench.records.spec import Cause, Phases, RunRecord, Status
from omicsbench.running.limits import Budget

Curve = Callable[[float], float]
LADDER = (300, 1_000, 3_000, 10_000, 30_000)


def _runs(curve: Curve, sizes: tuple[int, ...] = LADDER, **more: object) -> list[Observation]:
    given = {"pipeline": "p", "dataset": "d", "features": 10} | more
    return [Observation(size=n, wall_s=curve(n), **given) for n in sizes]  # type: ignore[arg-type]


def _at(runs: list[Observation], size: int, quantity: Quantity = "wall_s", dataset: str = "d"):  # type: ignore[no-untyped-def]
    return forecast(runs, quantity, pipeline="p", dataset=dataset, features=10, size=size)


@given(
    power=st.floats(0.3, 2.5),
    scale=st.floats(1e-6, 1e2),
    sizes=st.integers(2, 5),
    times=st.integers(2, 30),
)
def test_a_power_law_is_recovered(power: float, scale: float, sizes: int, times: int) -> None:
    found = _at(_runs(lambda n: scale * n**power, LADDER[-sizes:]), LADDER[-1] * times)
    truth = scale * (LADDER[-1] * times) ** power
    assert found.value == pytest.approx(truth, rel=1e-6)
    assert found.low < truth < found.high
    assert found.basis == f"from {sizes} sizes up to 30,000 on the same data set"


CURVES: dict[str, Curve] = {
    "flat": lambda n: 1.0,
    "linear": lambda n: n / 3e3,
    "a constant and more": lambda n: 1.0 + (n / 3e3) ** 1.3,
    "ever steeper": lambda n: 0.1 + n / 3e3 + (n / 3e4) ** 2,
    "n log n": lambda n: 0.05 + 1e-4 * n * np.log(n),
}


@pytest.mark.parametrize("name", CURVES)
def test_intervals_hold_the_truth_in_noise(name: str) -> None:
    """Ten times beyond the largest size, with 10 % noise of each run and 7 % of each size."""
    rng, curve, trials = np.random.default_rng(0), CURVES[name], 200
    held, above, widths = 0, 0, []
    for _ in range(trials):
        level = {n: curve(n) * np.exp(rng.normal(0, 0.07)) for n in LADDER}
        repeats = [dict(zip(LADDER, rng.lognormal(0, 0.1, 5), strict=True)) for _ in range(5)]
        runs = [
            run for noise in repeats for run in _runs(lambda n, by=noise, of=level: of[n] * by[n])
        ]
        truth = curve(300_000) * np.exp(rng.normal(0, 0.1))
        found = _at(runs, 300_000)
        held += found.low <= truth <= found.high
        above += found.low > truth
        widths.append(found.high / found.low)
    assert held >= 0.9 * trials
    assert np.median(widths) < 25, "an interval that holds everything says nothing"
    assert above <= 0.02 * trials, "what would have run must not be left out"


def test_a_constant_does_not_flatten_the_curve() -> None:
    found = _at(_runs(CURVES["a constant and more"]), 300_000)
    assert found.value == pytest.approx(CURVES["a constant and more"](300_000), rel=0.15)


def test_memory_stands_on_what_the_worker_held_before() -> None:
    sizes = (1_000, 3_000, 10_000)
    runs = [
        Observation("p", "d", 10, n, peak_rss_bytes=4e8 + 2e4 * n, base_rss_bytes=4e8)
        for n in sizes
    ]
    found = _at(runs, 100_000, "peak_rss_bytes")
    assert found.value == pytest.approx(4e8 + 2e9, rel=0.01)
    assert found.low > 4e8


def test_growth_hidden_in_a_constant_gives_a_wide_interval_not_an_absurd_one() -> None:
    noise = (1.0, 1.02, 0.99, 1.03)
    runs = [
        Observation("p", "d", 10, n, peak_rss_bytes=2e8 * by, base_rss_bytes=1.9e8)
        for n, by in zip((100, 300, 1_000, 3_000), noise, strict=True)
    ]
    found = _at(runs, 100_000, "peak_rss_bytes")
    assert 1.5e8 < found.low < found.value < 4e8
    assert 4e8 < found.high < 0.2 * 2e8 * (100_000 / 3_000) ** 2


def test_one_size_rules_nothing_out() -> None:
    found = _at(_runs(lambda n: 5.0, (100,)), 10_000)
    assert found.low < 5
    assert found.value == pytest.approx(500)
    assert found.high > 50_000
    assert found.basis == "from 1 size up to 100 on the same data set"


def test_an_exceeded_limit_is_a_lower_bound() -> None:
    runs = _runs(lambda n: n / 1_000, (1_000, 3_000, 10_000))
    hung = Observation("p", "d", 10, 30_000, wall_s=300.0, exceeded="wall_s")
    free, bound = _at(runs, 100_000), _at([*runs, hung], 100_000)
    assert free.value == pytest.approx(100)
    assert bound.value > 300
    assert bound.low >= 300
    assert bound.largest == 10_000
    assert "a limit exceeded at 30,000" in bound.basis
    assert _at([*runs, hung], 20_000).low < 300, "it says nothing of smaller sizes"
    below = Observation("p", "d", 10, 30_000, wall_s=0.5, exceeded="wall_s")
    assert _at([*runs, below], 100_000).value == pytest.approx(100), "no news"


def test_other_data_sets_of_as_many_features_stand_in() -> None:
    other = _runs(lambda n: n / 1_000, dataset="other")
    assert _at(other, 50_000).basis.endswith("on other data sets of 10 features")
    assert _at(_runs(lambda n: n, features=11, dataset="other"), 50_000) is None
    assert _at(_runs(lambda n: n, pipeline="q"), 50_000) is None
    mixed = [*other, *_runs(lambda n: n / 10)]
    assert _at(mixed, 50_000).value == pytest.approx(5_000)


def test_medians_ignore_one_disturbed_repeat() -> None:
    calm = _runs(lambda n: n / 1_000) * 4
    assert _at([*calm, *_runs(lambda n: n)], 100_000).value == pytest.approx(100)


def _record(size: int = 100, status: Status = Status.OK, **more: object) -> RunRecord:
    spec = builders.spec(dataset_id="d", size=size, scored_in_sample=10)
    return builders.record(spec, family="deep", status=status, **more)


def test_what_a_record_tells() -> None:
    phases = Phases(import_s=9, warm_up_s=9, prepare_s=1, fit_s=5, transform_s=2, score_s=3)
    told = observe(_record(phases=phases, reused_s=4, peak_rss_bytes=7, base_rss_bytes=3))
    assert told == Observation("p", "d", 10, 100, 7.0, 7, None, 3.0, fit_s=5)
    limits = Limits(timeout_s=60.0, memory_bytes=1e9)
    late = observe(_record(status=Status.TIMEOUT, limits=limits, reason="exceeded its limit"))
    assert late == Observation("p", "d", 10, 100, 60.0, exceeded="wall_s")
    full = observe(_record(status=Status.OUT_OF_MEMORY, limits=limits))
    assert full == Observation("p", "d", 10, 100, None, 1e9, exceeded="peak_rss_bytes")
    for status in (Status.TIMEOUT, Status.OUT_OF_MEMORY):
        for cause in (Cause.WARM_UP, Cause.START_UP):
            assert observe(_record(status=status, limits=limits, cause=cause)) is None
    assert observe(_record(status=Status.CRASHED, limits=limits)) is None


def test_a_budget_judges_only_beyond_what_was_tried() -> None:
    limits = Limits(timeout_s=12.0, memory_bytes=1e9)
    known = _runs(lambda n: n / 1_000, (1_000, 3_000, 10_000))
    budget = Budget(limits, known)
    assert budget.left_out(_record(10_000).spec) is None, "tried, however near the limit"
    assert budget.left_out(_record(14_000).spec) is None, "it may just fit"
    left = budget.left_out(_record(100_000).spec)
    assert left is not None
    assert left.cause is Cause.PREDICTED
    assert left.reason.startswith("predicted to exceed its time limit of 12 s: about 100 s (")
    assert left.reason.endswith(", from 3 sizes up to 10,000 on the same data set")
    assert set(left.predicted) == {"wall_s", "wall_s_low", "wall_s_high"}
    assert left.predicted["wall_s_low"] > 12
    assert Budget(limits, known, force=True).left_out(_record(100_000).spec) is None
    memory = [Observation("p", "d", 10, n, 0.1, 1e5 * n) for n in (300, 1_000, 10_000)]
    left = Budget(limits, memory).left_out(_record(100_000).spec)
    assert left is not None
    assert "its memory limit of 0.931 GiB: about 9.3 GiB (" in left.reason
    elsewhere = _runs(lambda n: n / 1_000, (1_000, 3_000, 10_000), dataset="other")
    assert Budget(limits, elsewhere).left_out(_record(100_000).spec) is None


def test_repeats_of_a_size_get_the_same_answer_and_what_follows_a_timeout_its_cost() -> None:
    limits = Limits(timeout_s=12.0, memory_bytes=1e9)
    budget = Budget(limits, _runs(lambda n: n / 1_000, (1_000, 3_000, 10_000)))
    assert budget.left_out(_record(14_000).spec) is None
    late = {"status": Status.TIMEOUT, "limits": limits, "reason": "exceeded"}
    budget.learn(_record(14_000, **late))  # type: ignore[arg-type]
    assert budget.left_out(_record(14_000).spec) is None
    left = budget.left_out(_record(100_000).spec)
    assert left is not None
    assert (left.status, left.cause) == (Status.SKIPPED, Cause.SMALLER_SIZE)
    assert left.reason == "timeout already at the smaller size 14000"
    assert left.predicted["wall_s"] > 80


def test_costs_in_words() -> None:
    assert in_words("wall_s", 903, 612.4, 1_440) == "900 s (610 to 1,400)"
    assert in_words("wall_s", 0.0123, 0.01, 9.96) == "0.012 s (0.01 to 10)"
    assert in_words("peak_rss_bytes", 3.1 * 2**30, 2**30, 2**33) == "3.1 GiB (1 to 8)"


def test_a_training_budget_that_begins_to_bind_does_not_rule_larger_sizes_out() -> None:
    """Stopped early on few cells, after a set number of steps on many: a jump, then flat."""
    known = _runs(
        {1_000: 5.0, 3_000: 6.0, 10_000: 17.0, 30_000: 130.0}.__getitem__,
        (1_000, 3_000, 10_000, 30_000),
    )
    found = _at(known, 100_000)
    assert found.low <= 130 * 100 / 30 + 1e-6
    assert found.low <= found.value <= found.high
    budget = Budget(Limits(timeout_s=600.0, memory_bytes=1e9), known)
    assert budget.left_out(_record(100_000).spec) is None
    assert budget.left_out(_record(1_000_000).spec) is not None, "even in proportion it is too much"


def test_what_exceeded_a_limit_is_told_with_what_it_would_have_cost() -> None:
    limits = Limits(timeout_s=12.0, memory_bytes=1e9)
    done = [_record(n, phases=Phases(fit_s=n / 1_000)) for n in (1_000, 3_000, 10_000)]
    late = _record(100_000, Status.TIMEOUT, limits=limits, reason="exceeded")
    *others, told = with_predictions([*done, late])
    assert others == done
    assert told.predicted["wall_s"] == pytest.approx(100, rel=0.2)
    assert told.predicted["wall_s_low"] >= 12
    alone = with_predictions([late])
    assert alone[0].predicted == {}, "nothing is known to tell it from"
