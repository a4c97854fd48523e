"""Suites small enough to be run in a test."""

from __future__ import annotations

from typing import Any

from omicsbench.planning.suite import Suite, make_suite


def tiny_suite(*pipelines: str, **more: Any) -> Suite:
    """Two sizes, two repeats, limits of seconds; ``more`` are keys of a suite."""
    settings: dict[str, Any] = {
        "name": "tiny",
        "pipelines": pipelines,
        "repeats": 2,
        "n_components": 2,
        "datasets": [{"name": "linear_control(n=300)", "sizes": [30, 120]}],
        "metrics": ["knn_recall", "reconstruction_r2"],
        "timeout_s": 3,
        "warm_up_timeout_s": 3,
        "memory_gb": 1,
        "threads": 1,
    }
    return make_suite(settings | more)
