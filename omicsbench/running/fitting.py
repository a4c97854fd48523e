"""Fit a pipeline on the training rows and apply it to the others. The clock wraps one call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import METRICS, Metric
from omicsbench.prepare.split import method_seed
from omicsbench.prepare.subsample import FloatArray, Rows
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.registry.pipeline import Pipeline, Stage
from omicsbench.running import measure
from omicsbench.running.shared_stages import Cost, FittedStage, load_stage, save_stage

ROUNDING = 1e-3  # by which probabilities may miss a sum of 1


class InvalidOutput(Exception):
    """A method returned something that is not an embedding of its input."""


@dataclass(frozen=True)
class Workplace:
    """What a worker keeps between runs: its pipeline, folders, the stages others share, metrics."""

    pipeline: Pipeline
    out: Path
    scratch: Path
    shared: frozenset[str] = frozenset()
    metrics: Mapping[str, Metric] = field(default_factory=lambda: METRICS)


@dataclass
class Fitted:
    """A fitted pipeline: output for each part, summed cost, models in order of the stages.

    ``last_input`` is what the last stage was given of the test rows.
    """

    Z: dict[str, Any]
    cost: Cost = field(default_factory=Cost)
    reused_s: float = 0.0
    validation_s: float = 0.0
    last_input: Any = None
    models: list[Any] = field(default_factory=list)
    fit_info: dict[str, Any] = field(default_factory=dict)


def fit_pipeline(place: Workplace, spec: RunSpec, rows: Rows) -> Fitted:
    stages = place.pipeline.stages
    fitted = Fitted(dict(rows.X))
    for stage, prefix in zip(stages, place.pipeline.prefixes, strict=True):
        folder = None
        if prefix in place.shared:
            identity = spec.model_dump(exclude={"pipeline", "pipeline_id", "keep_embedding"})
            folder = place.scratch / f"stage-{digest([prefix, identity])}"
        done = load_stage(folder) if folder else None
        if done is None:
            places = rows.places if stage is stages[0] else None
            done = _fit_stage(stage, spec, fitted.Z, rows, places)
            if folder:
                save_stage(folder, done, keep_model=stage.info.invertible or stage.info.partial)
        fitted.last_input = fitted.Z.get("test")
        _append(fitted, stage, done, last=stage is stages[-1])
    return fitted


def _append(fitted: Fitted, stage: Stage, done: FittedStage, last: bool) -> None:
    """Feeding the training rows to the next stage is part of fitting the pipeline."""
    total, cost = fitted.cost, done.cost
    fit_s = cost.fit_s + (0.0 if last else cost.train_transform_s)
    cpu_s = cost.cpu_s + (0.0 if last else cost.train_transform_cpu_s)
    between = 0.0 if last else cost.train_transform_energy_j
    fitted.Z = done.Z
    fitted.cost = Cost(
        fit_s=total.fit_s + fit_s,
        transform_s=total.transform_s + cost.transform_s,
        cpu_s=total.cpu_s + cpu_s,
        energy_j=measure.joules(total.energy_j, cost.energy_j, between),
        peak_rss_bytes=max(total.peak_rss_bytes, cost.peak_rss_bytes),
        peak_vram_bytes=max(total.peak_vram_bytes, cost.peak_vram_bytes),
    )
    fitted.reused_s += fit_s + cost.transform_s if done.reused else 0.0
    fitted.validation_s += 0.0 if done.reused else cost.validation_s
    fitted.models.append(done.model)
    if done.fit_info:
        fitted.fit_info[stage.text] = done.fit_info


def _fit_stage(
    stage: Stage, spec: RunSpec, X: dict[str, Any], rows: Rows, places: NDArray[np.int64] | None
) -> FittedStage:
    """Fit on the training rows, apply to all parts; what is timed is the method's own call."""
    info, codes = stage.info, rows.codes
    predicts = info.task == "predict"
    model = stage.build(method_seed(spec.repeat, spec.seed), spec.device, places)
    y = {part: (codes[part],) if info.sees_labels else () for part in X}
    apply = model.predict_proba if predicts else model.transform
    train, labels = X["train"], codes["train"]
    if predicts and labels is not None:
        known = labels >= 0
        train, y["train"] = (train if known.all() else train[known]), (labels[known],)
        y |= {part: () for part in X if part != "train"}
    Z: dict[str, Any] = {}
    with measure.clock(spec.device) as fitting:
        model.fit(train, *y["train"])
    with measure.clock(spec.device) as transforming:
        if "test" in X:  # it is not while parameters are searched
            Z["test"] = apply(X["test"], *y["test"])
    with measure.clock(spec.device) as embedding:
        if not predicts:  # nothing comes after it, and nothing is scored on training rows
            Z["train"] = (
                model.embedding_ if info.keeps_embedding else apply(X["train"], *y["train"])
            )
    with measure.clock(spec.device) as validating:
        Z["validation"] = apply(X["validation"], *y["validation"])
    cost = Cost(
        fit_s=fitting.wall_s,
        train_transform_s=embedding.wall_s,
        transform_s=transforming.wall_s,
        validation_s=validating.wall_s,
        cpu_s=fitting.cpu_s + transforming.cpu_s,
        train_transform_cpu_s=embedding.cpu_s,
        energy_j=measure.joules(fitting.energy_j, transforming.energy_j),
        train_transform_energy_j=embedding.energy_j,
        peak_rss_bytes=measure.peak_rss_bytes(),
        peak_vram_bytes=measure.peak_vram_bytes(spec.device) or 0,
    )
    sizes = {part: count(X[part]) for part in Z}
    if predicts:
        seen = np.asarray(model.classes_)
        checked: dict[str, Any] = {
            part: probabilities(Z[part], sizes[part], seen, rows.classes, stage) for part in Z
        }
    else:
        checked = {part: _checked(Z[part], sizes[part], stage, part) for part in Z}
    fit_info = json.loads(json.dumps(dict(getattr(model, "fit_info_", {})), default=_plain))
    return FittedStage(checked, cost, model, fit_info)


