"""Floor and ceiling of metrics on the data at hand, by what they declare as their ``room``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from omicsbench.metrics.base import OF_DATA, OF_NOISE, End, Metric, MetricUndefined, needs_of

AtHand = Mapping[str, Any]  # by the name of the need


def rooms(
    metrics: Iterable[Metric],
    inputs: AtHand,
    noise: AtHand | None = None,
    data: Sequence[AtHand] = (),
) -> dict[str, tuple[float, float]]:
    """Floor and ceiling of each metric that declares a room and has one on these inputs.

    ``noise`` are the inputs where the embedding is drawn at random, ``data`` those where it is
    what was measured, in one form or another, of which the best counts. Left out where there is no
    embedding, or none is asked for.
    """
    made = {}
    for metric in metrics:
        if metric.room is None:
            continue
        with suppress(Exception):  # undefined here, or failed: the run itself tells of that
            floor, ceiling = (_end(metric, end, inputs, noise, data) for end in metric.room)
            if math.isfinite(floor) and math.isfinite(ceiling):
                made[metric.name] = floor, ceiling
    return made


def asked(metrics: Iterable[Metric], end: End) -> bool:
    """Whether the room of some metric has such an end."""
    return any(metric.room is not None and end in metric.room for metric in metrics)


def _end(
    metric: Metric, end: End, inputs: AtHand, noise: AtHand | None, data: Sequence[AtHand]
) -> float:
    """One end of a room. Raises MetricUndefined where it is not known."""
    if end == OF_NOISE:
        return float(metric(**(noise or {})))
    if end == OF_DATA:
        found = [float(metric(**given)) for given in data or ({},)]
        return max(found) if metric.direction == "max" else min(found)
    if not callable(end):
        return float(end)
    needed = {need: inputs.get(need) for need in needs_of(end)}
    if any(value is None for value in needed.values()):
        raise MetricUndefined("an input is missing")
    return float(end(**needed))
