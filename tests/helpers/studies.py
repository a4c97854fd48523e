"""Synthetic learning curves, run by run, and the one verdict on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

import builders
from omicsbench.metrics.base import METRICS
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import RunRecord, Status
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.verdict import Verdict

JUDGED = Analysis(reference="pca")
SIZES = (100, 300, 1000, 3000)
MARGIN = 1 / 64
DEEP, PCA, OTHER = "net(n_components=10)", "pca(n_components=10)", "other(n_components=10)"
Curve = Callable[[int], float]


def run(
    pipeline: str,
    size: int,
    repeat: int,
    scores: Mapping[str, float] | None,
    *,
    validation: Mapping[str, float] | None = None,
    family: str = "simple",
    output_dim: int = 10,
    status: Status = Status.TIMEOUT,
    **spec: Any,
) -> RunRecord:
    """One record; without scores it ended as ``status``."""
    given = {
        "dataset": "data",
        "device": "cpu",
        "pipeline_id": "1",
        "features_per_size": False,
        "scored": 100,
    }
    made = builders.spec(
        pipeline=pipeline,
        size=size,
        repeat=repeat,
        seed=repeat,
        features=100,
        background=100,
        metrics=(),
        **given | spec,
    )
    ok = scores is not None
    return builders.record(
        made,
        family=family,
        status=Status.OK if ok else status,
        reason=None if ok else "why",
        output_dim=output_dim if ok else None,
        scores=dict(scores or {}),
        validation=dict(scores or {} if validation is None else validation),
    )


def study(
    curves: Mapping[str, Curve],
    *,
    noise: float = 0.002,
    repeats: int = 5,
    sizes: Iterable[int] = SIZES,
    metric: str = "toy_max",
    seed: int = 0,
    **common: Any,
) -> list[RunRecord]:
    """Runs of pipelines along their curves. A name that begins with ``net`` is deep."""
    rng = np.random.default_rng(seed)
    sign = 1 if METRICS[metric].direction == "max" else -1
    return [
        run(
            p,
            n,
            r,
            {metric: sign * (curve(n) + float(rng.normal(0, noise)))},
            family="deep" if p.startswith("net") else "simple",
            **common,
        )
        for p, curve in curves.items()
        for n in sizes
        for r in range(repeats)
    ]


def one(
    records: Iterable[RunRecord],
    against: str = "reference",
    analysis: Analysis = JUDGED,
    **options: Any,
) -> Verdict:
    found = [v for v in verdicts(records, analysis, **options) if v.against == against]
    assert len(found) == 1
    return found[0]


def flat(value: float) -> Curve:
    return lambda n: value
