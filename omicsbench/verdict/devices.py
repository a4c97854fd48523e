"""A GPU against the processor: the same contestant, data set, size and repeat, run on both.

A pipeline that runs on a device alone stands beside its counterpart, where the suite names one.

By wall time of fit, transform and search; by money, where an hour of both devices has a price; by
energy, where both are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from omicsbench.records.analysis import UNSTATED, Analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import current
from omicsbench.stats.speed_up import pays_from, ratios
from omicsbench.verdict.equal_cost import cost_of

DeviceCost = Literal["seconds", "price", "joules"]


@dataclass(frozen=True)
class SpeedUp:
    """What a contestant costs on the processor, times what it costs on another device, by n.

    Above 1 the device is the cheaper one. The ends of an interval are NaN below two pairs.
    ``pays_from`` is the n from which on the device is shown to be cheaper; None if it is not.
    """

    dataset: str
    task: str
    output_dim: int | None
    pipeline: str
    device: str
    threads: int  # of the processor's runs
    currency: DeviceCost
    sizes: tuple[int, ...]
    pairs: tuple[int, ...]
    ratio: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    pays_from: int | None


def speed_ups(records: Iterable[RunRecord], analysis: Analysis = UNSTATED) -> list[SpeedUp]:
    """Every contestant that ran on a processor and on another device, by each currency known.

    A run that took no memory of a CUDA device is of a method that cannot use it, or not by torch:
    that is left out unless it has a counterpart, which is named as it is.
    """
    twins = analysis.counterparts
    done = [
        r
        for r in current(records)
        if r.status is Status.OK
        and not r.is_control
        and (r.spec.device != "cuda" or r.peak_vram_bytes or r.spec.label in twins)
    ]
    prices = {str(device): price for device, price in analysis.price_per_hour.items()}
    found = []
    for terms, runs in sorted(_alike(done, twins).items(), key=lambda item: str(item[0])):
        devices = sorted({r.spec.device for r in runs} - {"cpu"})
        threads = sorted({r.spec.threads for r in runs if r.spec.device == "cpu"})
        for currency in get_args(DeviceCost):
            costs = {r.key: cost_of(r, currency, prices) for r in runs}
            for device in devices:
                beside = sorted({r.spec.threads for r in runs if r.spec.device == device})
                for number in threads:
                    one = _of(runs, costs, "cpu", number)
                    other = _of(runs, costs, device, number if number in beside else beside[0])
                    if sizes := sorted({size for size, _ in one.keys() & other.keys()}):
                        where = (terms[1], terms[0], terms[-2], terms[-1], device, number)
                        found.append(_compared(where, currency, one, other, sizes))
    return found


def _alike(
    done: Iterable[RunRecord], twins: Mapping[str, str]
) -> dict[tuple[Any, ...], list[RunRecord]]:
    """Runs that differ by nothing but device, threads, size and repeat."""
    groups: dict[tuple[Any, ...], list[RunRecord]] = defaultdict(list)
    for r in done:
        s = r.spec
        name = s.label if s.device == "cpu" else twins.get(s.label, s.label)
        terms = (s.task, s.dataset, s.dataset_id, s.split, s.features, r.output_dim, name)
        groups[terms].append(r)
    return groups


def _of(
    runs: Iterable[RunRecord],
    costs: dict[str, float | None],
    device: str,
    threads: int,
) -> dict[tuple[int, int], float]:
    """What is known of the costs on a device, by size and repeat."""
    return {
        (r.spec.size, r.spec.repeat): cost
        for r in runs
        if r.spec.device == device and r.spec.threads == threads and (cost := costs[r.key])
    }


def _compared(
    where: tuple[Any, ...],
    currency: DeviceCost,
    one: dict[tuple[int, int], float],
    other: dict[tuple[int, int], float],
    sizes: list[int],
) -> SpeedUp:
    repeats = sorted({repeat for _, repeat in one.keys() & other.keys()})
    first, second = (
        np.array([[of.get((n, r), np.nan) for n in sizes] for r in repeats]) for of in (one, other)
    )
    ratio, low, high = ratios(first, second)
    dataset, task, output_dim, pipeline, device, threads = where
    return SpeedUp(
        dataset=dataset,
        task=task,
        output_dim=output_dim,
        pipeline=pipeline,
        device=device,
        threads=threads,
        currency=currency,
        sizes=tuple(sizes),
        pairs=tuple(int(n) for n in np.isfinite(first / second).sum(axis=0)),
        ratio=tuple(map(float, ratio)),
        low=tuple(map(float, low)),
        high=tuple(map(float, high)),
        pays_from=pays_from(np.array(sizes), low),
    )
