"""From the runs that are to do to the jobs of the workers, in the order that saves most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from omicsbench.planning.contestants import shared_prefixes
from omicsbench.planning.plan import Planned
from omicsbench.records.costs import Observation, cost_terms, observe
from omicsbench.records.facts import Environment
from omicsbench.records.spec import RunRecord
from omicsbench.running.job import Conditions, Job

Known = dict[str, tuple[Observation, ...]]  # costs of runs, by the label of their contestant


def known_costs(plan: Sequence[Planned], stored: Iterable[RunRecord], here: Environment) -> Known:
    """What stored runs under the plan's terms cost, by label; times of other machines differ."""
    wanted = {(p.spec.dataset_id, cost_terms(p.spec)) for p in plan}
    found: dict[str, list[Observation]] = {}
    for record in stored:
        same = (record.spec.dataset_id, cost_terms(record.spec)) in wanted
        if same and record.environment.same_machine(here):
            seen = observe(record)
            if seen:
                found.setdefault(seen.pipeline, []).append(seen)
    return {pipeline: tuple(costs) for pipeline, costs in found.items()}


def chains(
    todo: Sequence[Planned], conditions: Conditions, known: Mapping[str, tuple[Observation, ...]]
) -> list[list[Job]]:
    """One job per contestant, its runs in ascending size within each data set.

    Pipelines that begin with the same stage follow each other in one chain: the first fits
    it, the others find it fitted. Tuned pipelines share nothing, as their parameters differ;
    they are jobs of their own, so that neither their cost nor their failures tell of others.
    """
    by_label: dict[str, list[Planned]] = {}
    for planned in todo:
        by_label.setdefault(planned.spec.label, []).append(planned)
    written = [runs[0].pipeline for runs in by_label.values() if not runs[0].spec.tuning]
    shared = shared_prefixes(written)
    made: dict[str, list[Job]] = {}
    for label, runs in by_label.items():
        pipeline, tuned = runs[0].pipeline, runs[0].spec.tuning is not None
        job = Job(
            conditions,
            pipeline.text,
            pipeline.family,
            pipeline.is_control,
            runs=tuple((p.spec, str(p.prepared.folder)) for p in runs),
            sees=pipeline.sees,
            files=pipeline.files,
            shared=() if tuned else tuple(sorted(shared.intersection(pipeline.prefixes))),
            known=known.get(label, ()),
            on_gpu=_on_gpu(runs[0]),
            contamination=pipeline.contamination,
            embeddings={
                str(p.prepared.folder): p.prepared.embedding for p in runs if p.prepared.embedding
            },
        )
        made.setdefault(label if tuned else pipeline.prefixes[0], []).append(job)
    return list(made.values())


def _on_gpu(planned: Planned) -> bool:
    device = planned.spec.device
    return device != "cpu" and any(device in s.info.devices for s in planned.pipeline.stages)
