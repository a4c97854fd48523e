"""Where the runs of a report were made, and by which protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from omicsbench.records.facts import Environment
from omicsbench.records.spec import RunRecord

OF_WORKER = {"threads", "blas", "gpu", "tf32", "packages"}


def environments(records: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Distinct environments, the most used first, each with its number of runs.

    What a worker has loaded, and so can see, depends on its pipeline: runs are of one environment
    where they agree in what both of them know.
    """
    # Records that were read share what is alike; so each environment is looked at once.
    alike = {id(r.environment): r.environment for r in records if r.environment.known}
    counts = Counter(id(r.environment) for r in records)
    found: dict[str, list[tuple[int, Environment]]] = {}
    for number, here in alike.items():
        groups = found.setdefault(here.model_dump_json(exclude=OF_WORKER), [])
        for at, (runs, known) in enumerate(groups):
            if all(known.packages.get(n, v) == v for n, v in here.packages.items()):
                groups[at] = (runs + counts[number], _merged(known, here))
                break
        else:
            groups.append((counts[number], _merged(here, here)))  # in order
    distinct = [(runs, text, known) for text, of in found.items() for runs, known in of]
    distinct.sort(key=lambda group: (-group[0], group[1]))
    return [{"runs": runs, "facts": known} for runs, _, known in distinct]


def _merged(one: Environment, other: Environment) -> Environment:
    seen = {
        "blas": tuple(sorted({*one.blas, *other.blas})),
        "gpu": other.gpu or one.gpu,
        "tf32": one.tf32 if other.tf32 is None else other.tf32,
        "packages": dict(sorted((one.packages | other.packages).items())),
    }
    return one.model_copy(update=seen)


def protocol(records: Sequence[RunRecord]) -> dict[str, Any]:
    return {
        "splits": sorted({r.spec.split for r in records}),
        "repeats": sorted({r.spec.repeat for r in records}),
        "scored": sorted({r.spec.scored for r in records}),
        "threads": sorted({r.spec.threads for r in records}),
        "tasks": sorted({r.spec.task for r in records}),
        "tunings": sorted({r.spec.tuned_as for r in records}),
        "devices": sorted({r.spec.device for r in records}),
        "features": sorted({r.spec.features for r in records}),
        "per_size": any(r.spec.features_per_size for r in records),
    }
