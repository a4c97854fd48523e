"""From a suite to its runs: data prepared, sizes resolved, what cannot run set aside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from omicsbench.errors import OmicsbenchError, RegistryError
from omicsbench.inputs.source import OwnData, Source, own, registered
from omicsbench.planning.contestants import Contestant, contestants, resolve_metrics
from omicsbench.planning.suite import LADDER, Size, Suite
from omicsbench.plugin import MethodInfo
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.prepare.split import smallest_parts
from omicsbench.prepare.subsample import chosen_rows, class_sizes
from omicsbench.records import environment
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.registry.calls import parse_call
from omicsbench.registry.discover import Registry, device_present, unavailable
from omicsbench.registry.pipeline import Pipeline


@dataclass(frozen=True)
class Planned:
    """One run that is to be: its spec, pipeline, prepared data, and why it cannot run, if so."""

    spec: RunSpec
    pipeline: Pipeline
    prepared: Prepared
    skip: str | None = None

    def skipped_record(self, suite: str, here: Environment) -> RunRecord:
        """The record of a run set aside; ``here`` is the environment in which it cannot run."""
        assert self.skip is not None
        return RunRecord.unfinished(
            self.spec,
            self.pipeline,
            Ending(Status.SKIPPED, self.skip, Cause.CANNOT_RUN),
            dataset_info=self.prepared.facts,
            environment=here,
            suite=suite,
        )


def make_plan(
    suite: Suite,
    registry: Registry,
    own_data: Sequence[OwnData] = (),
    on_dataset: Callable[[str, float], None] | None = None,
) -> list[Planned]:
    """Every run of the suite, in the order in which it is done.

    Prepares the data sets, telling ``on_dataset`` the name of each and the share done of it.
    Raises OmicsbenchError for anything unknown or unusable, before any run has started.
    """
    if not device_present(suite.device):
        raise OmicsbenchError(f"There is no {suite.device} device here; use --device cpu.")
    entered, metrics = contestants(suite, registry), resolve_metrics(suite, registry)
    chosen: list[tuple[Source, tuple[Size, ...] | None]] = []
    for choice in suite.datasets:
        source = registered(choice.name, registry)
        if choice.held_out is not None and suite.task != "predict":
            raise RegistryError(f"{choice.name}: held_out is for suites of task predict.")
        chosen.append(
            (source.without(choice.held_out) if choice.held_out else source, choice.sizes)
        )
    chosen += [(own(data, suite.task == "integrate"), None) for data in own_data]
    for source, _ in chosen:
        if source.several != (suite.task == "integrate"):
            has = "several modalities: it is" if source.several else "one modality: it is not"
            raise RegistryError(f"{source.name} has {has} for suites of task integrate.")
    if not chosen:
        raise RegistryError(f"Suite {suite.name} names no data set; add one or use --data FILE.")
    names = [source.name for source, _ in chosen]
    for name in names:
        if names.count(name) > 1:
            raise RegistryError(f"Two data sets are named {name!r}; rename one, or leave it out.")
    plan: list[Planned] = []
    for source, stated in chosen:
        if on_dataset:
            on_dataset(source.name, 0.0)
        prepared = prepare(
            source,
            range(suite.repeats),
            seed=suite.seed,
            features=suite.features,
            per_size=suite.features_per_size,
            on_share=partial(on_dataset, source.name) if on_dataset else None,
        )
        source.__dict__.pop("cells", None)  # loaded data is no longer needed
        sizes = stated or suite.sizes
        plan += _runs(suite, entered, metrics, source, sizes, prepared)
    return plan


def _runs(
    suite: Suite,
    entered: list[Contestant],
    metrics: tuple[str, ...],
    source: Source,
    stated: tuple[Size, ...] | None,
    prepared: dict[int, Prepared],
) -> list[Planned]:
    contents = prepared[0].contents
    train, _, test = smallest_parts(contents.shape[0])
    train = min(train, *(p.split.train.size for p in prepared.values()))  # of a class held out
    predicts = suite.task == "predict"
    sizes = training_sizes(stated or (*LADDER, "all"), train)
    if not sizes:
        raise RegistryError(
            f"{source.name} has {train} training samples, fewer than every size of the suite; "
            f'add a size of at most {train}, or "all", or leave the data set out.'
        )
    runs = []
    for contestant in entered:
        pipeline, tuning = contestant.pipeline, contestant.tuning
        for size in sizes:
            for repeat in range(contestant.repeats):
                spec = RunSpec(
                    task=suite.task,
                    dataset=source.name,
                    dataset_id=contents.id,
                    pipeline=pipeline.text,
                    pipeline_id=pipeline.code_id,
                    size=size,
                    repeat=repeat,
                    device=suite.device,
                    threads=suite.threads or max(1, environment.cores() // suite.jobs),
                    seed=suite.seed,
                    split=contents.split,
                    features=suite.features,
                    features_per_size=suite.features_per_size,
                    scored=min(suite.scored, test),
                    background=min(
                        suite.scored if predicts else max(suite.background, suite.scored), test
                    ),
                    scored_in_sample=0 if predicts else min(suite.scored, sizes[0]),
                    metrics=metrics,
                    metric_versions=contestant.metric_versions,
                    # Pictures show pipelines as written.
                    keep_embedding=repeat == 0 and pipeline.output_dim == 2 and not tuning,
                    tuning=tuning,
                )
                prep = prepared[repeat]
                runs.append(Planned(spec, pipeline, prep, _why_not(contestant, spec, prep)))
    return runs


def training_sizes(stated: Sequence[Size], train: int) -> list[int]:
    """Ascending training sizes that the data allow; "all" is what every repeat has."""
    numbers = {train if size == "all" else int(size) for size in stated}
    return sorted(size for size in numbers if size <= train)


def _why_not(contestant: Contestant, spec: RunSpec, prepared: Prepared) -> str | None:
    """The reason why a run cannot be done here, None if it can."""
    pipeline, contents, facts = contestant.pipeline, prepared.contents, prepared.facts
    first: MethodInfo = pipeline.stages[0].info
    for stage in pipeline.stages:
        reason = unavailable(stage.info)
        devices = stage.info.devices
        if reason is None and not {spec.device, "cpu"} & set(devices):
            reason = f"runs on {', '.join(devices)}, not on {spec.device}"
        if reason:
            return f"{parse_call(stage.text).name} {reason}"
        if stage.n_components and stage.n_components >= spec.size:
            return f"{stage.n_components} dimensions need more than {spec.size} training samples"
        if (stage.info.sees_labels or spec.task == "predict") and not facts.label_names:
            return "the data set has no labels"
        image = stage.value("image")
        if image is not None and math.prod(image) != facts.n_features:
            shape = " x ".join(map(str, image))
            return f"takes images of {shape}, the data set has {facts.n_features} features"
    if spec.task == "predict" and _classes(spec, prepared) < 2:
        return f"only one class among the {spec.size} training samples"
    if pipeline.stages[0].n_components and pipeline.stages[0].n_components > contents.shape[1]:
        return f"the data set has only {contents.shape[1]} features"
    if first.nonnegative and not contents.nonnegative:
        return "needs non-negative data, and this data set has negative values"
    return contestant.untunable


def _classes(spec: RunSpec, prepared: Prepared) -> int:
    """Classes among the training rows, of those with more than one cell in the data set."""
    assert prepared.labels is not None
    codes = np.asarray(prepared.labels[chosen_rows(spec, prepared)[0]["train"]])
    return int(np.count_nonzero(class_sizes(prepared)[np.unique(codes[codes >= 0])] > 1))
