"""Runs of one pipeline measured twice, five repeats a side, changed in what a test is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import builders
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Phases, RunRecord

HERE = Environment(
    platform="Linux-6.1-x86_64-with-glibc2.36",
    python="3.11.7",
    cpu="cpu A",
    cores=8,
    threads={"openmp": 1},
    jobs=1,
    packages={"numpy": "2.0", "scipy": "1.12"},
)
SCORES = {"knn_recall": 0.5, "reconstruction_mse": 0.25, "trustworthiness": 0.75}
Edit = Callable[[int], dict[str, Any]]


def side(day: int, edit: Edit = lambda repeat: {}, **spec: Any) -> list[RunRecord]:
    """Records of the five repeats; ``edit`` gives what differs in the record of each."""
    made = []
    for repeat in range(5):
        fields: dict[str, Any] = {
            "scores": {name: value + 0.001 * repeat for name, value in SCORES.items()},
            "phases": Phases(fit_s=2.0, transform_s=1.0),
            "cpu_s": 4.0,
            "peak_rss_bytes": 100 * 2**20,
            "reference_s": 0.004,
            "environment": HERE,
            "started_at": f"2026-01-{day:02}T00:00:0{repeat}",
        }
        of = builders.spec(repeat=repeat, **spec)
        made.append(builders.record(of, **(fields | edit(repeat))))
    return made


def base(**spec: Any) -> list[RunRecord]:
    return side(1, **spec)


def head(edit: Edit = lambda repeat: {}, **spec: Any) -> list[RunRecord]:
    """The same a day later."""
    return side(2, edit, **spec)


def moved(**by: float) -> Edit:
    """Scores moved by a constant and a little noise of no sign."""

    def edit(repeat: int) -> dict[str, Any]:
        noise = (-0.0002, -0.0001, 0.0, 0.0001, 0.0002)[repeat]
        return {
            "scores": {
                name: value + 0.001 * repeat + by.get(name, 0.0) + (noise if name in by else 0.0)
                for name, value in SCORES.items()
            }
        }

    return edit
