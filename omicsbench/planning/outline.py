"""What a suite enumerates before any data are at hand: the list that runs and estimates walk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from omicsbench.errors import RegistryError
from omicsbench.inputs.embeddings import content_id
from omicsbench.inputs.source import Source, own, registered
from omicsbench.planning.contestants import Contestant, contestants, resolve_metrics
from omicsbench.planning.suite import DEFAULT_SIZES, DatasetChoice, Size, SplitBy, Suite, threads_of
from omicsbench.plugin import SUPERVISED, Remote
from omicsbench.prepare.split import Split, kind, smallest_parts
from omicsbench.reading.own import OwnData
from omicsbench.records.costs import CostTerms
from omicsbench.records.ids import digest
from omicsbench.records.spec import RunSpec
from omicsbench.registry.calls import parse_call
from omicsbench.registry.discover import Registry
from omicsbench.registry.pipeline import resolve


@dataclass(frozen=True)
class ChosenData:
    """A data set that takes part, the training sizes stated for it, and what it downloads."""

    source: Source
    stated: tuple[Size, ...]
    remote: tuple[Remote, ...] = ()

    def sizes(self, train: int) -> list[int]:
        """Ascending training sizes that ``train`` rows allow; "all" is what every repeat has.

        Raises RegistryError if there are none.
        """
        numbers = {train if size == "all" else int(size) for size in self.stated}
        if found := sorted(size for size in numbers if size <= train):
            return found
        raise RegistryError(
            f"{self.source.name} has {train} training samples, fewer than every size of the suite; "
            f'add a size of at most {train}, or "all", or leave the data set out.'
        )

    def too_large(self, train: int) -> str:
        """Which stated sizes ``train`` rows do not allow, in words; empty where none was stated."""
        above = sorted(n for n in self.stated if n != "all" and n > train)
        if not above or self.stated == DEFAULT_SIZES:
            return ""
        left = ", ".join(f"{n:,}" for n in above)
        return (
            f"{self.source.name}: n = {left} left out, as there are {train:,} training samples; "
            'size "all" takes these.'
        )


@dataclass(frozen=True)
class DataTerms:
    """What a run's spec takes from its data: ``train`` and ``test`` are rows of any repeat."""

    dataset_id: str
    split: Literal["holdout", "kfold", "group"]
    train: int
    test: int
    most_repeats: int | None = None

    @classmethod
    def of(cls, dataset_id: str, cells: int, train: int | None = None) -> DataTerms:
        """Of so many cells; ``train`` where a class held out leaves fewer than these would."""
        most, _, test = smallest_parts(cells)
        return cls(dataset_id, kind(cells), most if train is None else min(most, train), test)

    @classmethod
    def of_splits(cls, dataset_id: str, splits: Sequence[Split], repeats: int | None) -> DataTerms:
        """Of cells split by units; ``repeats``, where there are few, is how many can be made."""
        train, test = (min(getattr(s, part).size for s in splits) for part in ("train", "test"))
        return cls(dataset_id, "group", train, test, repeats)


@dataclass(frozen=True)
class Outline:
    """The data sets, contestants and metrics of a suite, all known and sound.

    ``of_held_out`` are those metrics that are defined only where something is held out.
    """

    suite: Suite
    datasets: tuple[ChosenData, ...]
    contestants: tuple[Contestant, ...]
    metrics: tuple[str, ...]
    of_held_out: frozenset[str] = frozenset()

    def metrics_of(self, data: ChosenData) -> tuple[str, ...]:
        """Those stated; else all but those of what is held out, where nothing is."""
        if self.suite.metrics is not None or data.source.hold_out:
            return self.metrics
        return tuple(name for name in self.metrics if name not in self.of_held_out)

    def wanted(self, data: ChosenData, sizes: Sequence[int]) -> Iterator[Wanted]:
        """Every contestant at every size on a data set, in the order in which they are done."""
        for contestant in self.contestants:
            named = contestant.pipeline.embedding
            read = content_id(data.source, named) if named else None
            for size in sizes:
                metrics = self.metrics_of(data)
                yield Wanted(self, data.source.name, contestant, size, sizes[0], metrics, read)


