"""Loads: every run once, no load longer than asked, alike ones together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import builders
from omicsbench.clusters.loads import SCORER_BYTES, SPARE, UNKNOWN, Load, loads
from omicsbench.planning.known_costs import KnownCosts
from omicsbench.planning.reference_costs import ReferenceCosts
from omicsbench.records.costs import Observation, cost_terms
from omicsbench.records.facts import Limits
from omicsbench.running.job import Conditions, Job

GIB = 2**30
LEAST = 1.0 * GIB


def _job(pipeline: str, datasets: int, repeats: int, sizes: tuple[int, ...] = (100,)) -> Job:
    runs = tuple(
        (builders.spec(pipeline=pipeline, dataset=f"d{d}", size=n, repeat=r), f"/nowhere/d{d}")
        for d in range(datasets)
        for n in sizes
        for r in range(repeats)
    )
    limits = Limits(timeout_s=600, memory_bytes=16 * GIB)
    conditions = Conditions("tiny", "out", "scratch", limits, 60)
    return Job(conditions, pipeline, "simple", False, runs)


def _costs(**seconds: float) -> KnownCosts:
    """Every run of a pipeline took as long, and 2 GiB, on each data set and size."""
    seen = {}
    for name, wall in seconds.items():
        terms = cost_terms(builders.spec(pipeline=name))
        seen[terms.task, terms.label, terms.device] = [
            Observation(name, "d0", terms.features, n, wall_s=wall, peak_rss_bytes=2.0 * GIB)
            for n in (50, 100, 200)
        ]
    return KnownCosts([], ReferenceCosts("a machine", seen))


def _keys(found: list[Load]) -> Counter[str]:
    return Counter(spec.key for load in found for job in load.jobs for spec, _ in job.runs)


def test_short_runs_go_together_and_long_chains_apart() -> None:
    short, long = _job("pca", 1, 4), _job("umap", 3, 4)
    found = loads([[short], [short], [long]], _costs(pca=1, umap=100), 900, LEAST)
    assert [job.pipeline for job in found[0].jobs[:2]] == ["pca", "pca"]
    assert len(found) > 1
    assert all(load.seconds <= 900 for load in found)
    parts = [job for load in found for job in load.jobs if job.pipeline == "umap"]
    for job in parts:
        assert len({spec.dataset for spec, _ in job.runs}) == 1, "data sets go apart before repeats"
        assert len(job.runs) == 4


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(["pca", "umap", "new"]), st.integers(1, 3), st.integers(1, 5)),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([60.0, 600.0, 3600.0]),
)
def test_every_run_is_in_one_load(chains: list[tuple[str, int, int]], most_s: float) -> None:
    jobs = [[_job(*chain)] for chain in chains]
    found = loads(jobs, _costs(pca=2, umap=70), most_s, LEAST)
    assert _keys(found) == Counter(
        spec.key for chain in jobs for job in chain for spec, _ in job.runs
    )
    for load in found:
        assert load.seconds <= most_s or load.runs == len({j.pipeline for j in load.jobs})


def test_what_is_unknown_counts_with_a_share_of_its_limit_and_is_given_the_least_memory() -> None:
    (unknown,) = loads([[_job("new", 1, 3)]], _costs(), 3600, LEAST)
    assert unknown.seconds == pytest.approx(3 * 600 * UNKNOWN)
    assert unknown.memory_bytes == LEAST
    (known,) = loads([[_job("pca", 1, 3)]], _costs(pca=1), 3600, LEAST)
    assert known.memory_bytes >= SPARE * 2 * GIB + SCORER_BYTES
    assert known.seconds < 600


def test_a_run_on_a_gpu_asks_for_one_and_goes_apart() -> None:
    job = _job("pca", 1, 1)
    on_gpu = replace(job, on_gpu=True)
    assert [load.gpus for load in loads([[job], [on_gpu]], _costs(), 3600, LEAST)] == [0, 1]


def test_prepared_data_that_are_gone_do_not_stop_it(tmp_path: Path) -> None:
    job = _job("pca", 1, 1)
    gone = replace(job, runs=tuple((spec, str(tmp_path / "gone")) for spec, _ in job.runs))
    assert loads([[gone]], _costs(pca=1), 60, LEAST)[0].runs == 1


def test_memory_that_differs_much_is_asked_for_apart() -> None:
    costs = KnownCosts(
        [],
        ReferenceCosts(
            "a machine",
            {
                (t.task, t.label, t.device): [
                    Observation(name, "d0", t.features, 100, wall_s=1.0, peak_rss_bytes=gib * GIB)
                ]
                for name, gib in (("pca", 0.5), ("umap", 2.0), ("tsne", 400.0))
                for t in [cost_terms(builders.spec(pipeline=name))]
            },
        ),
    )
    found = loads([[_job(name, 1, 1)] for name in ("pca", "umap", "tsne")], costs, 3600, LEAST)
    _, some, most = (load.memory_bytes for load in found)
    assert SPARE * 2 * GIB + SCORER_BYTES <= some < most
    assert most == 16 * GIB + SCORER_BYTES, "no run may take more than its limit"
