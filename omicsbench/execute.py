"""Execute one run in this process: subsample, fit, transform, score. The clock wraps one call.

A stage shared by several pipelines is fitted once per (data set, size, repeat), and its
cost counts into each.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench import measure, store
from omicsbench.genes import select_rows
from omicsbench.mapped import MappedCsr, ScaledRows
from omicsbench.metrics import METRICS, Neighbors
from omicsbench.prepare import Prepared
from omicsbench.scaling import Matrix, Scaler
from omicsbench.score import (
    GROUPS,
    Scores,
    evaluate,
    in_sample_metrics,
    n_neighbors,
    probe_labels,
    units,
)
from omicsbench.scratch import Cost, FittedStage, load_stage, save_stage, shared_neighbors
from omicsbench.spec import Phases, RunRecord, RunSpec, Status, digest
from omicsbench.split import method_seed, order
from omicsbench.stages import Pipeline, Stage
from omicsbench.tuning import Found, TrialFailed, search

FloatArray = NDArray[np.float32]


class InvalidOutput(Exception):
    """A method returned something that is not an embedding of its input."""


@dataclass(frozen=True)
class Workplace:
    """What a worker keeps between runs: its pipeline, folders and the stages others share."""

    pipeline: Pipeline
    out: Path
    scratch: Path
    shared: frozenset[str] = frozenset()


@dataclass
class Rows:
    """The rows of one run as methods see them (scaled by the n training rows), and as scored.

    ``scored`` holds expression in the fixed space: all background rows of the parts validation
    and test, whose first ``spec.scored`` are scored; and in_sample, some training rows, those
    of numbers ``in_sample``.
    """

    X: dict[str, Matrix]
    codes: dict[str, NDArray[np.int32] | None]
    scored: dict[str, FloatArray]
    in_sample: NDArray[np.int64]
    to_scored: Callable[[FloatArray], FloatArray]
    identities: dict[str, list[Any]]  # identity of each scored part, for shared neighbours
    units: NDArray[np.int64] | None  # of the scored test rows; None where each repeat has its own


@dataclass
class Fitted:
    """A fitted pipeline: embedding of each part, summed cost, models in order of the stages."""

    Z: dict[str, Any]
    cost: Cost = field(default_factory=Cost)
    reused_s: float = 0.0
    validation_s: float = 0.0
    models: list[Any] = field(default_factory=list)
    fit_info: dict[str, Any] = field(default_factory=dict)


def execute(place: Workplace, spec: RunSpec, prepared: Prepared) -> RunRecord:
    """One run, whole. Raises InvalidOutput, or whatever the method raises."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    with measure.clock() as preparing:
        rows = take_rows(spec, prepared)
        info = place.pipeline.stages[0].info
        if not info.streams:
            rows.X = {p: in_memory(X, info.accepts_sparse) for p, X in rows.X.items()}
    found = _tune(place, spec, rows) if spec.tuning else None
    if found:
        place = replace(place, pipeline=found.pipeline, shared=frozenset())
    measure.reset_peaks(spec.device)
    base = measure.rss_bytes()
    fitted = _fit(place, spec, rows)
    with measure.clock() as scoring:
        scores = _score(place, spec, rows, fitted)
    embedding = None
    if spec.keep_embedding and fitted.Z["test"].shape[1] == 2:
        parts = ("test", "train") if spec.size > store.MANY_CELLS else ("test",)
        kept = {part: (fitted.Z[part], rows.codes[part]) for part in parts}
        embedding = store.write_embedding(place.out, spec.key, kept)
    cost = fitted.cost
    return RunRecord(
        key=spec.key,
        spec=spec,
        family=place.pipeline.family,
        is_control=place.pipeline.is_control,
        status=Status.OK,
        output_dim=int(fitted.Z["test"].shape[1]),
        scores=scores["test"].values,
        scores_se=scores["test"].errors,
        scores_by_unit=scores["test"].by_unit,
        unit=prepared.meta["info"].get("unit") or f"{GROUPS} random groups of test cells",
        validation=scores["validation"].values,
        in_sample=scores["in_sample"].values,
        skipped_metrics=scores["test"].skipped,
        phases=Phases(
            prepare_s=preparing.wall_s,
            tuning_s=found.seconds if found else 0.0,
            fit_s=cost.fit_s,
            transform_s=cost.transform_s,
            score_s=scoring.wall_s + fitted.validation_s,
        ),
        tuned=found.chosen if found else {},
        trials=found.trials if found else None,
        notes=found.notes if found else (),
        reused_s=fitted.reused_s,
        cpu_s=cost.cpu_s,
        energy_j=cost.energy_j,
        peak_rss_bytes=cost.peak_rss_bytes,
        base_rss_bytes=base,
        peak_vram_bytes=cost.peak_vram_bytes if spec.device == "cuda" else None,
        n_neighbors=n_neighbors(spec.background),
        fit_info=fitted.fit_info,
        embedding=embedding,
    )