@dataclass(frozen=True)
class Wanted:
    """All repeats of one contestant at one size; ``smallest`` is the smallest size there is.

    ``read`` is what tells an embedding that it reads from another, where the data set does not.
    """

    outline: Outline
    dataset: str
    contestant: Contestant
    size: int
    smallest: int
    metrics: tuple[str, ...]
    read: str | None = None

    @property
    def suite(self) -> Suite:
        return self.outline.suite

    @property
    def time_limit_s(self) -> float:
        """Seconds that one run may take, its search included."""
        tuning, fit_s = self.contestant.tuning, self.suite.timeout_s
        return tuning.time_limit_s(fit_s) if tuning else fit_s

    @property
    def pipeline_id(self) -> str:
        """Hash of what the pipeline is, and of an embedding that it reads."""
        own = self.contestant.pipeline.code_id
        return own if self.read is None else digest([own, self.read])

    @property
    def terms(self) -> CostTerms:
        """What stored runs must share with these to tell their cost."""
        suite, contestant = self.suite, self.contestant
        return CostTerms(
            task=suite.task,
            label=contestant.label,
            pipeline_id=self.pipeline_id,
            device=suite.device,
            threads=threads_of(suite),
            features=suite.features,
            features_per_size=suite.features_per_size,
        )

    def specs(self, data: DataTerms) -> list[RunSpec]:
        """One spec for each repeat."""
        repeats = min(self.contestant.repeats, data.most_repeats or self.contestant.repeats)
        return [self._spec(data, repeat) for repeat in range(repeats)]

    def _spec(self, data: DataTerms, repeat: int) -> RunSpec:
        suite, contestant = self.suite, self.contestant
        pipeline, predicts = contestant.pipeline, suite.task in SUPERVISED
        background = suite.scored if predicts else max(suite.background, suite.scored)
        return RunSpec(
            task=suite.task,
            dataset=self.dataset,
            dataset_id=data.dataset_id,
            pipeline=pipeline.text,
            pipeline_id=self.pipeline_id,
            size=self.size,
            repeat=repeat,
            device=suite.device,
            threads=threads_of(suite),
            seed=suite.seed,
            split=data.split,
            features=suite.features,
            features_per_size=suite.features_per_size,
            scored=min(suite.scored, data.test),
            background=min(background, data.test),
            scored_in_sample=0 if predicts else min(suite.scored, self.smallest),
            metrics=self.metrics,
            metric_versions=contestant.metric_versions,
            # Pictures show pipelines as written.
            keep_embedding=repeat == 0 and pipeline.output_dim == 2 and not contestant.tuning,
            tuning=contestant.tuning,
        )


def outline(suite: Suite, registry: Registry, own_data: Sequence[OwnData] = ()) -> Outline:
    """The outline of a suite on its data sets and on the user's own.

    Loads, downloads and prepares nothing. Raises OmicsbenchError for what is unknown or unusable.
    """
    entered, metrics = contestants(suite, registry), resolve_metrics(suite, registry)
    if suite.analysis.reference:  # it need not take part, and must not be misspelt
        resolve(suite.analysis.reference, registry, suite.n_components, suite.families, suite.task)
    several = suite.task == "integrate"
    ladder: tuple[Size, ...] = suite.sizes or DEFAULT_SIZES
    chosen = [
        made for choice in suite.datasets for made in _chosen(choice, suite, registry, ladder)
    ]
    chosen += [
        ChosenData(made, ladder)
        for data in own_data
        for made in _split(_held_out(own(data, several), suite.hold_out, suite), suite.split)
    ]
    if not chosen:
        raise RegistryError(f"Suite {suite.name} names no data set; add one or use --data FILE.")
    names = [data.source.name for data in chosen]
    for data in chosen:
        name = data.source.name
        if data.source.several != several:
            has = "several modalities: it is" if data.source.several else "one modality: it is not"
            raise RegistryError(f"{name} has {has} for suites of task integrate.")
        if names.count(name) > 1:
            raise RegistryError(f"Two data sets are named {name!r}; rename one, or leave it out.")
    of_held_out = frozenset(n for n in metrics if registry.metric(n).info.of_held_out)
    return Outline(suite, tuple(chosen), tuple(entered), metrics, of_held_out)


def _chosen(
    choice: DatasetChoice, suite: Suite, registry: Registry, ladder: tuple[Size, ...]
) -> list[ChosenData]:
    """A data set of the suite, without the class it holds out; both splits where it wants both."""
    source = registered(choice.name, registry, choice.unit)
    if choice.held_out is not None and suite.task != "predict":
        raise RegistryError(f"{choice.name}: held_out is for suites of task predict.")
    remote = registry.dataset(parse_call(choice.name).name).info.remote
    source = source.without(choice.held_out) if choice.held_out else source
    hold_out = suite.hold_out if choice.hold_out is None else choice.hold_out
    source = _held_out(source, hold_out, suite)
    return [
        ChosenData(made, choice.sizes or ladder, remote)
        for made in _split(source, choice.split or suite.split)
    ]


def _held_out(source: Source, hold_out: bool, suite: Suite) -> Source:
    """The data set, with molecules and features held out of all methods where that is wanted."""
    if not hold_out:
        return source
    if suite.task != "embed":
        raise RegistryError(f"{source.name}: hold_out is for suites of task embed.")
    if suite.features_per_size:
        raise RegistryError(
            f"{source.name}: hold_out needs the same features at every size; leave "
            "features_per_size away."
        )
    return source.holding_out()


def _split(source: Source, by: SplitBy) -> list[Source]:
    """The data set as it is to be split: by cells, by its units, or both."""
    if by == "cells":
        return [source]
    return [*([source] if by == "both" else []), source.of_new_units()]
