"""Who takes part in a suite: its pipelines, as written and tuned, their repeats and metrics."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from omicsbench.errors import RegistryError, unknown
from omicsbench.metrics import METRICS
from omicsbench.planning.suite import Suite
from omicsbench.plugin import Dimension
from omicsbench.records.spec import Tuning, label
from omicsbench.registry.discover import Registry
from omicsbench.registry.pipeline import Pipeline, resolve


@dataclass(frozen=True)
class Contestant:
    """A pipeline as written, or tuned, with its number of repeats."""

    pipeline: Pipeline
    tuning: Tuning | None
    repeats: int

    @property
    def label(self) -> str:
        return label(self.pipeline.text, self.tuning)


def resolve_pipelines(suite: Suite, registry: Registry) -> list[Pipeline]:
    """The suite's pipelines, each once. Raises RegistryError for what is unknown."""
    made: dict[str, Pipeline] = {}
    for text in suite.pipelines:
        pipeline = resolve(text, registry, suite.n_components, suite.families)
        if pipeline.task != suite.task:
            raise RegistryError(f"{text} is for task {pipeline.task}, the suite's is {suite.task}.")
        made.setdefault(pipeline.text, pipeline)
    return list(made.values())


def repeats_by_pipeline(suite: Suite, registry: Registry) -> dict[str, int]:
    """Repeats of every pipeline, by its canonical text: all, or fewer where the suite says so."""
    fewer = suite.model_copy(update={"pipelines": tuple(suite.fewer_repeats)})
    few = {
        pipeline.text: number
        for pipeline, number in zip(
            resolve_pipelines(fewer, registry), suite.fewer_repeats.values(), strict=True
        )
    }
    texts = [pipeline.text for pipeline in resolve_pipelines(suite, registry)]
    for text in few:
        if text not in texts:
            raise RegistryError(
                f"fewer_repeats names {text}, which is none of the suite's pipelines; add it or "
                "leave it out."
            )
    return {text: min(suite.repeats, few.get(text, suite.repeats)) for text in texts}


def resolve_metrics(suite: Suite) -> tuple[str, ...]:
    """The suite's metrics, each once; all there are of its task if it states none."""
    fit = tuple(name for name, metric in METRICS.items() if suite.task in metric.tasks)
    names = fit if suite.metrics is None else tuple(dict.fromkeys(suite.metrics))
    for name in (*names, *suite.margins):
        if name not in METRICS:
            where = "" if name in names else "margins: "
            raise RegistryError(where + unknown("metric", name, list(METRICS)))
        if name not in fit:
            known = _some(fit)
            raise RegistryError(f"{name} is no metric of task {suite.task}; those are {known}.")
    return names


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def resolve_tuning(suite: Suite) -> Tuning | None:
    """How the suite tunes, None if it does not. Raises RegistryError for an unknown metric."""
    tune = suite.tune
    if tune is None:
        return None
    if tune.metric not in METRICS:
        raise RegistryError(f"tune.metric: {unknown('metric', tune.metric, list(METRICS))}")
    if suite.task not in METRICS[tune.metric].tasks:
        raise RegistryError(f"tune.metric: {tune.metric} is no metric of task {suite.task}.")
    return Tuning(trials=tune.trials, seconds=tune.seconds, metric=tune.metric)


def contestants(suite: Suite, registry: Registry) -> list[Contestant]:
    """All pipelines as written, then, where the suite tunes, all but the controls tuned."""
    pipelines, repeats = resolve_pipelines(suite, registry), repeats_by_pipeline(suite, registry)
    made = [Contestant(pipeline, None, repeats[pipeline.text]) for pipeline in pipelines]
    tuning = resolve_tuning(suite)
    if suite.tune is None or tuning is None:
        return made
    most = suite.tune.repeats or suite.repeats
    return made + [
        Contestant(pipeline, tuning, min(most, repeats[pipeline.text]))
        for pipeline in pipelines
        if pipeline.family != "control" and not pipeline.is_control
    ]


def shared_prefixes(pipelines: Sequence[Pipeline]) -> set[str]:
    """Stages that several pipelines begin with: fitted once for all of them."""
    counts = Counter(prefix for pipeline in pipelines for prefix in pipeline.prefixes)
    return {prefix for prefix, count in counts.items() if count > 1}


INSTALL = "pip install 'omicsbench[tune]'"


def space_of(pipeline: Pipeline) -> dict[tuple[int, str], Dimension]:
    """What is searched: the spaces of all stages, but for the parameters that are stated."""
    return {
        (place, name): dimension
        for place, stage in enumerate(pipeline.stages)
        for name, dimension in stage.info.space
        if name not in stage.params
    }


def untunable(pipeline: Pipeline, tuning: Tuning) -> str | None:
    """Why a pipeline cannot be tuned so, None if it can or has nothing to tune."""
    if not space_of(pipeline):
        return None
    if importlib.util.find_spec("optuna") is None:
        return f"tuning needs Optuna, which is not installed: {INSTALL}"
    if "reconstruction" in METRICS[tuning.metric].needs and not pipeline.invertible:
        return f"cannot be tuned by {tuning.metric}, as it has no inverse_transform"
    return None
