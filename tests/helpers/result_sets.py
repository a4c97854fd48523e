"""Packed result sets of made-up runs, of the project and of others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import builders
from omicsbench.records import store
from omicsbench.records.packing import pack
from omicsbench.records.planned import write_plan
from omicsbench.records.spec import RunRecord
from omicsbench.records.submission import SetCheck, Submission, content_hash, write_submission

DATASETS = 7
STRENGTH = {"pca(10)": 0.9, "autoencoder(10, depth=2)": 0.8, "random_projection(10)": 0.5}


def runs(
    strength: dict[str, float], datasets: int = DATASETS, repeats: int = 5, **told: object
) -> list[RunRecord]:
    """Contestants whose scores are told by ``strength``, on data sets that agree but for noise."""
    rng = np.random.default_rng(0)
    return [
        builders.record(
            builders.spec(
                pipeline=pipeline,
                dataset=f"data{number}",
                dataset_id=str(number),
                size=100,
                repeat=repeat,
                metrics=("knn_transfer_balanced_accuracy",),
            ),
            family="deep" if "auto" in pipeline else "simple",
            output_dim=10,
            scores={"knn_transfer_balanced_accuracy": score + 0.001 * rng.normal()},
            validation={"knn_transfer_balanced_accuracy": score},
            environment={"cpu": "a", "cores": 2},
            dataset_info={"name": f"data{number}", "source": "https://example.org"},
            **{"started_at": "2026-01-02T00:00:00"} | told,
        )
        for pipeline, score in strength.items()
        for number in range(datasets)
        for repeat in range(repeats)
    ]


def made(folder: Path, records: list[RunRecord], author: str = "", problem: str = "") -> Path:
    """A packed result set; of somebody else where ``author`` is named."""
    store.open_folder(folder)
    for record in records:
        store.write_record(folder, record)
    suite = json.dumps({"name": "s", "analysis": {}})
    write_plan(folder, suite, [r.key for r in records], f"omicsbench run {folder.name}")
    pack(folder)
    if author:
        checks = (SetCheck(rule="every run is sound", problem=problem),)
        write_submission(
            folder, Submission(author=author, records=content_hash(folder), checks=checks)
        )
    return folder
