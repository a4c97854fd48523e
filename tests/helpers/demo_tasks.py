"""Made-up records of predictions and of joint embeddings, and what their page shows."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import builders
from demo import EVIL
from omicsbench.records.spec import Phases, RunRecord, RunSpec, Status
from omicsbench.records.store import open_folder, write_record

SIZES = (50, 200, 800)
REPEATS = 5
# Metrics of these tasks: direction and group, and whether secondary.
PREDICTED = {
    "balanced_accuracy": ("max", "classes", False),
    "log_loss": ("min", "calibration", False),
    "calibration_error": ("min", "calibration", False),
    "macro_f1": ("max", "classes", True),
}
PARTS = {
    "modality_recall": ("max", ("rna", "protein")),
    "modality_balance": ("max", ("rna", "protein")),
    "cross_modal_r2": ("max", ("protein",)),
    "cross_modal_spearman": ("max", ("protein",)),
    "foscttm": ("min", ("rna > protein",)),
}
# pipeline: family, accuracy at the smallest size, gain per decade, how overconfident, samples
PREDICTORS: dict[str, tuple[str, float, float, float, int]] = {
    "logistic_regression(C=1.0)": ("simple", 0.70, 0.08, 0.02, 0),
    "boosted_trees(n_estimators=100)": ("simple", 0.62, 0.11, 0.10, 0),
    "nearest_neighbours(n_neighbors=15)": ("simple", 0.60, 0.08, -0.05, 0),
    "net_classifier(depth=2)": ("deep", 0.55, 0.15, 0.15, 0),
    "bayesian_net(guide='normal')": ("deep", 0.54, 0.15, 0.01, 60),
    "ensemble_net(n_members=5)": ("deep", 0.56, 0.15, 0.04, 5),
    "majority_class": ("control", 0.10, 0.0, 0.0, 0),
}
JOINT: dict[str, tuple[str, int, float, float]] = {
    "joint_pca(n_components=10)": ("simple", 10, 0.40, 0.03),
    "factor_model(n_components=10)": ("simple", 10, 0.41, 0.04),
    "joint_autoencoder(n_components=10)": ("deep", 10, 0.30, 0.09),
    "joint_vae(n_components=10)": ("deep", 10, 0.28, 0.10),
    "random_space(n_components=10)": ("control", 10, 0.02, 0.0),
    "joint_vae(n_components=10) > map(n_components=2)": ("deep", 2, 0.22, 0.05),
    "joint_pca(n_components=10) > map(n_components=2)": ("simple", 2, 0.24, 0.03),
}
INFO: dict[str, Any] = {
    "summary": "Made up for the tests.",
    "source": "https://doi.org/10.1/x",
    "licence": "CC0",
    "values": "counts",
    "label": "cell_type",
    "n_cells": 5000,
    "n_features": 20_000,
    "label_names": ["B cells", "T cells", "Monocytes"],
    "notes": [],
    "kind": "real",
    "omics": True,
    "provenance": "sorted",
}
MODALITIES = {
    "rna": {"values": "counts", "n_features": 20_000, "n_selected": 2000},
    "protein": {"values": "counts", "n_features": 188, "n_selected": 188},
}
ENVIRONMENT = {"omicsbench": "0.1.0", "python": "3.11", "cpu": "Some CPU", "packages": {}}


def spec(task: str, dataset: str, pipeline: str, size: int, repeat: int, **more: Any) -> RunSpec:
    return builders.spec(
        task=task,
        dataset=dataset,
        dataset_id=dataset,
        pipeline=pipeline,
        size=size,
        repeat=repeat,
        threads=2,
        seed=repeat,
        features=2000,
        scored=1000,
        background=1000,
        metrics=(),
        **more,
    )


def ended(pipeline: str, size: int, repeat: int) -> tuple[Status, str | None]:
    """The deepest net times out at the largest size, the trees crash once."""
    if size == SIZES[-1] and "depth=2" in pipeline:
        return Status.TIMEOUT, "longer than 600 s"
    if size == SIZES[0] and "trees" in pipeline and repeat == 1:
        return Status.CRASHED, f"signal 11 {EVIL}"
    return Status.OK, None


def curves(
    rng: np.random.Generator, level: float, over: float, samples: int, held_out: bool
) -> dict[str, dict[str, list[float]]]:
    """The curves of one repeat: 1,000 rows whose confidence is too high by ``over``."""
    top = np.clip(rng.beta(8 * level + 0.5, 8 * (1 - level) + 0.5, 1000), 0.2, 0.9999)
    right = rng.random(1000) < np.clip(top - over, 0, 1)
    place = np.minimum((top * 15).astype(int), 14)
    used = np.unique(place)
    order = np.argsort(-top)
    kept = [(i + 1) / 20 for i in range(20)]
    made: dict[str, dict[str, list[float]]] = {
        "reliability": {
            "confidence": [float(top[place == b].mean()) for b in used],
            "accuracy": [float(right[place == b].mean()) for b in used],
            "rows": [float((place == b).sum()) for b in used],
        },
        "coverage": {
            "coverage": kept,
            "accuracy": [float(right[order[: int(1000 * c)]].mean()) for c in kept],
        },
    }
    if samples:
        made["posterior"] = {"accuracy": rng.normal(level - 0.02, 0.012, samples).tolist()}
    if held_out:
        centres = (np.arange(20) + 0.5) / 20
        edges = np.linspace(0, 1, 21)
        made["uncertainty"] = {
            "entropy": centres.tolist(),
            "known": (np.histogram(rng.beta(1.2, 6, 900), edges)[0] / 900).tolist(),
            "held_out": (np.histogram(rng.beta(3 - 10 * over, 3, 100), edges)[0] / 100).tolist(),
        }
    return made


def predicted(dataset: str = "blood_cells", held_out: str | None = None) -> list[RunRecord]:
    """Records of task predict on one data set, or on it without a class."""
    rng = np.random.default_rng(len(dataset))
    name = f"{dataset} (held out: {held_out})" if held_out else dataset
    info = INFO | {"name": name} | ({"held_out": held_out} if held_out else {})
    records = []
    for repeat in range(REPEATS):
        for size in SIZES:
            draw = rng.normal(0, 0.008)
            for pipeline, (family, start, gain, over, samples) in PREDICTORS.items():
                level = start + gain * np.log10(size / SIZES[0]) + draw + rng.normal(0, 0.004)
                of = spec("predict", name, pipeline, size, repeat)
                status, reason = ended(pipeline, size, repeat)
                fine = status is Status.OK

                def scores(level: float = level, over: float = over) -> dict[str, float]:
                    return {
                        "balanced_accuracy": level,
                        "log_loss": 1.5 - level,
                        "calibration_error": abs(over) + rng.uniform(0, 0.01),
                        "macro_f1": level - 0.01,
                    }

                test = scores()
                units = (level + rng.normal(0, 0.02, 20)).tolist()
                records.append(
                    builders.record(
                        of,
                        family=family,
                        status=status,
                        reason=reason,
                        scores=test if fine else {},
                        validation=scores() if fine else {},
                        scores_se={"balanced_accuracy": 0.01} if fine else {},
                        scores_by_unit={"balanced_accuracy": units} if fine else {},
                        unit="groups of cells",
                        curves=curves(rng, level, over, samples, bool(held_out)) if fine else {},
                        phases=Phases(fit_s=0.01 * size * rng.uniform(0.9, 1.1)),
                        peak_rss_bytes=4 * 10**8,
                        dataset_info=info,
                        environment=ENVIRONMENT,
                        suite="demo",
                        started_at=f"2025-03-{repeat + 1:02d}T00:00:00Z",
                    )
                )
    return records


def joint(dataset: str = "citeseq", folder: Path | None = None) -> list[RunRecord]:
    """Records of task integrate: two modalities, of which the deep side keeps the second better."""
    rng = np.random.default_rng(1)
    info = INFO | {"name": dataset, "modalities": MODALITIES}
    records = []
    for repeat in range(REPEATS):
        for size in SIZES:
            draw = rng.normal(0, 0.006)
            for pipeline, (family, dim, start, gain) in JOINT.items():
                level = start + gain * np.log10(size / SIZES[0]) + draw + rng.normal(0, 0.004)
                keep = dim == 2 and repeat == 0 and folder is not None
                of = spec("integrate", dataset, pipeline, size, repeat, keep_embedding=keep)
                tilt = 0.1 if family == "deep" else -0.05
                share = 0.5 - tilt + rng.normal(0, 0.01)
                parts = {
                    "modality_recall": {"rna": level - tilt, "protein": level + tilt},
                    "modality_balance": {"rna": share, "protein": 1 - share},
                    "cross_modal_r2": {"protein": level - 0.1},
                    "cross_modal_spearman": {"protein": level},
                    "foscttm": {"rna > protein": 0.5 - level},
                }
                if family == "control" or dim == 2:
                    parts = {m: parts[m] for m in ("modality_recall", "modality_balance")}
                means = {m: float(np.mean(list(of_m.values()))) for m, of_m in parts.items()}
                if keep and folder is not None:
                    (folder / "embeddings").mkdir(parents=True, exist_ok=True)
                    Z = rng.normal(size=(300, 2)).astype(np.float32)
                    np.save(folder / "embeddings" / f"{of.key}.npy", Z)
                records.append(
                    builders.record(
                        of,
                        family=family,
                        status=Status.OK,
                        output_dim=dim,
                        scores=means,
                        validation=means,
                        parts=parts,
                        phases=Phases(fit_s=0.02 * size * rng.uniform(0.9, 1.1)),
                        peak_rss_bytes=5 * 10**8,
                        dataset_info=info,
                        environment=ENVIRONMENT,
                        suite="demo",
                        started_at=f"2025-03-{repeat + 1:02d}T00:00:00Z",
                        embedding=f"embeddings/{of.key}.npy" if keep else None,
                    )
                )
    return records


def embedded(dataset: str = "blood_cells") -> list[RunRecord]:
    """Records of task embed on a data set that predictions have too."""
    rng = np.random.default_rng(2)
    records = []
    for family, pipeline, start, gain in (
        ("simple", "pca(n_components=10)", 0.4, 0.02),
        ("deep", "deep_space(10)", 0.2, 0.2),
    ):
        for repeat in range(REPEATS):
            for size in SIZES:
                level = start + gain * np.log10(size / SIZES[0]) + rng.normal(0, 0.005)
                of = spec("embed", dataset, pipeline, size, repeat)
                scores = {"knn_recall": level, "reconstruction_r2": level}
                records.append(
                    builders.record(
                        of,
                        family=family,
                        status=Status.OK,
                        output_dim=10,
                        scores=scores,
                        validation=scores,
                        phases=Phases(fit_s=0.1),
                        peak_rss_bytes=4 * 10**8,
                        dataset_info=INFO | {"name": dataset},
                        environment=ENVIRONMENT,
                        suite="demo",
                        started_at="2025-03-01",
                    )
                )
    return records


class _Text(HTMLParser):
    """What a reader sees, and the ids on the way."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.shown, self.ids, self._quiet = "", set[str](), False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids.add(dict(attrs).get("id") or "")
        self._quiet = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False

    def handle_data(self, data: str) -> None:
        self.shown += "" if self._quiet else data


