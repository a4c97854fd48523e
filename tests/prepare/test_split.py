"""Disjoint, stratified, seeded; nested subsamples; paired repeats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from omicsbench.errors import DataError
from omicsbench.prepare.split import kind, method_seed, most_repeats, order, smallest_parts, split

SIZES = st.integers(20, 3_000)


@given(SIZES, st.integers(0, 12), st.integers(0, 3), st.integers(1, 9))
def test_parts_are_disjoint_and_whole(n: int, repeat: int, seed: int, classes: int) -> None:
    codes = np.random.default_rng(n).integers(-1, classes, n).astype(np.int32)
    parts = split(codes, n, repeat, seed)
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert np.array_equal(np.sort(together), np.arange(n))
    train, validation, test = smallest_parts(n)
    assert train <= parts.train.size <= train + 2
    assert validation <= parts.validation.size <= validation + 1
    assert test <= parts.test.size <= test + 1
    again = split(codes, n, repeat, seed)
    assert np.array_equal(parts.test, again.test)


@given(SIZES, st.integers(0, 5))
def test_sizes_are_nested(n: int, repeat: int) -> None:
    permutation = order(n, repeat, seed=1)
    assert np.array_equal(np.sort(permutation), np.arange(n))
    assert set(permutation[: n // 3]) <= set(permutation[: n // 2])


def test_a_holdout_is_the_same_for_every_repeat_and_stratified() -> None:
    codes = np.repeat([0, 1, 2], [700, 250, 50]).astype(np.int32)
    first, second = split(codes, 1_000, 0, 0), split(codes, 1_000, 7, 0)
    assert kind(1_000) == "holdout"
    assert np.array_equal(first.test, second.test)
    assert np.bincount(codes[first.test]).tolist() == [140, 50, 10]
    assert not np.array_equal(order(100, 0, 0), order(100, 7, 0))


def test_five_repeats_of_a_cohort_test_every_sample_once() -> None:
    codes = np.repeat([0, 1], [40, 43]).astype(np.int32)
    tests = [split(codes, 83, repeat, 0).test for repeat in range(10)]
    assert np.array_equal(np.sort(np.concatenate(tests[:5])), np.arange(83))
    assert np.array_equal(np.sort(np.concatenate(tests[5:])), np.arange(83))
    assert set(tests[0]) != set(tests[5])


def test_the_test_set_is_capped_and_a_prefix_of_it_is_random() -> None:
    codes = np.repeat([0, 1], 60_000).astype(np.int32)
    parts = split(codes, 120_000, 0, 0)
    assert parts.test.size == 10_000
    assert parts.validation.size <= 1_000
    assert codes[parts.test[:1_000]].mean() == pytest.approx(0.5, abs=0.06)


@pytest.mark.filterwarnings("error")
def test_classes_with_one_member_do_not_stop_the_split() -> None:
    codes = np.concatenate([np.zeros(50), np.arange(1, 15)]).astype(np.int32)
    assert split(codes, 64, 0, 0).test.size in (12, 13)
    assert split(np.arange(64, dtype=np.int32), 64, 0, 0).test.size in (12, 13)
    assert split(None, 64, 0, 0).test.size in (12, 13)


@given(
    st.integers(2, 40), st.integers(20, 400), st.integers(0, 12), st.booleans(), st.integers(0, 3)
)
def test_no_unit_is_on_both_sides(
    groups: int, n: int, repeat: int, uneven: bool, seed: int
) -> None:
    rng = np.random.default_rng([groups, n])
    share = rng.dirichlet(np.full(groups, 0.3)) if uneven else None
    units = np.concatenate([np.arange(groups), rng.choice(groups, n, p=share)])
    codes = rng.integers(0, 3, units.size).astype(np.int32)
    try:
        parts = split(codes, units.size, repeat % groups, seed, units=units)
    except DataError:  # one unit holds nearly all
        assert uneven
        reject()
    together = np.concatenate([parts.train, parts.validation, parts.test])
    assert np.array_equal(np.sort(together), np.arange(units.size))
    train, validation, test = (
        set(units[rows].tolist()) for rows in (parts.train, parts.validation, parts.test)
    )
    assert test
    assert not test & (train | validation)
    if len(train | validation) >= 4:
        assert validation
        assert not train & validation


def test_repeats_draw_units_and_few_units_are_tested_once_each() -> None:
    many, few = np.repeat(np.arange(30), 5), np.repeat(np.arange(7), 20)
    drawn = [set(many[split(None, 150, r, 0, units=many).test].tolist()) for r in range(10)]
    assert sorted(set.union(*drawn[:5])) == sorted(set.union(*drawn[5:])) == list(range(30))
    assert {len(units) for units in drawn} == {6}
    assert drawn[0] != drawn[5]
    tested = [set(few[split(None, 140, r, 0, units=few).test].tolist()) for r in range(7)]
    assert sorted(map(tuple, tested)) == [(unit,) for unit in range(7)]
    assert (most_repeats(7), most_repeats(30)) == (7, None)
    with pytest.raises(DataError, match="one unit only"):
        split(None, 20, 0, 0, units=np.zeros(20, dtype=np.int64))


def test_seeds_differ_between_repeats_and_are_stable() -> None:
    seeds = [method_seed(repeat, 0) for repeat in range(50)]
    assert len(set(seeds)) == 50
    assert seeds[0] == method_seed(0, 0) != method_seed(0, 1)
