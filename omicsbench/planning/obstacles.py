"""Why a run cannot be done here: small rules, some without data and some of prepared data."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from omicsbench.planning.outline import Wanted
from omicsbench.prepare.prepared import Prepared
from omicsbench.prepare.subsample import chosen_train
from omicsbench.records.spec import RunSpec
from omicsbench.registry.calls import parse_call
from omicsbench.registry.discover import unavailable

Rule = Callable[[Wanted], str | None]
DataRule = Callable[[Wanted, RunSpec, Prepared], str | None]


def obstacle(wanted: Wanted) -> str | None:
    """The first reason that can be told without data, None if there is none."""
    return next((reason for rule in WITHOUT_DATA if (reason := rule(wanted))), None)


def obstacle_in_data(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    """The first reason that the prepared data give, None if there is none."""
    reasons = (rule(wanted, spec, prepared) for rule in OF_DATA)
    return next((reason for reason in reasons if reason), None)


def _missing(wanted: Wanted) -> str | None:
    for stage in wanted.contestant.pipeline.stages:
        if reason := unavailable(stage.info, stage.make):
            return f"{parse_call(stage.text).name} {reason}"
    return None


def _device(wanted: Wanted) -> str | None:
    device = wanted.suite.device
    for stage in wanted.contestant.pipeline.stages:
        if not {device, "cpu"} & set(stage.info.devices):
            devices = ", ".join(stage.info.devices)
            return f"{parse_call(stage.text).name} runs on {devices}, not on {device}"
    return None


def _too_many_dimensions(wanted: Wanted) -> str | None:
    for stage in wanted.contestant.pipeline.stages:
        if stage.n_components and stage.n_components >= wanted.size:
            return f"{stage.n_components} dimensions need more than {wanted.size} training samples"
    return None


def _untunable(wanted: Wanted) -> str | None:
    return wanted.contestant.untunable


def _no_labels(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    if spec.task == "regress":
        return None if prepared.facts.target else "the data set has no target"
    sees = any(stage.info.sees_labels for stage in wanted.contestant.pipeline.stages)
    needed = sees or spec.task == "predict"
    return "the data set has no labels" if needed and not prepared.facts.label_names else None


def _constant(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    """Of a target that is the same in all training rows that have one, nothing can be learnt."""
    if spec.task != "regress":
        return None
    known = prepared.target("train")
    assert known is not None
    values = np.asarray(known[chosen_train(spec, known.size)[0]])
    several = np.unique(values[np.isfinite(values)]).size > 1
    return None if several else f"the target does not vary in the {spec.size} training samples"


def _no_such_image(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    for stage in wanted.contestant.pipeline.stages:
        image, features = stage.value("image"), prepared.facts.n_features
        if image is not None and math.prod(image) != features:
            shape = " x ".join(map(str, image))
            return f"takes images of {shape}, the data set has {features} features"
    return None


def _one_class(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    """Classes count among the training rows, if they have more than one cell in the data set."""
    if spec.task != "predict":
        return None
    known = prepared.codes("train")
    assert known is not None
    codes = np.asarray(known[chosen_train(spec, known.size)[0]])
    sizes = np.asarray(prepared.contents.class_sizes)
    classes = np.count_nonzero(sizes[np.unique(codes[codes >= 0])] > 1)
    return f"only one class among the {spec.size} training samples" if classes < 2 else None


def _too_few_features(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    dimensions = wanted.contestant.pipeline.stages[0].n_components
    features = prepared.contents.shape[1]
    too_few = dimensions is not None and dimensions > features
    return f"the data set has only {features} features" if too_few else None


def _knows_what_is_held_out(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    elsewhere = wanted.contestant.pipeline.stages[0].info.reads == "embedding"
    if elsewhere and prepared.facts.hold_out:
        return "its embedding may have been computed from what is held out of all methods"
    return None


def _negative(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    needed = wanted.contestant.pipeline.stages[0].info.nonnegative
    negative = needed and not prepared.contents.nonnegative
    return "needs non-negative data, and this data set has negative values" if negative else None


def _no_counts(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    reads, values = wanted.contestant.pipeline.stages[0].info.reads, prepared.facts.values
    none = reads == "counts" and values != "counts"
    return f"reads counts, and the data set holds {values} values" if none else None


def _no_batches(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    if prepared.facts.batch is not None:
        return None
    if spec.task == "batch":
        return "the data set names no batches"
    for stage in wanted.contestant.pipeline.stages:
        if "batch" in stage.info.uses:
            return "uses the batch of each cell, and the data set names none"
    return None


def _no_such_modality(wanted: Wanted, spec: RunSpec, prepared: Prepared) -> str | None:
    takes = wanted.contestant.pipeline.stages[0].info.takes
    held = [own.values for own in (prepared.contents.modalities or {}).values()]
    lacking = [values for values in takes if values not in held]
    if not lacking:
        return None
    return f"takes modalities of {' and '.join(takes)}; the data set has none of {lacking[0]}"


WITHOUT_DATA: tuple[Rule, ...] = (_missing, _device, _too_many_dimensions, _untunable)
OF_DATA: tuple[DataRule, ...] = (
    _no_labels,  # first: classes and targets are counted by it
    _no_such_image,
    _one_class,
    _constant,
    _too_few_features,
    _knows_what_is_held_out,
    _negative,
    _no_counts,
    _no_batches,
    _no_such_modality,
)