def take_rows(spec: RunSpec, prepared: Prepared) -> Rows:
    """The first n rows of the repeat's order, and the background rows of validation and test.

    The training rows come in the order in which they are stored, so that they are read
    quickly; methods that care about order shuffle for themselves.
    """
    parts = prepared.split
    ordered = parts.train[order(parts.train.size, spec.repeat, spec.seed)][: spec.size]
    chosen = {
        "train": np.sort(ordered),
        "validation": np.asarray(parts.validation[: spec.background]),
        "test": np.asarray(parts.test[: spec.background]),
    }
    in_sample = np.searchsorted(chosen["train"], ordered[: spec.scored_in_sample])
    space = prepared.scaler()
    taken = _take_selected if spec.features_per_size else _take
    X, scored, own, space = taken(prepared, chosen, in_sample, spec, space)
    codes, donors = prepared.labels, prepared.units
    known = None if donors is None else np.asarray(donors[chosen["test"]])
    return Rows(
        X=X,
        codes={p: None if codes is None else np.asarray(codes[i]) for p, i in chosen.items()},
        scored=scored,
        in_sample=in_sample,
        to_scored=lambda values: values if not space.on else own.inverse(values) / space.sd,
        identities={
            part: [spec.dataset_id, part, values.shape, spec.scored, spec.seed]
            # A hold-out has one test set; a fold or a subsample belongs to its repeat.
            + ([] if spec.split == "holdout" and part != "in_sample" else [spec.repeat])
            + ([spec.size, spec.repeat] if spec.features_per_size else [])
            for part, values in scored.items()
        },
        units=units(known, min(spec.scored, len(chosen["test"])))
        if spec.split == "holdout"
        else None,
    )


Taken = tuple[dict[str, Matrix], dict[str, FloatArray], Scaler, Scaler]
Chosen = dict[str, NDArray[np.int64]]


def _take(
    prepared: Prepared, chosen: Chosen, in_sample: NDArray[np.int64], spec: RunSpec, space: Scaler
) -> Taken:
    """Rows of the selected features; of mapped data nothing but the scored rows is read."""
    X = prepared.X
    samples = chosen["train"][in_sample]
    wanted = {"validation": chosen["validation"], "test": chosen["test"], "in_sample": samples}
    if isinstance(X, MappedCsr):
        own = Scaler.of(*ScaledRows(X, chosen["train"], None).moments(), space.on)
        rows = {part: ScaledRows(X, index, own) for part, index in chosen.items()}
        scored = {part: ScaledRows(X, index, space).toarray() for part, index in wanted.items()}
        return rows, scored, own, space
    own = Scaler.fit(X[chosen["train"]], space.on)
    scored = {part: in_memory(space.transform(X[index])) for part, index in wanted.items()}
    return {part: own.transform(X[i]) for part, i in chosen.items()}, scored, own, space


def _take_selected(
    prepared: Prepared, chosen: Chosen, in_sample: NDArray[np.int64], spec: RunSpec, space: Scaler
) -> Taken:
    """Rows of the features selected on the n rows, in memory; the space scored in is theirs."""
    raw = {part: prepared.X[index] for part, index in chosen.items()}
    kept = select_rows(raw["train"], prepared.meta["info"]["values"], spec.features)
    raw = {part: X[:, kept] for part, X in raw.items()}
    own = Scaler.fit(raw["train"], space.on)
    rows = {part: own.transform(X) for part, X in raw.items()}
    scored = {part: in_memory(rows[part]) for part in ("validation", "test")}
    scored["in_sample"] = in_memory(rows["train"][in_sample])
    return rows, scored, own, own


def in_memory(X: Matrix, sparse: bool = False) -> Matrix:
    """A matrix (n, p) float32 for methods that take no mapped rows: CSR if ``sparse``, or dense."""
    if isinstance(X, ScaledRows) and sparse:
        return X.tocsr()
    if sparse and not isinstance(X, np.ndarray):
        return X
    dense = X if isinstance(X, np.ndarray) else X.toarray()
    return np.ascontiguousarray(dense, dtype=np.float32)


def _tune(place: Workplace, spec: RunSpec, rows: Rows) -> Found:
    """Search on the training rows, scored on the validation rows; test rows are not handed on."""
    tuning = spec.tuning
    assert tuning is not None
    known = replace(
        rows,
        X={part: X for part, X in rows.X.items() if part != "test"},
        codes={part: codes for part, codes in rows.codes.items() if part != "test"},
        scored={"validation": rows.scored["validation"]},
    )
    trial = spec.model_copy(update={"metrics": (tuning.metric,)})

    def score(pipeline: Pipeline) -> float:
        own = replace(place, pipeline=pipeline, shared=frozenset())
        scores = _score(own, trial, known, _fit(own, trial, known))["validation"]
        if tuning.metric not in scores.values:
            raise TrialFailed(scores.skipped[tuning.metric])
        return scores.values[tuning.metric]

    return search(place.pipeline, tuning, method_seed(spec.repeat, spec.seed), score)


