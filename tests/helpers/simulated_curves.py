"""Records of contestants whose mean learning curves are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from omicsbench.records.facts import DatasetFacts
from omicsbench.records.spec import RunRecord
from tests.helpers.builders import record, spec

SIZES = (100, 200, 400, 800)
REAL = DatasetFacts(kind="real", omics=True)


def family_of(name: str) -> str:
    return "deep" if name.startswith("net") else "simple"


def curves(
    means: Mapping[str, Sequence[float]],
    *,
    repeats: int = 10,
    sd: float = 0.001,
    units: int = 0,
    seed: int = 0,
    of: Mapping[str, Any] | None = None,
    info: DatasetFacts = REAL,
) -> list[RunRecord]:
    """Runs by knn_recall; pipelines whose name begins with ``net`` are deep.

    ``units`` of test cells, if any, scatter by 0.1 in each run.
    """
    rng = np.random.default_rng(seed)
    made = []
    for name, mean in means.items():
        for size, value in zip(SIZES, mean, strict=True):
            for repeat in range(repeats):
                score = float(value + sd * rng.normal())
                cell = {"pipeline": name, "size": size, "repeat": repeat}
                own = spec(**({"scored": 10_000} | dict(of or {}) | cell))
                by_unit = score + 0.1 * rng.normal(size=units)
                score = float(by_unit.mean()) if units else score
                made.append(
                    record(
                        own,
                        family=family_of(name),
                        scores={"knn_recall": score},
                        scores_by_unit={"knn_recall": by_unit.tolist()} if units else {},
                        unit=f"{units} groups" if units else "",
                        output_dim=10,
                        dataset_info=info,
                    )
                )
    return made
