"""From a suite to its runs: data prepared, sizes resolved, what cannot run set aside."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from omicsbench.errors import OmicsbenchError, RegistryError, StoreError
from omicsbench.inputs.source import OwnData, Source, own, registered
from omicsbench.metrics import METRICS
from omicsbench.planning.suite import LADDER, Size, Suite, dump
from omicsbench.plugin import MethodInfo
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.prepare.split import smallest_parts
from omicsbench.prepare.subsample import chosen_rows, class_sizes
from omicsbench.records import environment, store
from omicsbench.records.spec import RunRecord, RunSpec, Status, Tuning, label
from omicsbench.registry.calls import parse_call
from omicsbench.registry.discover import Registry, device_present, unavailable, unknown
from omicsbench.registry.pipeline import Pipeline, resolve
from omicsbench.running.tuning import untunable

PLAN_FILE = "plan.json"


@dataclass(frozen=True)
class Planned:
    """One run that is to be: its spec, pipeline, prepared data, and why it cannot run, if so."""

    spec: RunSpec
    pipeline: Pipeline
    prepared: Prepared
    skip: str | None = None

    def skipped_record(self, suite: str, here: dict[str, Any]) -> RunRecord:
        """The record of a run set aside; ``here`` is the environment in which it cannot run."""
        return RunRecord(
            key=self.spec.key,
            spec=self.spec,
            family=self.pipeline.family,
            is_control=self.pipeline.is_control,
            status=Status.SKIPPED,
            reason=self.skip,
            dataset_info=self.prepared.meta["info"],
            environment=here,
            suite=suite,
        )


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
    entered, metrics = contestants(suite, registry), resolve_metrics(suite)
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
    meta = prepared[0].meta
    train, _, test = smallest_parts(int(meta["shape"][0]))
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
                    dataset_id=meta["id"],
                    pipeline=pipeline.text,
                    pipeline_id=pipeline.code_id,
                    size=size,
                    repeat=repeat,
                    device=suite.device,
                    threads=suite.threads or max(1, environment.cores() // suite.jobs),
                    seed=suite.seed,
                    split=meta["split"],
                    features=suite.features,
                    features_per_size=suite.features_per_size,
                    scored=min(suite.scored, test),
                    background=min(
                        suite.scored if predicts else max(suite.background, suite.scored), test
                    ),
                    scored_in_sample=0 if predicts else min(suite.scored, sizes[0]),
                    metrics=metrics,
                    # Pictures show pipelines as written.
                    keep_embedding=repeat == 0 and pipeline.output_dim == 2 and not tuning,
                    tuning=tuning,
                )
                prep = prepared[repeat]
                runs.append(Planned(spec, pipeline, prep, _why_not(pipeline, spec, prep)))
    return runs


def training_sizes(stated: Sequence[Size], train: int) -> list[int]:
    """Ascending training sizes that the data allow; "all" is what every repeat has."""
    numbers = {train if size == "all" else int(size) for size in stated}
    return sorted(size for size in numbers if size <= train)


def _why_not(pipeline: Pipeline, spec: RunSpec, prepared: Prepared) -> str | None:
    """The reason why a run cannot be done here, None if it can."""
    meta = prepared.meta
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
        if (stage.info.sees_labels or spec.task == "predict") and not meta["info"]["label_names"]:
            return "the data set has no labels"
        image = stage.value("image")
        if image is not None and math.prod(image) != meta["info"]["n_features"]:
            shape = " x ".join(map(str, image))
            return (
                f"takes images of {shape}, the data set has {meta['info']['n_features']} features"
            )
    if spec.task == "predict" and _classes(spec, prepared) < 2:
        return f"only one class among the {spec.size} training samples"
    if pipeline.stages[0].n_components and pipeline.stages[0].n_components > meta["shape"][1]:
        return f"the data set has only {meta['shape'][1]} features"
    if first.nonnegative and not meta["nonnegative"]:
        return "needs non-negative data, and this data set has negative values"
    return untunable(pipeline, spec.tuning) if spec.tuning else None


def _classes(spec: RunSpec, prepared: Prepared) -> int:
    """Classes among the training rows, of those with more than one cell in the data set."""
    assert prepared.labels is not None
    codes = np.asarray(prepared.labels[chosen_rows(spec, prepared)[0]["train"]])
    return int(np.count_nonzero(class_sizes(prepared)[np.unique(codes[codes >= 0])] > 1))


def shared_prefixes(pipelines: Sequence[Pipeline]) -> set[str]:
    """Stages that several pipelines begin with: fitted once for all of them."""
    counts = Counter(prefix for pipeline in pipelines for prefix in pipeline.prefixes)
    return {prefix for prefix, count in counts.items() if count > 1}


def write_plan(folder: Path, suite: Suite, plan: Sequence[Planned], command: str) -> None:
    """Keep, beside the records, which runs belong to the suite as it was last run."""
    content = {
        "suite": json.loads(dump(suite)),
        "command": command,
        "runs": [planned.spec.key for planned in plan],
    }
    store.write_text(folder / PLAN_FILE, json.dumps(content, indent=1) + "\n")


def read_plan(folder: Path) -> dict[str, Any]:
    """What ``write_plan`` kept; empty if the folder has none."""
    path = folder / PLAN_FILE
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise StoreError(f"{path} is damaged; delete it or run the suite again.") from error


def planned_records(folder: Path) -> tuple[list[RunRecord], int, int]:
    """Records of the runs last planned (all, without a plan).

    Also how many of these have no record yet, and how many records the plan leaves out.
    """
    records = store.read_records(folder)
    keys = read_plan(folder).get("runs")
    if keys is None:
        return records, 0, 0
    wanted = set(keys)
    kept = [record for record in records if record.key in wanted]
    return kept, len(wanted) - len(kept), len(records) - len(kept)