def _fit(place: Workplace, spec: RunSpec, rows: Rows) -> Fitted:
    stages = place.pipeline.stages
    fitted = Fitted(dict(rows.X))
    for stage, prefix in zip(stages, place.pipeline.prefixes, strict=True):
        folder = None
        if prefix in place.shared:
            identity = spec.model_dump(exclude={"pipeline", "pipeline_id", "keep_embedding"})
            folder = place.scratch / f"stage-{digest([prefix, identity])}"
        done = load_stage(folder) if folder else None
        if done is None:
            done = _fit_stage(stage, spec, fitted.Z, rows.codes)
            if folder:
                save_stage(folder, done, keep_model=stage.info.invertible)
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
    stage: Stage, spec: RunSpec, X: dict[str, Any], codes: dict[str, NDArray[np.int32] | None]
) -> FittedStage:
    """Fit on the training rows, transform all parts; what is timed is the method's own call."""
    info = stage.info
    model = stage.build(method_seed(spec.repeat, spec.seed), spec.device)
    y = {part: (codes[part],) if info.sees_labels else () for part in X}
    Z: dict[str, Any] = {}
    with measure.clock(spec.device) as fitting:
        model.fit(X["train"], *y["train"])
    with measure.clock(spec.device) as transforming:
        if "test" in X:  # it is not while parameters are searched
            Z["test"] = model.transform(X["test"], *y["test"])
    with measure.clock(spec.device) as embedding:
        Z["train"] = (
            model.embedding_ if info.keeps_embedding else model.transform(X["train"], *y["train"])
        )
    with measure.clock(spec.device) as validating:
        Z["validation"] = model.transform(X["validation"], *y["validation"])
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
    checked = {part: _checked(Z[part], X[part].shape[0], stage, part) for part in X}
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


def _score(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted) -> dict[str, Scores]:
    """Scores of the test, validation and in-sample rows."""
    needs = {need for name in spec.metrics for need in METRICS[name].needs}
    results = {}
    for part, expression in rows.scored.items():
        own = part != "in_sample"
        Z = fitted.Z[part] if own else fitted.Z["train"][rows.in_sample]
        m = min(spec.scored, len(Z))
        inputs: dict[str, Any] = {"expression": expression[:m], "embedding": Z[:m]}
        inputs["background"] = Z
        if "reconstruction" in needs and place.pipeline.invertible:
            with suppress(AttributeError, NotImplementedError):  # an inverse that is switched off
                inputs["reconstruction"] = _reconstruct(fitted, Z[:m], rows, m)
        if "gene_neighbors" in needs and len(Z) > n_neighbors(len(Z)):
            inputs["gene_neighbors"] = shared_neighbors(
                place.scratch / f"neighbors-{digest(rows.identities[part])}.npz",
                partial(Neighbors.of, expression, n_neighbors(len(Z)), m),
            )
        names = list(spec.metrics)
        if own:
            codes = rows.codes[part]
            inputs["labels"] = None if codes is None else codes[:m]
            inputs["probe_labels"] = probe_labels(inputs["labels"])
            inputs["train_embedding"] = fitted.Z["train"]
            inputs["train_labels"] = rows.codes["train"]
        else:
            names = in_sample_metrics(names) if m else []
        results[part] = evaluate(names, inputs, rows.units if part == "test" else None)
    return results


def _reconstruct(fitted: Fitted, Z: FloatArray, rows: Rows, m: int) -> FloatArray:
    """Rows (m, p) rebuilt from their embedding, in the fixed space."""
    X = Z
    for model in reversed(fitted.models):
        X = np.asarray(model.inverse_transform(X), dtype=np.float32)
    expected = (m, rows.scored["validation"].shape[1])
    if X.shape != expected:
        raise InvalidOutput(f"inverse_transform returned shape {X.shape}, not {expected}")
    if not np.isfinite(X).all():
        raise InvalidOutput("inverse_transform returned non-finite values")
    return rows.to_scored(X)


def warm_up(place: Workplace, spec: RunSpec, prepared: Prepared, rows: int) -> None:
    """Take the run's own path once on few rows, so that imports and JIT are not timed in it."""
    size = min(spec.size, rows)
    tiny = spec.model_copy(update={
        "size": size, "keep_embedding": False, "scored_in_sample": min(size, spec.scored_in_sample),
        "tuning": None,
    })  # fmt: skip
    execute(replace(place, shared=frozenset()), tiny, prepared)
