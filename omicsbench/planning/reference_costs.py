"""What runs cost on the machine that the committed results come from, for plans without any runs.

The file is made by a command, of results folders, whenever those are renewed:
``python -m omicsbench.planning.reference_costs results/*/``. It holds medians over repeats.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from math import log
from pathlib import Path
from statistics import median

from omicsbench.records import store
from omicsbench.records.costs import CostTerms, Observation, observe
from omicsbench.records.spec import RunRecord, Status
from omicsbench.records.table import base_name

FILE = Path(__file__).with_name("reference_costs.json")
HEADS = (
    "task",
    "pipeline",
    "device",
    "dataset",
    "features",
    "size",
    "wall_s",
    "peak_rss_bytes",
    "base_rss_bytes",
    "start_s",
)
DIGITS = 3  # that are significant
Same = tuple[str, str, str]  # task, label and device: what a cost is looked up by
Line = tuple[str, str, str, str, int, int, float, float, float, float]


@dataclass(frozen=True)
class ReferenceCosts:
    """Costs by task, label and device, the seconds of a start by label, and the ``machine``."""

    machine: str = ""
    seen: Mapping[Same, Sequence[Observation]] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)

    def of(self, terms: CostTerms, dataset: str, features: int) -> list[Observation]:
        """Costs of a pipeline as if they were of this data set.

        They are those on it, split in whatever way, or on the data sets whose number of features is
        nearest; of whatever version, threads and features. Each is better than nothing known.
        """
        found = self.seen.get((terms.task, terms.label, terms.device), ())
        near = [o for o in found if base_name(o.dataset) == base_name(dataset)]
        if not near and found:
            nearest = min((o.features for o in found), key=lambda p: abs(log(p / features)))
            near = [o for o in found if o.features == nearest]
            return [replace(o, features=features) for o in near]
        return [replace(o, dataset=dataset) for o in near]


@cache
def reference_costs() -> ReferenceCosts:
    """Those that the package carries."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    seen: dict[Same, list[Observation]] = defaultdict(list)
    starts: dict[str, list[float]] = defaultdict(list)
    for task, label, device, dataset, features, size, wall, peak, base, start in content["rows"]:
        seen[task, label, device].append(
            Observation(label, dataset, features, size, wall, peak, base_rss_bytes=base)
        )
        starts[label].append(start)
    return ReferenceCosts(
        content["machine"], seen, {label: median(found) for label, found in starts.items()}
    )


def gathered(records: Iterable[RunRecord]) -> tuple[str, list[Line]]:
    """The machine that most finished runs were on, and a row for each of its kinds of runs."""
    by_machine: dict[str, dict[tuple[object, ...], list[RunRecord]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for r in records:
        if r.status is Status.OK:
            here, spec = r.environment, r.spec
            seen = observe(r)
            assert seen is not None
            head = (spec.task, spec.label, spec.device, spec.dataset, seen.features, spec.size)
            by_machine[f"{here.cpu}, {here.cores} cores"][head].append(r)
    if not by_machine:
        return "", []
    machine, kinds = max(by_machine.items(), key=lambda item: sum(map(len, item[1].values())))
    return machine, sorted((*head, *_costs(runs)) for head, runs in kinds.items())  # type: ignore[misc]


def _costs(runs: Sequence[RunRecord]) -> tuple[float, ...]:
    seen = [one for one in map(observe, runs) if one]
    of = (
        [one.wall_s or 0.0 for one in seen],
        [one.peak_rss_bytes or 0.0 for one in seen],
        [one.base_rss_bytes for one in seen],
        [r.phases.import_s + r.phases.warm_up_s for r in runs],
    )
    return tuple(float(f"{median(values):.{DIGITS}g}") for values in of)


def write(folders: Iterable[Path], file: Path = FILE) -> int:
    """Write what the runs stored in these folders cost; returns the number of rows."""
    records = (r for folder in folders for r in store.each(folder))
    machine, rows = gathered(records)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps({"machine": machine, "heads": HEADS}, ensure_ascii=False)[:-1]
    store.write_text(file, f'{head}, "rows": [\n{lines}\n]}}\n')
    return len(rows)


if __name__ == "__main__":
    print(f"{write(map(Path, sys.argv[1:]))} rows in {FILE}")