def read(page: Path) -> _Text:
    return _Text(page.read_text(encoding="utf-8"))


def drawn(page: Path) -> dict[str, Any]:
    """What the page hands to its script."""
    text = page.read_text(encoding="utf-8")
    found = re.search(r'type="([^"]+)" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    kind, content = found.groups()
    if kind == "text/plain":
        content = zlib.decompress(base64.b64decode(content)).decode()
    return dict(json.loads(content))


def own(records: Sequence[RunRecord], pipeline: str) -> list[RunRecord]:
    """Runs of a pipeline at the largest size, on the first of the data sets."""
    return [
        r
        for r in records
        if (r.spec.pipeline, r.spec.size) == (pipeline, SIZES[-1])
        and r.spec.dataset == records[0].spec.dataset
    ]


def rows(page: Path, name: str, **given: str) -> pd.DataFrame:
    """Rows of a table beside the page, in which some columns have given values."""
    table = pd.read_csv(page.parent / f"{name}.csv")
    assert set(table["size"]) == {SIZES[-1]}
    for column, value in given.items():
        table = table[table[column] == value]
    return table


def embedded_in(folder: Path) -> Path:
    """A results folder that holds the runs of ``embedded``."""
    made = open_folder(folder)
    for record in embedded():
        write_record(made, record)
    return made
