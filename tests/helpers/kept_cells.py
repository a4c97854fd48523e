"""Runs whose cells were kept in two dimensions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import builders
from omicsbench.records import embeddings
from omicsbench.records.facts import DatasetFacts
from omicsbench.records.spec import RunRecord
from scatter import CLASSES, clusters


def record(
    folder: Path,
    pipeline: str,
    size: int,
    train: Any,
    kind: str = "real",
    dataset: str = "cells",
    task: str = "embed",
) -> RunRecord:
    """A run of which 300 test cells and, unless None, the training cells are kept."""
    spec = builders.spec(
        task=task,
        dataset=dataset,
        dataset_id=dataset,
        pipeline=pipeline,
        size=size,
        scored=300,
        background=300,
        keep_embedding=True,
    )
    parts = {"test": clusters(300)} | ({} if train is None else {"train": train})
    return builders.record(
        spec,
        output_dim=2,
        scores={"knn_recall": 0.5},
        started_at="2025-01-01T00:00:00Z",
        dataset_info=DatasetFacts(
            kind=kind,
            omics=True,
            provenance="author",
            values="counts",
            label_names=tuple(f"type {i}" for i in range(CLASSES)),
        ),
        embedding=embeddings.write_embedding(folder, spec.key, parts),
    )
