"""What the process that runs a method is handed: training rows, and of labels nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest

from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import Suite, make_suite
from omicsbench.prepare.prepared import Prepared
from omicsbench.reading.own import OwnData
from omicsbench.records.spec import Status
from omicsbench.registry.discover import Registry, discover
from omicsbench.running.runner import run_suite

CELLS, GENES, SIZE = 1_200, 37, 150
PLUGIN = Path(__file__).parents[1] / "plugins" / "prying.py"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    (tmp_path / "plugins").mkdir()
    shutil.copy(PLUGIN, tmp_path / "plugins")
    return discover([tmp_path / "plugins"])


@pytest.fixture
def data(tmp_path: Path) -> OwnData:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, CELLS)
    X = rng.normal(size=(CELLS, GENES)) + codes[:, None]
    adata = anndata.AnnData(X.astype(np.float32))
    adata.obs["kind"] = np.array(list("abcd"))[codes]
    adata.write_h5ad(tmp_path / "own.h5ad")
    return OwnData(tmp_path / "own.h5ad", label="kind", values="continuous")


def _suite(*pipelines: str, **more: Any) -> Suite:
    made: dict[str, Any] = {
        "name": "tiny",
        "pipelines": pipelines,
        "repeats": 1,
        "n_components": 2,
        "sizes": [SIZE],
        "metrics": ["knn_recall", "knn_transfer_balanced_accuracy"],
        "threads": 1,
    }
    return make_suite(made | more)


def _codes(prepared: Prepared) -> list[list[int]]:
    """Label codes of the rows that no method may see, in any order in which they lie anywhere."""
    labels = np.asarray(prepared.labels)
    parts = (prepared.split.validation, prepared.split.test)
    return [labels.tolist(), *(labels[order(rows)].tolist() for rows in parts for order in ORDERS)]


ORDERS = (np.asarray, np.sort)


def test_a_method_finds_neither_labels_nor_rows_of_other_parts(
    tmp_path: Path, registry: Registry, data: OwnData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It walks all frames, all objects, and the folders that any of them names."""
    monkeypatch.setenv("FOUND", str(tmp_path / "found.jsonl"))
    suite = _suite("prying")
    (planned,) = make_plan(suite, registry, [data])
    (record,) = run_suite(suite, tmp_path / "out", registry=registry, own_data=[data])
    assert record.status is Status.OK, record.reason
    told = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert {t["rows"] for t in told} == {64, SIZE}, "the warm-up and the run"
    pool = len(planned.prepared.split.train)
    forbidden = _codes(planned.prepared)
    longest = max(map(len, forbidden))
    for found in told:
        named = [Path(path) for path in found["folders"] if Path(path).is_absolute()]
        train = planned.prepared.folder / "train"
        assert train in named
        assert all(path == train or path.parent == train for path in named), named
        seen = {rows for rows, columns in found["matrices"] if columns == GENES}
        assert seen <= {64, SIZE, pool}
        assert seen >= {pool}, "what may be seen is found"
        for codes in found["codes"]:
            assert len(codes) <= longest
            assert codes not in forbidden
            assert codes[:100] not in [known[:100] for known in forbidden]


def test_a_method_that_meddles_with_metrics_changes_nothing(
    tmp_path: Path, registry: Registry, data: OwnData
) -> None:
    suite = _suite("honest", "meddling")
    honest, meddling = run_suite(suite, tmp_path / "out", registry=registry, own_data=[data])
    assert honest.status is meddling.status is Status.OK
    assert 0 < honest.scores["knn_recall"] < 1
    assert meddling.scores == honest.scores
    assert meddling.validation == honest.validation
    assert meddling.in_sample == honest.in_sample


def test_labels_of_training_rows_are_for_those_who_learn_from_them(registry: Registry) -> None:
    from omicsbench.registry.pipeline import resolve

    sees = {
        text: resolve(text, registry, 2).sees
        for text in ("pca > tsne", "mlp", "pca > logistic_regression", "label_oracle")
    }
    assert sees == {
        "pca > tsne": (),
        "mlp": ("train",),
        "pca > logistic_regression": ("train",),
        "label_oracle": ("train", "validation", "test"),
    }
