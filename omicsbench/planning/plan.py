"""From a suite to its runs: data prepared, sizes resolved, what cannot run set aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from omicsbench.errors import OmicsbenchError
from omicsbench.inputs.embeddings import embedding_of
from omicsbench.planning.obstacles import obstacle, obstacle_in_data
from omicsbench.planning.outline import ChosenData, DataTerms, Outline, outline
from omicsbench.planning.suite import Suite
from omicsbench.prepare.embeddings import with_embedding
from omicsbench.prepare.prepared import Prepared, prepare
from omicsbench.reading.own import OwnData
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Cause, Ending, RunRecord, RunSpec, Status
from omicsbench.registry.discover import Registry, device_present
from omicsbench.registry.embeddings import NamedEmbedding
from omicsbench.registry.pipeline import Pipeline


@dataclass(frozen=True)
class Planned:
    """One run that is to be: its spec, pipeline, prepared data, and why it cannot run, if so."""

    spec: RunSpec
    pipeline: Pipeline
    prepared: Prepared
    skip: str | None = None

    @cached_property
    def key(self) -> str:
        """That of the spec, which has to work it out."""
        return self.spec.key

    def skipped_record(self, suite: str, here: Environment, why: str = "") -> RunRecord:
        """The record of a run that cannot run, or is set aside because somebody said ``why``.

        ``here`` is the environment in which it was.
        """
        ending = Ending(Status.SKIPPED, f"set aside: {why}", Cause.SET_ASIDE)
        if self.skip:
            ending = Ending(Status.SKIPPED, self.skip, Cause.CANNOT_RUN)
        return RunRecord.unfinished(
            self.spec,
            self.pipeline,
            ending,
            dataset_info=self.prepared.facts,
            environment=here,
            suite=suite,
        )


def make_plan(
    suite: Suite,
    registry: Registry,
    own_data: Sequence[OwnData] = (),
    on_dataset: Callable[[str, float], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Planned]:
    """Every run of the suite, in the order in which it is done: ``prepared_plan`` of its outline.

    Raises OmicsbenchError for anything unknown or unusable, before any run has started.
    """
    return prepared_plan(outlined(suite, registry, own_data), on_dataset, tell)


def outlined(suite: Suite, registry: Registry, own_data: Sequence[OwnData] = ()) -> Outline:
    """The outline of a suite that is to be run here; nothing is prepared or made.

    Raises OmicsbenchError for what is unknown, and a device that is not there.
    """
    if not device_present(suite.device):
        raise OmicsbenchError(f"There is no {suite.device} device here; use --device cpu.")
    return outline(suite, registry, own_data)


def prepared_plan(
    whole: Outline,
    on_dataset: Callable[[str, float], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> list[Planned]:
    """Every run of an outline, in the order in which it is done.

    Prepares the data sets, telling ``on_dataset`` the name of each and the share done of it, and
    ``tell`` in one line what was read.
    """
    suite = whole.suite
    plan: list[Planned] = []
    for data in whole.datasets:
        name = data.source.name
        if on_dataset:
            on_dataset(name, 0.0)
        prepared = prepare(
            data.source,
            range(suite.repeats),
            seed=suite.seed,
            features=suite.features,
            per_size=suite.features_per_size,
            on_share=partial(on_dataset, name) if on_dataset else None,
        )
        if tell:
            tell(prepared[0].facts.line)
        plan += _runs(whole, data, prepared, tell)
        data.source.__dict__.pop("cells", None)  # loaded data is no longer needed
    return plan


def _runs(
    whole: Outline,
    data: ChosenData,
    prepared: dict[int, Prepared],
    tell: Callable[[str], None] | None,
) -> list[Planned]:
    contents = prepared[0].contents
    train = min(p.split.train.size for p in prepared.values())
    terms = (
        DataTerms.of_splits(
            contents.id, [p.split for p in prepared.values()], contents.most_repeats
        )
        if contents.split == "group"
        else DataTerms.of(contents.id, contents.shape[0], train)
    )
    made: list[Planned] = []
    given: dict[tuple[NamedEmbedding, str | None], dict[int, Prepared]] = {}
    sizes = data.sizes(terms.train)
    if tell and (words := data.too_large(terms.train)):
        tell(words)
    for wanted in whole.wanted(data, sizes):
        known = obstacle(wanted)
        named, splits = wanted.contestant.pipeline.embedding, prepared
        if named:
            splits = given.get((named, wanted.read)) or with_embedding(
                prepared,
                [named.key, wanted.read],
                partial(embedding_of, data.source, named),
            )
            given[named, wanted.read] = splits
        for spec in wanted.specs(terms):
            held = splits[spec.repeat]
            skip = known or obstacle_in_data(wanted, spec, held)
            made.append(Planned(spec, wanted.contestant.pipeline, held, skip))
    return made
