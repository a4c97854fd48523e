"""Fit a pipeline on the training rows, then apply it to the others. The clock wraps one call.

Fitting and applying are apart, so that rows to which a pipeline is applied need not be here while
it is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.metrics import METRICS, Metric
from omicsbench.plugin import SUPERVISED
from omicsbench.prepare.parts import HALVES
from omicsbench.prepare.split import method_seed
from omicsbench.prepare.subsample import Rows, some
from omicsbench.processes.storable import facts
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.registry.pipeline import Pipeline, Stage
from omicsbench.running import apart, measure, outputs
from omicsbench.running.shared_stages import Cost, FittedStage, load_part, load_stage, save_stage

ORDER = ("test", "train", "validation")  # in which a method is applied to the parts
CALLED = {"predict": "predict_proba", "regress": "predict"}  # by task; else ``transform``


@dataclass(frozen=True)
class Workplace:
    """What a worker keeps between runs: its pipeline, a folder, shared stages, metrics."""

    pipeline: Pipeline
    scratch: Path
    shared: frozenset[str] = frozenset()
    metrics: Mapping[str, Metric] = field(default_factory=lambda: METRICS)


@dataclass
class Step:
    """A stage of a pipeline, fitted; ``folder`` is where it is left for other pipelines."""

    stage: Stage
    fitted: FittedStage
    folder: Path | None = None
    seen: Any = None  # by a predictor, the codes of classes


@dataclass
class Fitted:
    """A fitted pipeline: its stages, its output for each part, and their cost.

    ``last_input`` is what the last stage was given of each part; ``halves`` the output for the
    other half of a part's molecules, where these were held out.
    """

    steps: list[Step]
    Z: dict[str, Any] = field(default_factory=dict)
    last_input: dict[str, Any] = field(default_factory=dict)
    cost: Cost = field(default_factory=Cost)
    reused_s: float = 0.0
    validation_s: float = 0.0
    fit_info: dict[str, Any] = field(default_factory=dict)
    halves: dict[str, Any] = field(default_factory=dict)

    @property
    def models(self) -> list[Any]:
        """The fitted models in order; None for one that was fitted elsewhere."""
        return [step.fitted.model for step in self.steps]


def fit_pipeline(place: Workplace, spec: RunSpec, rows: Rows) -> Fitted:
    """Fit each stage on what the one before makes of the training rows."""
    apart.new_run(method_seed(spec.repeat, spec.seed))
    X = rows.X["train"]
    fitted = Fitted([])
    for stage, prefix in zip(place.pipeline.stages, place.pipeline.prefixes, strict=True):
        folder = None
        if prefix in place.shared:
            identity = spec.model_dump(exclude={"pipeline", "pipeline_id", "keep_embedding"})
            folder = place.scratch / f"stage-{digest([prefix, identity])}"
        done = load_stage(folder) if folder else None
        if done is None:
            places = None if fitted.steps else rows.places
            done = _fit_stage(stage, spec, X, rows, places)
        step = Step(stage, done, folder)
        if stage.info.task == "predict":
            classes = len(rows.contents.facts.label_names)
            step.seen = outputs.classes_seen(done.model, classes, stage.text)
        fitted.steps.append(step)
        if stage is not place.pipeline.stages[-1]:
            X = output(step, "train", X, rows, spec.device)
        _note_peaks(step, spec.device)
    return fitted


def apply_pipeline(fitted: Fitted, rows: Rows, device: str) -> Fitted:
    """Apply the fitted stages to all rows that are here by now."""
    X: dict[str, Any] = dict(rows.X)
    for step in fitted.steps:
        measure.reset_peaks(device)
        fitted.last_input = X
        predicts = step.stage.info.task in SUPERVISED
        # Training rows get no predictions: nothing comes after them, and none is scored.
        wanted = [part for part in ORDER if part in X and not (predicts and part == "train")]
        X = {part: output(step, part, X[part], rows, device) for part in wanted}
        _note_peaks(step, device)
        _append(fitted, step, last=step is fitted.steps[-1])
    fitted.Z = X
    return fitted


def leave_stages(fitted: Fitted) -> None:
    """Leave what is shared for other pipelines, once it has been applied to all rows."""
    for step in fitted.steps:
        if step.folder and not step.fitted.reused:
            info = step.stage.info
            save_stage(step.folder, step.fitted, keep_model=info.invertible or info.partial)


def _append(fitted: Fitted, step: Step, last: bool) -> None:
    """Feeding the training rows to the next stage is part of fitting the pipeline."""
    done, total = step.fitted, fitted.cost
    cost = done.cost
    fit_s = cost.fit_s + (0.0 if last else cost.train_transform_s)
    cpu_s = cost.cpu_s + (0.0 if last else cost.train_transform_cpu_s)
    between = 0.0 if last else cost.train_transform_energy_j
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
    if done.fit_info:
        fitted.fit_info[step.stage.text] = done.fit_info


def _fit_stage(stage: Stage, spec: RunSpec, X: Any, rows: Rows, places: Any) -> FittedStage:
    """Fit on the training rows; what is timed is the method's own call."""
    measure.reset_peaks(spec.device)
    given, beside = _given(stage, "train", X, rows), rows.beside(stage.info, "train")
    if stage.info.task in SUPERVISED and "train" in rows.labels:
        given = (X, rows.labels["train"])
        if "labels" not in stage.info.uses:
            given, beside = _known(X, rows.labels["train"], beside)
    beside |= rows.taught(stage.info)
    with apart.methods_code():
        model = stage.build(method_seed(spec.repeat, spec.seed), spec.device, places)
    with apart.methods_code(), measure.clock(spec.device) as fitting:
        model.fit(*given, **beside)
    cost = Cost(fit_s=fitting.wall_s, cpu_s=fitting.cpu_s, energy_j=fitting.energy_j)
    return FittedStage({}, cost, model, facts(getattr(model, "fit_info_", {})))


