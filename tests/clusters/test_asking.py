"""What jobs ask for: more after a loss, never more than their runs may take, less once refused."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

import builders
from omicsbench.clusters.asking import GIB, TRIES, Tries, asked, memory_bytes
from omicsbench.clusters.loads import Load
from omicsbench.clusters.profile import Slurm
from omicsbench.clusters.slurm import LoadLost, SlurmCluster, _Sent
from omicsbench.errors import OmicsbenchError
from omicsbench.records.facts import Limits
from omicsbench.running.job import Conditions, Job


def _load(memory_gib: float = 2, most_gib: float = 17) -> Load:
    limits = Limits(timeout_s=600, memory_bytes=16 * GIB)
    conditions = Conditions("tiny", "/nowhere", "scratch", limits, 60)
    job = Job(conditions, "pca", "simple", False, ((builders.spec(), "/nowhere/d"),))
    return Load((job,), 60.0, memory_gib * GIB, most_gib * GIB)


def test_a_lost_load_asks_for_more_and_at_last_for_all_that_its_runs_may_take() -> None:
    wanted = [memory_bytes(_load(), Tries(sent)) / GIB for sent in range(TRIES)]
    assert wanted == [2, 4, 17]
    assert [memory_bytes(_load(9, 10), Tries(sent)) / GIB for sent in range(TRIES)] == [9, 10, 10]
    minutes = [asked(_load(), Tries(sent), 1440)["time"] for sent in range(TRIES)]
    assert minutes == sorted(minutes)
    assert minutes[1] >= 10 + 1, "time for a run that takes all that it may"
    assert asked(_load(), Tries(2), 12)["time"] == 12


def test_what_slurm_refuses_is_not_asked_again() -> None:
    assert memory_bytes(_load(), Tries(1, refused=1)) == 2 * GIB
    assert memory_bytes(_load(), Tries(2, refused=1)) == 4 * GIB


class Refusing(SlurmCluster):
    """A cluster that takes nothing any more."""

    def __init__(self) -> None:
        self._settings = Slurm()
        self.wanted: list[float] = []

    def _submit(self, sent: Any) -> None:
        self.wanted += [memory_bytes(one.load, one.tries) / GIB for one in sent]
        raise OmicsbenchError("SLURM does not take the jobs: it does not answer.")


def test_a_refusal_is_no_end_unless_it_lasts() -> None:
    """A controller that is being restarted refuses for a moment."""
    cluster, lost = Refusing(), _Sent(_load(), Future(), tries=Tries(1))
    for _ in range(TRIES):
        assert not lost.over
        cluster._send_again([lost])
    assert cluster.wanted == [4, 2, 2]
    with pytest.raises(LoadLost, match="does not answer"):
        lost.future.result(0)
