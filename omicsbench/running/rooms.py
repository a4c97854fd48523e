"""The rooms of a run's metrics: what knows nothing and what knows the answer score on these rows.

They belong to the prepared data and not to a pipeline or a size: all runs are scored on the same
rows, and what is learnt from training rows is learnt here from the first few thousand of the
pool. So they are measured once in an invocation, by whoever comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from pydantic_core import from_json, to_json

from omicsbench.errors import StoreError
from omicsbench.metrics.base import OF_DATA
from omicsbench.metrics.rooms import asked, rooms
from omicsbench.plugin import SUPERVISED
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.scored import ScoredRows, scored_rows
from omicsbench.records import disk
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.running.handover import Outputs
from omicsbench.running.scoring import Bench, Inputs, inputs_of

TRAINING_ROWS = 5_000
COMPONENTS = (20, 100)  # principal ones, of the values as their own embedding
DIMENSIONS = 10  # of the embedding drawn at random
DEPEND_ON = {"task", "dataset_id", "size", "repeat", "seed", "scored", "background"}
DEPEND_ON |= {"metrics", "metric_versions"}
NOISE = 11  # stream of random numbers, beside those of the preparation

Rooms = dict[str, tuple[float, float]]


def measured_rooms(bench: Bench, spec: RunSpec, prepared: Prepared) -> Rooms:
    """Floor and ceiling by metric, of those of the run that declare a room and have one here.

    Where features are selected anew at each size there is no room: nor is there one scale.
    """
    names = tuple(name for name in spec.metrics if bench.metrics[name].room is not None)
    if not names or spec.features_per_size:
        return {}
    pool = prepared.split.train.size
    changes: dict[str, Any] = {
        "metrics": names,
        "size": min(pool, TRAINING_ROWS),
        # A hold-out has one split for all repeats; a fold has rows of its own.
        "repeat": 0 if spec.split == "holdout" else spec.repeat,
        "scored_in_sample": 0,
    }
    of = spec.model_copy(update=changes)
    identity = of.model_dump(mode="json", include=DEPEND_ON)
    path = bench.scratch / f"rooms-{digest(identity)}.json"
    with suppress(FileNotFoundError):
        return {name: (low, high) for name, (low, high) in from_json(path.read_bytes()).items()}
    found = _measured(bench, of, prepared)
    with suppress(StoreError):  # a full disk costs time, not the run
        disk.write(path, to_json(found))
    return found


def _measured(bench: Bench, spec: RunSpec, prepared: Prepared) -> Rooms:
    metrics = [bench.metrics[name] for name in spec.metrics]
    of_data = asked(metrics, OF_DATA) and not prepared.contents.modalities
    if of_data:  # the measured values of all these training rows are wanted
        spec = spec.model_copy(update={"scored_in_sample": spec.size})
    scored = scored_rows(spec, prepared)

    def given(outputs: Outputs) -> Inputs:
        return inputs_of(bench, spec, scored, outputs, "test")

    if spec.task in SUPERVISED:
        return rooms(metrics, given(_nothing(scored)))
    noise = given(_noise(spec, scored))
    data = [given(outputs) for outputs in _data(scored)] if of_data else []
    return rooms(metrics, noise, noise, data)


def _nothing(scored: ScoredRows) -> Outputs:
    """Predictions that nobody looks at."""
    return Outputs({"test": np.zeros((scored.sizes["test"], max(1, scored.classes)))})


def _noise(spec: RunSpec, scored: ScoredRows) -> Outputs:
    """An embedding that knows nothing: independent normal numbers for every row."""
    rng = np.random.default_rng([spec.seed, NOISE])
    return Outputs(
        {
            part: rng.standard_normal((rows, DIMENSIONS), dtype=np.float32)
            for part, rows in scored.sizes.items()
        }
    )


def _data(scored: ScoredRows) -> Iterator[Outputs]:
    """The measured values as their own embedding, in the fixed space: all, or what varies most.

    From 1,000 rows a regression on all of 1,000 features learns noise too, and less on a few
    principal components; so both are tried.
    """
    from sklearn.decomposition import PCA

    known = scored.expression
    train = np.empty_like(known["in_sample"])
    train[scored.in_sample] = known["in_sample"]
    values = {"train": train, "validation": known["validation"], "test": known["test"]}
    yield Outputs(values)
    number = min(COMPONENTS[-1], *train.shape)
    axes = PCA(number, svd_solver="randomized", random_state=NOISE).fit(train)
    for kept in COMPONENTS:
        if kept <= number:
            yield Outputs({part: axes.transform(X)[:, :kept] for part, X in values.items()})
