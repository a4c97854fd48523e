"""Made-up records of embeddings, with learning curves, failures and pictures; and their page."""

from __future__ import annotations

import base64
import zlib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

import builders
from omicsbench.metrics.base import METRICS
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import Phases, RunRecord, Status

Made = tuple[list[RunRecord], Path]  # records and the page made of them
JUDGED = Analysis(reference="pca")
SIZES = (100, 300, 1000, 3000, 10_000)
REPEATS = 5
CLASSES = [f"type {i}" for i in range(18)]
EVIL = "<script>alert(1)</script>"
# pipeline: family, output_dim, score at n = 100, gain per decade, seconds at n = 100
PIPELINES: dict[str, tuple[str, int, float, float, float]] = {
    "pca(n_components=10)": ("simple", 10, 0.62, 0.02, 0.01),
    "factors(n_components=10)": ("simple", 10, 0.58, 0.03, 0.08),
    "autoencoder(n_components=10, depth=8)": ("deep", 10, 0.42, 0.16, 4.0),
    "variational(n_components=10)": ("deep", 10, 0.40, 0.08, 6.0),
    "random_embedding(n_components=10)": ("control", 10, 0.10, 0.0, 0.001),
    "pca(n_components=10) > neighbour_map": ("simple", 2, 0.55, 0.03, 1.0),
    "deep_map(n_components=2)": ("deep", 2, 0.40, 0.06, 5.0),
}
DATASETS: dict[str, dict[str, Any]] = {
    "blood_cells": {"kind": "real", "omics": True, "provenance": "author"},
    "cohort(n=12000)": {"kind": "real", "omics": True, "provenance": "computed"},
    "digits": {"kind": "real", "omics": False, "provenance": "author"},
    "linear_control(n=12000)": {"kind": "simulated", "omics": True, "provenance": "simulated"},
}
ENVIRONMENT: dict[str, Any] = {
    "omicsbench": "0.1.0",
    "git": None,
    "python": "3.11.2",
    "platform": "Linux-6.1-x86_64",
    "cpu": "Some CPU",
    "cores": 2,
    "ram_bytes": 24 * 2**30,
    "gpu": None,
    "blas": ["openblas 0.3"],
    "threads": {"libopenblas": 2},
    "packages": {"numpy": "2.4.6", "torch": "2.9"},
}
COST = {
    "wall_s": 903.0,
    "wall_s_low": 612.0,
    "wall_s_high": 1440.0,
    "fit_s": 890.0,
    "fit_s_low": 600.0,
    "fit_s_high": 1400.0,
    "peak_rss_bytes": 3.1 * 2**30,
    "peak_rss_bytes_low": 2.0**31,
    "peak_rss_bytes_high": 2.0**32,
}
LEFT_OUT = "predicted to exceed its time limit of 600 s: about 900 s (610 to 1,400), from 3 sizes"


def demo(folder: Path, datasets: dict[str, dict[str, Any]] | None = None) -> list[RunRecord]:
    """Synthetic records: learning curves with noise, failures, and stored embeddings."""
    rng = np.random.default_rng(0)
    (folder / "embeddings").mkdir(parents=True, exist_ok=True)
    names = [m for m in METRICS if "macro" not in m and "transfer" not in m]
    records = []
    for shift, (dataset, given) in enumerate((datasets or DATASETS).items()):
        info = {
            "name": dataset,
            "summary": "Made up for the tests.",
            "source": "https://doi.org/10.1/x",
            "licence": "CC0",
            "values": "counts",
            "label": "cell_type",
            "n_cells": 15_000,
            "n_features": 20_000,
            "label_names": CLASSES,
            "notes": [],
        } | given
        for repeat in range(REPEATS):
            for size in SIZES:
                draw = rng.normal(0, 0.01)
                for pipeline, (family, dim, start, gain, cost) in PIPELINES.items():
                    decades = np.log10(size / 100)
                    level = start + (gain - 0.03 * shift * (family == "deep")) * decades + draw
                    status, reason = Status.OK, None
                    if "variational" in pipeline and size == SIZES[-1] and shift < 2:
                        status, reason = Status.TIMEOUT, "longer than 600 s"
                    if "factors" in pipeline and size == 300 and repeat == 1:
                        status, reason = Status.CRASHED, f"signal 11 {EVIL}"
                    if "deep_map" in pipeline and shift == 3:
                        status, reason = Status.SKIPPED, "needs module deep_maps"
                    fine = status is Status.OK
                    keep = fine and dim == 2 and repeat == 0
                    spec = builders.spec(
                        dataset=dataset,
                        dataset_id=dataset,
                        pipeline=pipeline,
                        size=size,
                        repeat=repeat,
                        threads=1,
                        seed=repeat,
                        features=2000,
                        scored=2000,
                        background=2000,
                        metrics=tuple(names),
                        keep_embedding=keep,
                    )

                    def scores(noise: float, level: float = level) -> dict[str, float]:
                        values = level + rng.normal(0, noise, len(names))
                        return {
                            m: float(v if METRICS[m].direction == "max" else 1 - v)
                            for m, v in zip(names, values, strict=True)
                        }

                    test = scores(0.008)
                    skipped = {}
                    if dim == 2:
                        for m in ("reconstruction_r2", "reconstruction_mse"):
                            del test[m]
                            skipped[m] = "the pipeline has no inverse_transform"
                    if keep:
                        codes = rng.integers(-1, len(CLASSES), 1500).astype(np.int32)
                        angle = 2 * np.pi * codes / len(CLASSES)
                        Z = np.c_[np.cos(angle), np.sin(angle)] * (1 + decades)
                        Z = (Z + rng.normal(0, 0.2, Z.shape)).astype(np.float32)
                        np.save(folder / "embeddings" / f"{spec.key}.npy", Z)
                        np.save(folder / "embeddings" / f"{spec.key}.labels.npy", codes)
                    spent = cost * size / 100 * rng.uniform(0.8, 1.2)
                    records.append(
                        builders.record(
                            spec,
                            family=family,
                            status=status,
                            reason=reason,
                            output_dim=dim if fine else None,
                            scores=test if fine else {},
                            validation=scores(0.01) if fine else {},
                            skipped_metrics=skipped if fine else {},
                            phases=Phases(fit_s=spent),
                            cpu_s=0.9 * spent,
                            peak_rss_bytes=int(4e8 + size * 2e4 * cost),
                            dataset_info=info,
                            environment=ENVIRONMENT,
                            suite="demo",
                            started_at=f"2025-03-{repeat + 1:02d}T00:00:00Z",
                            embedding=f"embeddings/{spec.key}.npy" if keep else None,
                        )
                    )
    return records


class Tags(HTMLParser):
    """Tags and text of a page, of its packed parts too."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._quiet = False
        self._packed: list[str] = []
        self.feed(text)
        for packed in self._packed:  # a parser does not take more while it reads
            part = Tags(zlib.decompress(base64.b64decode(packed)).decode())
            self.tags += part.tags
            self.text += part.text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if packed := dict(attrs).get("data-packed"):
            self._packed.append(packed)
        self._quiet = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._quiet = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._quiet else data
