"""What the job of a load asks SLURM for: more after each try that was lost."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from omicsbench.clusters.loads import Load
from omicsbench.records.costs import bounds

TRIES = 3  # of a load whose jobs are lost
START_MINUTES = 5.0  # of a job besides its runs
GIB = 2**30


@dataclass
class Tries:
    """How often a load was sent since its last progress, and not taken again since its first."""

    sent: int = 0
    refused: int = 0

    @property
    def more(self) -> int:
        """By how much what is asked for grows: what SLURM refused is not asked again."""
        return int(2 ** max(self.sent - self.refused, 0))


def asked(load: Load, tries: Tries, max_minutes: float) -> dict[str, Any]:
    """Options of submitit for the next job of a load."""
    seconds = load.seconds * tries.more
    if tries.sent:  # it may have been cut off in a run that took all that it may
        longest = max(bounds(job.runs[0][0], job.limits)["wall_s"] for job in load.jobs)
        seconds = max(seconds, load.seconds + longest)
    made = {
        "time": min(_stepped(seconds / 60 + START_MINUTES), ceil(max_minutes)),
        "mem": f"{ceil(memory_bytes(load, tries) / GIB)}GB",
        "cpus_per_task": load.threads,
    }
    return made | ({"gpus_per_node": load.gpus} if load.gpus else {})


def memory_bytes(load: Load, tries: Tries) -> float:
    """Memory of that job, whole GiB: in the last try all that the load's runs may take."""
    last = tries.sent == TRIES - 1 and not tries.refused
    wanted = load.most_bytes if last else load.memory_bytes * tries.more
    return float(ceil(min(wanted, load.most_bytes) / GIB) * GIB)


def _stepped(minutes: float) -> int:
    """Whole minutes in steps that few arrays suffice for: 10, 20, 40, ..."""
    steps = 10
    while steps < minutes:
        steps *= 2
    return steps
