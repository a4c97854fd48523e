"""The part of a run that happens where its method is: subsample, fit, then transform.

The rows of other parts are handed over once everything is fitted, and labels never, but to a
method that learns from those of training, or to a control that is allowed to see them. What comes
out is scored elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from pydantic import Field

from omicsbench.plugin import SUPERVISED
from omicsbench.prepare.parts import HALVES, Handed, PartName
from omicsbench.prepare.split import method_seed
from omicsbench.prepare.subsample import Rows
from omicsbench.records.facts import Frozen
from omicsbench.records.spec import Phases, RunSpec, Trials
from omicsbench.registry.pipeline import Pipeline
from omicsbench.running import measure, outputs
from omicsbench.running.answers import answers
from omicsbench.running.fitting import (
    Fitted,
    Workplace,
    apply_pipeline,
    fit_pipeline,
    leave_stages,
)
from omicsbench.running.halves import embed_halves
from omicsbench.running.handover import Outputs
from omicsbench.running.tuning import Found, search


class Outside(Protocol):
    """Whom an attempt asks for what it may not look up itself."""

    def hand(self, *parts: PartName) -> Handed:
        """Parts of the prepared data, and what may be seen of their labels."""
        ...

    def score(self, given: Outputs, spec: RunSpec) -> float:
        """The score of a trial on validation rows, by ``spec.tuning``. Raises TrialFailed."""
        ...


class Account(Frozen):
    """What an attempt tells of itself, besides its outputs. None of it is a score."""

    phases: Phases = Phases()
    reused_s: float = Field(default=0.0, ge=0)
    cpu_s: float | None = Field(default=None, ge=0)
    tuning_cpu_s: float | None = Field(default=None, ge=0)
    energy_j: float | None = Field(default=None, ge=0)
    reference_s: float | None = Field(default=None, gt=0)
    base_rss_bytes: int | None = Field(default=None, ge=0)
    peak_rss_bytes: int | None = Field(default=None, ge=0)
    peak_vram_bytes: int | None = Field(default=None, ge=0)
    tuned: dict[str, dict[str, Any]] = Field(default_factory=dict)
    trials: Trials | None = None
    fit_info: dict[str, Any] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()


def attempt(place: Workplace, spec: RunSpec, outside: Outside) -> tuple[Outputs, Account]:
    """Fit and apply the pipeline. Raises InvalidOutput, or whatever the method raises."""
    place.scratch.mkdir(parents=True, exist_ok=True)
    first = place.pipeline.stages[0].info
    with measure.clock() as preparing:
        rows = Rows.learnt(first, spec, outside.hand("train"))
    with measure.clock(spec.device) as searching:
        found = _tune(place, spec, rows, outside) if spec.tuning else None
    if found:
        place = replace(place, pipeline=found.pipeline, shared=frozenset())
    before = measure.pace.reference_s()
    base = measure.rss_bytes()
    fitted = fit_pipeline(place, spec, rows)
    with measure.clock() as handing:
        _add(rows, outside, "validation", "test")
    apply_pipeline(fitted, rows, spec.device)
    after = measure.pace.reference_s()
    with measure.clock() as answering:
        _embed_halves(place, spec, rows, fitted, outside, ("validation", "test"))
        leave_stages(fitted)
        given = _outputs(place, spec, rows, fitted)
    account = Account(
        phases=Phases(
            prepare_s=preparing.wall_s + handing.wall_s,
            tuning_s=found.seconds if found else 0.0,
            fit_s=fitted.cost.fit_s,
            transform_s=fitted.cost.transform_s,
            score_s=answering.wall_s + fitted.validation_s,
        ),
        reused_s=fitted.reused_s,
        cpu_s=fitted.cost.cpu_s,
        tuning_cpu_s=searching.cpu_s if found else None,
        energy_j=fitted.cost.energy_j,
        reference_s=(before + after) / 2,
        base_rss_bytes=base,
        peak_rss_bytes=fitted.cost.peak_rss_bytes,
        peak_vram_bytes=fitted.cost.peak_vram_bytes or None,
        tuned=found.chosen if found else {},
        trials=found.trials if found else None,
        fit_info=fitted.fit_info,
        notes=(*(found.notes if found else ()), *_doubts(spec, given)),
    )
    return given, account


def warm_up(place: Workplace, spec: RunSpec, handed: Handed, rows: int) -> None:
    """Take the run's own path once on few rows, so that imports and JIT are not timed in it.

    Training rows stand for the others, which are not handed over before the pipeline is fitted.
    """
    place.scratch.mkdir(parents=True, exist_ok=True)
    size = min(spec.size, rows)
    few = {"size": size, "scored_in_sample": min(size, spec.scored_in_sample), "tuning": None}
    tiny, place = spec.model_copy(update=few), replace(place, shared=frozenset())
    own = Rows.learnt(place.pipeline.stages[0].info, tiny, handed)
    fitted = fit_pipeline(place, tiny, own)
    own.add_stand_ins()
    apply_pipeline(fitted, own, spec.device)
    _outputs(place, tiny, own, fitted)


def _add(rows: Rows, outside: Outside, *parts: PartName) -> None:
    handed = outside.hand(*parts)
    for part in parts:
        rows.add(part, handed)


def _embed_halves(
    place: Workplace,
    spec: RunSpec,
    rows: Rows,
    fitted: Fitted,
    outside: Outside,
    parts: tuple[PartName, ...],
) -> None:
    """Embed the half of the molecules that was held out, where a metric asks for it."""
    held_out = rows.contents.facts.hold_out
    if held_out and held_out.molecules and "half_embedding" in _needs(place, spec):
        embed_halves(fitted, rows, outside.hand(*(HALVES[part] for part in parts)), parts)


def _needs(place: Workplace, spec: RunSpec) -> frozenset[str]:
    """What the metrics of the run ask for."""
    return frozenset(need for name in spec.metrics for need in place.metrics[name].needs)


def _outputs(place: Workplace, spec: RunSpec, rows: Rows, fitted: Fitted) -> Outputs:
    told = answers(place.pipeline, _needs(place, spec), rows, fitted)
    return Outputs(dict(fitted.Z), told)


def _doubts(spec: RunSpec, given: Outputs) -> tuple[str, ...]:
    """What is suspicious of outputs, but not wrong."""
    if spec.task in SUPERVISED:
        return ()
    constant = [part for part, Z in given.Z.items() if outputs.is_constant(Z)]
    return (f"the embedding of {' and '.join(constant)} rows is constant",) if constant else ()


def _tune(place: Workplace, spec: RunSpec, rows: Rows, outside: Outside) -> Found:
    """Search on the training rows, scored on the validation rows; test rows are not handed over."""
    tuning = spec.tuning
    assert tuning is not None
    trial = spec.model_copy(update={"metrics": (tuning.metric,)})

    def score(pipeline: Pipeline) -> float:
        own, known = replace(place, pipeline=pipeline, shared=frozenset()), rows.without_rows()
        fitted = fit_pipeline(own, trial, known)
        _add(known, outside, "validation")
        apply_pipeline(fitted, known, spec.device)
        _embed_halves(own, trial, known, fitted, outside, ("validation",))
        return outside.score(_outputs(own, trial, known, fitted), trial)

    metric = place.metrics[tuning.metric]
    return search(place.pipeline, tuning, metric, method_seed(spec.repeat, spec.seed), score)
