"""A GPU against the processor, on made-up records whose ratios are known."""

from __future__ import annotations

import pytest

import builders
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import RunRecord
from omicsbench.verdict.devices import speed_ups

SIZES = (100, 1_000, 10_000)


def runs(device: str, seconds: dict[int, float], threads: int = 2) -> list[RunRecord]:
    """Three repeats at each size, which cost a little more each."""
    return [
        builders.record(
            builders.spec(size=n, repeat=r, device=device, threads=threads),
            phases={"fit_s": wall * (1 + 0.02 * r)},
            peak_vram_bytes=None if device == "cpu" else 10**9,
            energy_j=100 * wall,
        )
        for n, wall in seconds.items()
        for r in range(3)
    ]


CPU = runs("cpu", dict(zip(SIZES, (1.0, 4.0, 40.0), strict=True)))
GPU = runs("cuda", dict(zip(SIZES, (2.0, 2.0, 4.0), strict=True)))


def test_time_money_and_energy_each_have_their_ratio() -> None:
    prices = Analysis(price_per_hour={"cpu": 1.0, "cuda": 4.0})
    found = {one.currency: one for one in speed_ups([*CPU, *GPU], prices)}
    assert found["seconds"].ratio == pytest.approx((0.5, 2, 10))
    assert found["seconds"].pays_from == 1_000
    assert found["price"].ratio == pytest.approx((0.125, 0.5, 2.5))
    assert found["price"].pays_from == 10_000
    assert found["joules"].ratio == pytest.approx((0.5, 2, 10))
    assert found["seconds"].pairs == (3, 3, 3)
    assert (found["seconds"].device, found["seconds"].threads) == ("cuda", 2)


def test_without_prices_and_energy_there_is_time_alone() -> None:
    bare = [r.model_copy(update={"energy_j": None}) for r in (*CPU, *GPU)]
    assert [one.currency for one in speed_ups(bare)] == ["seconds"]


def test_each_number_of_threads_is_compared_by_itself() -> None:
    alone = runs("cpu", {100: 3.0}, threads=1)
    found = [one for one in speed_ups([*CPU, *alone, *GPU]) if one.currency == "seconds"]
    assert {one.threads: one.ratio[0] for one in found} == pytest.approx({1: 1.5, 2: 0.5})


def test_one_device_has_nothing_to_be_compared_with() -> None:
    assert not speed_ups(CPU)
    assert not speed_ups([*CPU, *runs("cuda", {300: 1.0})]), "no size in common"


def test_a_method_that_cannot_use_the_device_is_not_compared() -> None:
    untouched = [r.model_copy(update={"peak_vram_bytes": None}) for r in GPU]
    assert not speed_ups([*CPU, *untouched])


def test_what_runs_on_a_device_alone_stands_beside_its_counterpart() -> None:
    """cuML's methods have other names, and tell no memory of the card."""
    twin = [
        builders.record(
            r.spec.model_copy(update={"pipeline": "p_cuda"}),
            phases=r.phases,
            energy_j=r.energy_j,
        )
        for r in GPU
    ]
    assert not speed_ups([*CPU, *twin]), "nothing says that they do the same"
    found = speed_ups([*CPU, *twin], Analysis(counterparts={"p_cuda": "p"}))
    seconds = next(one for one in found if one.currency == "seconds")
    assert (seconds.pipeline, seconds.ratio) == ("p", pytest.approx((0.5, 2, 10)))
    assert seconds.pays_from == 1_000
