"""Who takes part in a suite: its pipelines, as written and tuned, their repeats and metrics."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from omicsbench.errors import RegistryError
from omicsbench.metrics import Metric
from omicsbench.planning.suite import Suite
from omicsbench.plugin import Dimension
from omicsbench.records.spec import Tuning, label
from omicsbench.registry.discover import Registry
from omicsbench.registry.pipeline import Pipeline, resolve

# By which tuning is scored where a suite states none; neither sees labels.
SEES_UNSEEN, SEES_VALUES = "held_out_features", "knn_recall"
INSTALL = "pip install 'omicsbench[tune]'"


@dataclass(frozen=True)
class Contestant:
    """A pipeline as written, or tuned, with its number of repeats.

    ``tuned_by`` is the metric of the tuning; ``metric_versions`` what defines the metrics that
    enter its runs, where their names do not (``Registry.metric_versions``).
    """

    pipeline: Pipeline
    tuning: Tuning | None
    repeats: int
    tuned_by: Metric | None = None
    metric_versions: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return label(self.pipeline.text, self.tuning)

    @property
    def untunable(self) -> str | None:
        """Why it cannot be tuned so, None if it can, has nothing to tune or is not to be tuned."""
        if self.tuned_by is None or not space_of(self.pipeline):
            return None
        if importlib.util.find_spec("optuna") is None:
            return f"tuning needs Optuna, which is not installed: {INSTALL}"
        if "reconstruction" in self.tuned_by.needs and not self.pipeline.invertible:
            return f"cannot be tuned by {self.tuned_by.name}, as it has no inverse_transform"
        return None


def resolve_pipelines(suite: Suite, registry: Registry) -> list[Pipeline]:
    """The suite's pipelines, each once. Raises RegistryError for what is unknown."""
    made: dict[str, Pipeline] = {}
    for text in suite.pipelines:
        pipeline = resolve(text, registry, suite.n_components, suite.families, suite.task)
        # What embeds takes part among those that remove batches too: it may need no removal.
        if pipeline.task != suite.task and (pipeline.task, suite.task) != ("embed", "batch"):
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


def resolve_metrics(suite: Suite, registry: Registry) -> tuple[str, ...]:
    """The suite's metrics, each once; all there are of its task if it states none."""
    fit = tuple(name for name, m in registry.metrics.items() if suite.task in m.info.tasks)
    names = fit if suite.metrics is None else tuple(dict.fromkeys(suite.metrics))
    for name in (*names, *suite.analysis.margins):
        if name not in registry.metrics:
            where = "" if name in names else "analysis.margins: "
            raise RegistryError(where + registry.problem("metric", name))
        if name not in fit:
            known = _some(fit)
            raise RegistryError(f"{name} is no metric of task {suite.task}; those are {known}.")
    return names


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def resolve_tuning(suite: Suite, registry: Registry) -> Tuning | None:
    """How the suite tunes, None if it does not. Raises RegistryError for an unknown metric."""
    tune = suite.tune
    if tune is None:
        return None
    metric = tune.metric or (SEES_UNSEEN if _holds_out(suite) else SEES_VALUES)
    if metric not in registry.metrics:
        raise RegistryError(f"tune.metric: {registry.problem('metric', metric)}")
    if suite.task not in registry.metric(metric).info.tasks:
        raise RegistryError(f"tune.metric: {metric} is no metric of task {suite.task}.")
    return Tuning(trials=tune.trials, seconds=tune.seconds, metric=metric)


def _holds_out(suite: Suite) -> bool:
    """Whether molecules and features are held out on all of the suite's data sets."""
    said = [suite.hold_out if one.hold_out is None else one.hold_out for one in suite.datasets]
    return all(said) if said else suite.hold_out


def contestants(suite: Suite, registry: Registry) -> list[Contestant]:
    """All pipelines as written, then, where the suite tunes, all but the controls tuned."""
    pipelines, repeats = resolve_pipelines(suite, registry), repeats_by_pipeline(suite, registry)
    metrics = resolve_metrics(suite, registry)
    versions = registry.metric_versions(metrics)
    made = [
        Contestant(pipeline, None, repeats[pipeline.text], metric_versions=versions)
        for pipeline in pipelines
    ]
    tuning = resolve_tuning(suite, registry)
    if suite.tune is None or tuning is None:
        return made
    most = suite.tune.repeats or suite.repeats
    by = registry.metric(tuning.metric).info
    versions = registry.metric_versions([*metrics, by.name])
    return made + [
        Contestant(pipeline, tuning, min(most, repeats[pipeline.text]), by, versions)
        for pipeline in pipelines
        if pipeline.family != "control" and not pipeline.is_control
    ]


def shared_prefixes(pipelines: Sequence[Pipeline]) -> set[str]:
    """Stages that several pipelines begin with: fitted once for all of them."""
    counts = Counter(prefix for pipeline in pipelines for prefix in pipeline.prefixes)
    return {prefix for prefix, count in counts.items() if count > 1}


def space_of(pipeline: Pipeline) -> dict[tuple[int, str], Dimension]:
    """What is searched: the spaces of all stages, but for the parameters that are stated."""
    return {
        (place, name): dimension
        for place, stage in enumerate(pipeline.stages)
        for name, dimension in stage.info.space
        if name not in stage.params
    }