def _plain(value: Any) -> Any:
    """What a method tells of itself as JSON can hold it: numpy's numbers as numbers."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)


def _checked(output: Any, n: int, stage: Stage, part: str) -> FloatArray:
    """An (n, d) finite float32 array, or InvalidOutput saying what is wrong."""
    try:
        Z: FloatArray = np.asarray(output, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidOutput(f"{stage.text} returned no numbers for {part} rows") from error
    if Z.ndim != 2 or Z.shape[0] != n:
        raise InvalidOutput(f"{stage.text} returned shape {Z.shape} for {n} {part} rows")
    if stage.n_components is not None and Z.shape[1] != stage.n_components:
        raise InvalidOutput(
            f"{stage.text} returned {Z.shape[1]} dimensions, not {stage.n_components}"
        )
    if not np.isfinite(Z).all():
        bad = int((~np.isfinite(Z)).sum())
        raise InvalidOutput(f"{stage.text} returned {bad} non-finite values for {part} rows")
    return Z


def probabilities(
    output: Any, n: int, seen: NDArray[Any], classes: int, stage: Stage
) -> NDArray[np.float64]:
    """What a predictor gave for n rows as (n, classes), 0 for classes not seen in training.

    Raises InvalidOutput unless its rows are probabilities of the classes ``seen``.
    """
    try:
        P = np.asarray(output, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidOutput(f"{stage.text} returned no numbers as probabilities") from error
    if P.shape != (n, len(seen)):
        raise InvalidOutput(
            f"{stage.text} returned probabilities of shape {P.shape} for {n} rows and "
            f"{len(seen)} classes"
        )
    if not np.isfinite(P).all():
        bad = int((~np.isfinite(P)).sum())
        raise InvalidOutput(f"{stage.text} returned {bad} non-finite probabilities")
    if P.min(initial=0) < 0 or (np.abs(P.sum(axis=1) - 1) > ROUNDING).any():
        raise InvalidOutput(f"{stage.text} returned rows that are negative or do not sum to 1")
    whole = np.zeros((n, classes))
    whole[:, seen] = P / P.sum(axis=1, keepdims=True)
    return whole


def count(X: Any) -> int:
    """Rows of a matrix, or cells of several modalities."""
    return len(next(iter(X.values()))) if isinstance(X, dict) else int(X.shape[0])
