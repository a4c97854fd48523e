"""Where the runs of a report were made, and by which protocol."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from omicsbench.records.spec import RunRecord


def environments(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Distinct environments, the most used first, each with its number of runs."""
    counts: dict[str, int] = {}
    blas: dict[str, set[str]] = {}
    gpu: dict[str, str | None] = {}
    for r in (r for r in records if r.environment):
        # What a worker has loaded, and so can see, depends on its pipeline, not on the machine.
        same = {k: v for k, v in r.environment.items() if k not in ("threads", "blas", "gpu")}
        text = json.dumps(same, sort_keys=True, default=str)
        counts[text] = counts.get(text, 0) + 1
        blas.setdefault(text, set()).update(r.environment.get("blas", ()))
        gpu[text] = r.environment.get("gpu") or gpu.get(text)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        {"runs": number, "facts": json.loads(text) | {"blas": sorted(blas[text]), "gpu": gpu[text]}}
        for text, number in ordered
    ]


def protocol(records: Sequence[RunRecord]) -> dict[str, Any]:
    return {
        "splits": sorted({r.spec.split for r in records}),
        "repeats": sorted({r.spec.repeat for r in records}),
        "scored": sorted({r.spec.scored for r in records}),
        "threads": sorted({r.spec.threads for r in records}),
        "tasks": sorted({r.spec.task for r in records}),
        "tunings": sorted({str(r.spec.tuning or "") for r in records}),
        "devices": sorted({r.spec.device for r in records}),
        "features": sorted({r.spec.features for r in records}),
        "per_size": any(r.spec.features_per_size for r in records),
    }
