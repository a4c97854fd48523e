"""The hot paths of the harness: rows of a run, neighbours, every metric, the store.

``make bench`` measures at the sizes of a suite; without it these are plain tests at small ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up import cells, costless, rescaled, scored
from sklearn.neighbors import NearestNeighbors

from omicsbench.metrics import METRICS, Neighbors
from omicsbench.planning.plan import make_plan
from omicsbench.planning.suite import make_suite
from omicsbench.prepare.scored import scored_rows
from omicsbench.prepare.subsample import Rows, chosen_train
from omicsbench.records import store
from omicsbench.registry.discover import discover

# By storage: mapped and sparse, dense, and several modalities; cells at full size.
STORED = {
    "sparse": ("embed", "umap", "simulated_atlas", 20_000),
    "streamed": ("embed", "pca", "simulated_atlas", 20_000),
    "dense": ("embed", "pca", "linear_control", 20_000),
    "modalities": ("integrate", "concatenated_pca", "simulated_multimodal", 4_000),
}


@pytest.mark.parametrize("kind", STORED)
def test_subsample(benchmark: Any, kind: str) -> None:
    """The rows of one run, from prepared data; half the training rows."""
    task, pipeline, dataset, cells_ = STORED[kind]
    total = cells_ if benchmark.enabled else 1_000
    suite = make_suite(
        {
            "name": "rows",
            "task": task,
            "pipelines": [pipeline],
            "repeats": 1,
            "scored": 100,
            "datasets": [{"name": f"{dataset}(n={total})", "sizes": [total // 4, total // 2]}],
        }
    )
    fewer, planned = make_plan(suite, discover())
    info, spec, prepared = planned.pipeline.stages[0].info, planned.spec, planned.prepared

    def everything() -> Rows:
        rows = Rows.learnt(info, spec, prepared.hand(["train"]))
        for part in ("validation", "test"):
            rows.add(part, prepared.hand([part]))
        scored_rows(spec, prepared)
        return rows

    rows = benchmark(everything)

    pool = prepared.split.train.size
    first, more = (chosen_train(p.spec, pool)[0] for p in (fewer, planned))
    assert set(first) < set(more)
    several = task == "integrate"
    for name, own in prepared.matrices("train").items():
        X = rows.X["train"][name].values if several else _dense(rows.X["train"][:])
        assert len(X) == len(more) == total // 2
        raw = _dense(own.X[more])
        spread = raw.std(axis=0, dtype=np.float64) if own.contents.scale else np.ones(raw.shape[1])
        known = spread > 0
        same = np.isclose(X[:, known], raw[:, known] / spread[known], rtol=1e-3)
        assert same.mean() > 0.99  # all but what is clipped


def _dense(X: Any) -> Any:
    return X if isinstance(X, np.ndarray) else X.toarray()


def test_neighbors(benchmark: Any) -> None:
    """Exact search for 15 neighbours of the scored cells among the background."""
    m, b, p = (500, 5_000, 2_000) if benchmark.enabled else (50, 300, 40)
    points, _ = cells(b, p)
    found = benchmark(Neighbors.of, points, 15, m)
    known = NearestNeighbors(n_neighbors=16).fit(points).kneighbors(points[:m])[1][:, 1:]
    same = [len(set(a) & set(b)) for a, b in zip(found.indices, known, strict=True)]
    assert np.mean(same) > 14.9  # of 15: two may be equally far


@pytest.fixture(scope="module")
def inputs() -> Callable[..., dict[str, Any]]:
    """What metrics are given, made once for each size."""
    made: dict[tuple[bool, bool], dict[str, Any]] = {}

    def given(full: bool, held_out: bool) -> dict[str, Any]:
        if (full, held_out) not in made:
            sizes = (500, 5_000, 2_000) if full else (120, 200, 40)
            made[full, held_out] = scored(*sizes, held_out=held_out)
        return made[full, held_out]

    return given


def _spoilt(given: dict[str, Any]) -> dict[str, Any]:
    """The same outputs, given to other cells."""
    rng = np.random.default_rng(2)
    outputs = (
        "embedding",
        "background",
        "reconstruction",
        "decoded",
        "mixed_embedding",
        "probabilities",
        "prediction",
        "interval",
        "modality_embeddings",
        "cross_modal",
    )
    made = dict(given)
    for name in outputs:
        value = given[name]
        made[name] = (
            {k: rng.permutation(part) for k, part in value.items()}
            if isinstance(value, dict)
            else rng.permutation(value)
        )
    return made


@pytest.mark.parametrize("name", METRICS)
def test_metric(benchmark: Any, name: str, inputs: Callable[..., dict[str, Any]]) -> None:
    metric = METRICS[name]
    given = inputs(benchmark.enabled, metric.tasks == ("predict",))
    value = metric(**given)  # what is compiled is compiled now
    number = itertools.count(1)

    def fresh() -> tuple[tuple[()], dict[str, Any]]:
        return (), rescaled(given, next(number))  # some metrics remember their last results

    again = benchmark.pedantic(metric, setup=fresh, rounds=20 if benchmark.enabled else 1)
    assert again == pytest.approx(value, abs=1e-3)
    low, high = (bound if bound is not None else value for bound in metric.range)
    assert low - 1e-9 <= value <= high + 1e-9
    # Chance treats all modalities alike, and mixes batches as well as can be.
    if name not in ("modality_balance", "ilisi", "kbet"):
        worse = metric(**_spoilt(given))
        assert value > worse if metric.direction == "max" else value < worse


@pytest.fixture(scope="module")
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What a worker wrote of 200 runs; of a few, where nothing is measured."""
    runs = 200 if request.config.getoption("benchmark_enable") else 20
    made, seconds = costless(tmp_path_factory.mktemp("stored"), runs)
    assert seconds > 0
    return made


def test_store_append(benchmark: Any, tmp_path: Path, records: list[Any]) -> None:
    """200 records written one by one, each synced to the disk."""
    number = itertools.count()
    folder = tmp_path

    def fresh() -> None:
        nonlocal folder
        folder = store.open_folder(tmp_path / str(next(number)))

    def write() -> None:
        for record in records:
            store.write_record(folder, record)

    benchmark.pedantic(write, setup=fresh, rounds=5 if benchmark.enabled else 1)
    assert store.read_records(folder) == sorted(records, key=lambda r: r.key)


def test_store_read(benchmark: Any, tmp_path: Path, records: list[Any]) -> None:
    store.open_folder(tmp_path)
    for record in records:
        store.write_record(tmp_path, record)
    found = benchmark(store.read_records, tmp_path)
    assert found == sorted(records, key=lambda r: r.key)


ANSWER = Path(__file__).parents[2] / "results" / "answer"


@pytest.mark.parametrize("kept", ["loose", "packed"])
def test_read_the_answer(benchmark: Any, tmp_path: Path, kept: str) -> None:
    """The 1,710 runs behind docs/answer.md, as they are while running and as they are committed."""
    expected = store.read_records(ANSWER)
    folder = ANSWER if kept == "packed" else store.open_folder(tmp_path)
    for record in expected if kept == "loose" else ():
        path = folder / "runs" / f"{record.key}.json"
        path.write_text(record.model_dump_json(), encoding="utf-8")
    assert benchmark(store.read_records, folder) == expected