def _known(X: Any, labels: Any, beside: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A predictor learns from the training rows that have a label, or a target."""
    known = np.isfinite(labels) if labels.dtype.kind == "f" else labels >= 0
    own = X if known.all() else some(X, known)
    return (own, labels[known]), {name: codes[known] for name, codes in beside.items()}


def _given(stage: Stage, part: str, X: Any, rows: Rows) -> tuple[Any, ...]:
    """What the method is called with: rows of a part, and labels where it may see them."""
    return (X, rows.labels.get(part)) if stage.info.sees_labels else (X,)


def output(step: Step, part: str, X: Any, rows: Rows, device: str) -> Any:
    """What the stage makes of a part, applied to it where that is not done yet."""
    if part in step.fitted.Z:
        return step.fitted.Z[part]
    if step.fitted.reused and step.folder:
        step.fitted.Z[part] = load_part(step.folder, part)
        return step.fitted.Z[part]
    stage, model = step.stage, step.fitted.model
    kept = part == "train" and stage.info.keeps_embedding
    apply = getattr(model, CALLED.get(stage.info.task, "transform"))
    given, beside = _given(stage, part, X, rows), rows.beside(stage.info, part)
    with apart.methods_code(), measure.clock(device) as elapsed:
        output = model.embedding_ if kept else apply(*given, **beside)
    step.fitted.Z[part] = _checked(step, output, count(X), rows, part)
    step.fitted = replace(step.fitted, cost=_with(step.fitted.cost, part, elapsed))
    return step.fitted.Z[part]


def _with(cost: Cost, part: str, elapsed: measure.Elapsed) -> Cost:
    """The cost with that of applying the stage to a part; halves held out cost nothing."""
    if part in HALVES.values():
        return cost
    if part == "validation":
        return replace(cost, validation_s=elapsed.wall_s)
    if part == "train":
        return replace(
            cost,
            train_transform_s=elapsed.wall_s,
            train_transform_cpu_s=elapsed.cpu_s,
            train_transform_energy_j=elapsed.energy_j,
        )
    return replace(
        cost,
        transform_s=elapsed.wall_s,
        cpu_s=cost.cpu_s + elapsed.cpu_s,
        energy_j=measure.joules(cost.energy_j, elapsed.energy_j),
    )


def _note_peaks(step: Step, device: str) -> None:
    cost = step.fitted.cost
    step.fitted = replace(
        step.fitted,
        cost=replace(
            cost,
            peak_rss_bytes=max(cost.peak_rss_bytes, measure.peak_rss_bytes()),
            peak_vram_bytes=max(cost.peak_vram_bytes, measure.peak_vram_bytes(device) or 0),
        ),
    )


def _checked(step: Step, output: Any, n: int, rows: Rows, part: str) -> Any:
    """The output as an array, or InvalidOutput saying what is wrong."""
    stage = step.stage
    if stage.info.task == "predict":
        classes = len(rows.contents.facts.label_names)
        return outputs.probabilities(output, n, step.seen, classes, stage.text)
    if stage.info.task == "regress":
        return outputs.predictions(output, n, stage.text)
    before = next((Z.shape[1] for Z in step.fitted.Z.values()), stage.n_components)
    return outputs.embedding(output, n, before, stage.text, part)


def count(X: Any) -> int:
    """Rows of a matrix, or cells of several modalities."""
    return len(next(iter(X.values()))) if isinstance(X, dict) else int(X.shape[0])
