"""Execute one run in this process: subsample, fit, transform, score.

A stage shared by several pipelines is fitted once per (data set, size, repeat), and its
cost counts into each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from omicsbench.metrics import METRICS
from omicsbench.metrics.evaluate import Scores, n_neighbors
from omicsbench.metrics.known import facts
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.split import method_seed
from omicsbench.prepare.subsample import GROUPS, Rows, rows_for
from omicsbench.records.embeddings import MANY_CELLS, write_embedding
from omicsbench.records.spec import OwnMetric, Phases, RunRecord, RunSpec, Status
from omicsbench.registry.pipeline import Pipeline
from omicsbench.running import measure
from omicsbench.running.fitting import Fitted, Workplace, fit_pipeline
from omicsbench.running.scoring import assess, curves
from omicsbench.running.tuning import Found, TrialFailed, search


def execute(place: Workplace, spec: RunSpec, prepared: Prepared) -> RunRecord:
    """One run, whole. Raises InvalidOutput, or whatever the method raises."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    with measure.clock() as preparing:
        rows = rows_for(place.pipeline.stages[0].info, spec, prepared)
    found = _tune(place, spec, rows) if spec.tuning else None
    if found:
        place = replace(place, pipeline=found.pipeline, shared=frozenset())
    before = measure.reference_s()
    measure.reset_peaks(spec.device)
    base = measure.rss_bytes()
    fitted = fit_pipeline(place, spec, rows)
    after = measure.reference_s()
    with measure.clock() as scoring:
        scores = assess(place, spec, rows, fitted)
        drawn = curves(place, spec, rows, fitted)
    tuned: dict[str, Any] = {"tuned": found.chosen, "trials": found.trials} if found else {}
    peaks: dict[str, Any] = {"base_rss_bytes": base, "peak_rss_bytes": fitted.cost.peak_rss_bytes}
    if spec.device == "cuda":
        peaks["peak_vram_bytes"] = fitted.cost.peak_vram_bytes
    predicts = spec.task == "predict"
    return RunRecord(
        key=spec.key,
        spec=spec,
        family=place.pipeline.family,
        is_control=place.pipeline.is_control,
        status=Status.OK,
        output_dim=None if predicts else int(fitted.Z["test"].shape[1]),
        n_neighbors=None if predicts else n_neighbors(spec.background),
        unit=prepared.facts.unit or f"{GROUPS} random groups of test cells",
        curves=drawn,
        own_metrics=_own_metrics(place, spec),
        phases=Phases(
            prepare_s=preparing.wall_s,
            tuning_s=found.seconds if found else 0.0,
            fit_s=fitted.cost.fit_s,
            transform_s=fitted.cost.transform_s,
            score_s=scoring.wall_s + fitted.validation_s,
        ),
        notes=(*rows.notes, *(found.notes if found else ())),
        reused_s=fitted.reused_s,
        cpu_s=fitted.cost.cpu_s,
        energy_j=fitted.cost.energy_j,
        reference_s=(before + after) / 2,
        fit_info=fitted.fit_info,
        embedding=_kept_embedding(place, spec, rows, fitted),
        **_scored(scores),
        **peaks,
        **tuned,
    )


def _scored(scores: Mapping[str, Scores]) -> dict[str, Any]:
    """The fields of a record that hold scores; predictions have none in sample."""
    test = scores["test"]
    return {
        "scores": test.values,
        "scores_se": test.errors,
        "scores_by_unit": test.by_unit,
        "parts": test.parts,
        "skipped_metrics": test.skipped,
        "validation": scores["validation"].values,
        "in_sample": scores["in_sample"].values if "in_sample" in scores else {},
    }


def _own_metrics(place: Workplace, spec: RunSpec) -> dict[str, OwnMetric]:
    """What the user's own metrics say of themselves, so that reports need not their files."""
    own = [name for name in spec.metrics if name not in METRICS]
    return {name: OwnMetric(**facts(place.metrics[name])) for name in own}


def _kept_embedding(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted) -> str | None:
    """The file of the run's picture, where one is wanted: of test cells, or of very many."""
    if not spec.keep_embedding or fitted.Z["test"].shape[1] != 2:
        return None
    parts = ("test", "train") if spec.size > MANY_CELLS else ("test",)
    kept = {part: (fitted.Z[part], rows.codes[part]) for part in parts}
    return write_embedding(place.out, spec.key, kept)


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
        scores = assess(own, trial, known, fit_pipeline(own, trial, known))["validation"]
        if tuning.metric not in scores.values:
            raise TrialFailed(scores.skipped[tuning.metric])
        return scores.values[tuning.metric]

    metric = place.metrics[tuning.metric]
    return search(place.pipeline, tuning, metric, method_seed(spec.repeat, spec.seed), score)


def warm_up(place: Workplace, spec: RunSpec, prepared: Prepared, rows: int) -> None:
    """Take the run's own path once on few rows, so that imports and JIT are not timed in it."""
    size = min(spec.size, rows)
    tiny = spec.model_copy(
        update={
            "size": size,
            "keep_embedding": False,
            "scored_in_sample": min(size, spec.scored_in_sample),
            "tuning": None,
        }
    )
    execute(replace(place, shared=frozenset()), tiny, prepared)
