"""Fit a pipeline on the training rows and apply it to the others. The clock wraps one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.metrics import METRICS, Metric
from omicsbench.prepare.split import method_seed
from omicsbench.prepare.subsample import Float32Array, Rows
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.registry.pipeline import Pipeline, Stage
from omicsbench.running import measure
from omicsbench.running.shared_stages import Cost, FittedStage, load_stage, save_stage
from omicsbench.running.storable import facts

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
    given = _given(stage, X, rows)
    model = stage.build(method_seed(spec.repeat, spec.seed), spec.device, places)
    with measure.clock(spec.device) as fitting:
        model.fit(*given["train"])
    Z, applying = _apply(stage, model, given, spec.device)
    cost = Cost(
        fit_s=fitting.wall_s,
        train_transform_s=applying["train"].wall_s,
        transform_s=applying["test"].wall_s,
        validation_s=applying["validation"].wall_s,
        cpu_s=fitting.cpu_s + applying["test"].cpu_s,
        train_transform_cpu_s=applying["train"].cpu_s,
        energy_j=measure.joules(fitting.energy_j, applying["test"].energy_j),
        train_transform_energy_j=applying["train"].energy_j,
        peak_rss_bytes=measure.peak_rss_bytes(),
        peak_vram_bytes=measure.peak_vram_bytes(spec.device) or 0,
    )
    sizes = {part: count(X[part]) for part in Z}
    if stage.info.task == "predict":
        seen = np.asarray(model.classes_)
        checked: dict[str, Any] = {
            part: probabilities(Z[part], sizes[part], seen, rows.classes, stage) for part in Z
        }
    else:
        checked = {part: _checked(Z[part], sizes[part], stage, part) for part in Z}
    fit_info = facts(getattr(model, "fit_info_", {}))
    return FittedStage(checked, cost, model, fit_info)


def _given(stage: Stage, X: dict[str, Any], rows: Rows) -> dict[str, tuple[Any, ...]]:
    """What the method is called with for each part: its rows, and labels where it may see them.

    A predictor learns from the training rows that have a label.
    """
    if stage.info.sees_labels:
        return {part: (X[part], rows.codes[part]) for part in X}
    given: dict[str, tuple[Any, ...]] = {part: (X[part],) for part in X}
    labels = rows.codes["train"]
    if stage.info.task == "predict" and labels is not None:
        known = labels >= 0
        train = X["train"]
        given["train"] = (train if known.all() else train[known], labels[known])
    return given


def _apply(
    stage: Stage, model: Any, given: dict[str, tuple[Any, ...]], device: str
) -> tuple[dict[str, Any], dict[str, measure.Elapsed]]:
    """The method's output for each part, and the time each took: 0 for what is not wanted.

    Test rows are not there while parameters are searched. Training rows get no predictions:
    nothing comes after them, and nothing is scored on training rows.
    """
    predicts = stage.info.task == "predict"
    apply = model.predict_proba if predicts else model.transform
    Z: dict[str, Any] = {}
    elapsed: dict[str, measure.Elapsed] = {}
    for part in ("test", "train", "validation"):
        wanted = part in given and not (predicts and part == "train")
        kept = part == "train" and stage.info.keeps_embedding
        with measure.clock(device) as elapsed[part]:
            if wanted:
                Z[part] = model.embedding_ if kept else apply(*given[part])
    return Z, elapsed


def _checked(output: Any, n: int, stage: Stage, part: str) -> Float32Array:
    """An (n, d) finite float32 array, or InvalidOutput saying what is wrong."""
    try:
        Z: Float32Array = np.asarray(output, dtype=np.float32)
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
