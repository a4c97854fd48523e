"""What is recommended: the cheapest that nothing is shown to beat, and nothing without grounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pytest

from omicsbench.records.analysis import Analysis
from omicsbench.records.facts import Environment
from omicsbench.records.spec import Phases, RunRecord, Status
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import Recommendation, recommendations
from studies import DEEP, OTHER, PCA, SIZES, Curve, flat, run, study

RECALL, R2, PROBE = "knn_recall", "reconstruction_r2", "knn_probe_balanced_accuracy"
CHEAP = "cheap(n_components=10)"
COSTS = {CHEAP: 0.1, PCA: 1.0, OTHER: 3.0, DEEP: 100.0}


def priced(
    records: Iterable[RunRecord], costs: Mapping[str, float] = COSTS, cpu: bool = True
) -> list[RunRecord]:
    """The same, with what each run of a pipeline took: half of its wall time where CPU time is."""
    return [
        r.model_copy(
            update={
                "phases": Phases(fit_s=costs[r.spec.pipeline]),
                "cpu_s": costs[r.spec.pipeline] / 2 if cpu else None,
            }
        )
        if r.status is Status.OK
        else r
        for r in records
    ]


def measured(curves: Mapping[str, Mapping[str, float]], repeats: int = 5) -> list[RunRecord]:
    """Runs scored by several metrics; of each, the score of each pipeline at every size."""
    of_metric = {
        metric: study(
            {p: flat(at) for p, at in of.items()}, metric=metric, seed=i, repeats=repeats, threads=1
        )
        for i, (metric, of) in enumerate(curves.items())
    }
    every: dict[str, RunRecord] = {}
    for records in of_metric.values():
        for r in records:
            known = every.get(r.key, r)
            every[r.key] = known.model_copy(update={"scores": known.scores | r.scores})
    return list(every.values())


def only(records: Sequence[RunRecord], **options: int) -> Recommendation:
    (found,) = recommendations(records, **options)
    return found


def test_where_all_are_alike_the_cheapest_is_recommended() -> None:
    alike = measured({RECALL: {CHEAP: 0.5, PCA: 0.5, OTHER: 0.5, DEEP: 0.5}})
    found = only(priced(alike))
    assert found.overall.pipeline == CHEAP
    assert found.overall.clear
    assert list(found.families) == [CHEAP, PCA, OTHER, DEEP], "the cheapest first"
    assert only(priced(alike, COSTS | {CHEAP: 2.0})).overall.pipeline == PCA


def test_a_cheap_one_that_is_beaten_gives_way_to_the_next() -> None:
    records = measured({RECALL: {CHEAP: 0.3, PCA: 0.5, OTHER: 0.6, DEEP: 0.605}})
    found = only(priced(records))
    assert found.overall.pipeline == OTHER, "deep is within the margin of it"
    assert found.simple.pipeline == OTHER
    assert found.times(DEEP, OTHER) == pytest.approx(100 / 3)


def test_deep_is_recommended_where_it_is_shown_better_than_each_simple_one() -> None:
    records = priced(measured({RECALL: {CHEAP: 0.3, PCA: 0.5, OTHER: 0.6, DEEP: 0.8}}))
    found = only(records)
    assert found.overall.pipeline == DEEP
    assert found.simple.pipeline == OTHER, "the cost of deep is told beside the best simple one"
    assert all(v.outcome.ahead for v in verdicts(records))


def test_what_is_open_is_a_reason_for_the_cheaper_one() -> None:
    noisy = study({CHEAP: flat(0.5), DEEP: flat(0.6)}, metric=RECALL, noise=0.3, seed=1, threads=1)
    assert {v.standing for v in verdicts(noisy)} == {"open"}
    assert only(priced(noisy)).overall.pipeline == CHEAP


def test_measures_that_disagree_are_told_by_purpose() -> None:
    records = measured({R2: {PCA: 0.5, DEEP: 0.7}, PROBE: {PCA: 0.8, DEEP: 0.7}})
    found = only(priced(records))
    assert not found.overall.clear, "each is beaten by one of the two"
    assert {p: c.pipeline for p, c in found.purposes.items()} == {
        "reconstruct the data": DEEP,
        "find cell types or classes": PCA,
    }
    assert all(choice.clear for choice in found.purposes.values())


def test_within_a_purpose_the_one_that_is_beaten_by_the_fewest_measures_is_named() -> None:
    labels = (PROBE, "linear_probe_balanced_accuracy", "nmi")
    records = measured(
        {
            labels[0]: {PCA: 0.5, DEEP: 0.7},
            labels[1]: {PCA: 0.5, DEEP: 0.7},
            labels[2]: {PCA: 0.8, DEEP: 0.7},
        }
    )
    (choice,) = only(priced(records)).purposes.values()
    assert choice.pipeline == DEEP
    assert dict(choice.beaten_by) == {"nmi": PCA}


def test_the_measures_of_a_data_set_share_the_level() -> None:
    """A claim of p = 0.02 moves a choice by one measure, and none by two."""
    offsets = (-2, -1, 0, 1, 2)
    lead = 0.01 + 3.07 * 0.02  # in standard errors beyond the margin: p = 0.0187

    def records(*others: str) -> list[RunRecord]:
        made = []
        for repeat, offset in enumerate(offsets):
            for name, score in ((PCA, 0.2), (DEEP, 0.2 + lead + 0.02828 * offset)):
                scores = {RECALL: score} | dict.fromkeys(others, 0.5)
                family = "deep" if name == DEEP else "simple"
                made.append(run(name, 100, repeat, scores, family=family, threads=1))
        return priced(made)

    one, two = records(), records(PROBE)
    ahead = [{v.metric for v in verdicts(r) if v.outcome.ahead} for r in (one, two)]
    assert ahead == [{RECALL}, {RECALL}]
    assert only(one).overall.pipeline == DEEP
    assert only(two).overall.pipeline == PCA


def test_controls_and_oracles_are_never_recommended() -> None:
    records = priced(measured({RECALL: {CHEAP: 0.9, PCA: 0.5, OTHER: 0.9, DEEP: 0.5}}))
    controls = {
        CHEAP: {"family": "control"},  # an oracle, and the cheapest
        OTHER: {"is_control": True},
    }
    found = only([r.model_copy(update=controls.get(r.spec.pipeline, {})) for r in records])
    assert found.overall.pipeline == PCA
    assert list(found.families) == [PCA, DEEP]


def test_the_size_is_the_largest_that_both_sides_have() -> None:
    both = study({PCA: flat(0.5), DEEP: flat(0.5)}, metric=RECALL, threads=1)
    kept = [r for r in both if not (r.spec.pipeline == DEEP and r.spec.size > SIZES[1])]
    assert only(priced(kept)).size == SIZES[1]
    alone = [r for r in both if r.spec.pipeline == PCA]
    found = only(priced(alone))
    assert (found.size, found.overall.pipeline) == (SIZES[-1], PCA), "no deep one is needed"


def test_one_that_fails_beyond_is_not_recommended() -> None:
    curves: dict[str, Curve] = {PCA: flat(0.5), DEEP: flat(0.8)}
    done = study(curves, metric=RECALL, sizes=SIZES[:-1], threads=1)
    beyond = study({PCA: flat(0.5)}, metric=RECALL, sizes=SIZES[-1:], threads=1)
    assert only(priced([*done, *beyond])).overall.pipeline == DEEP, "it was not tried there"

    def failed(status: Status) -> list[RunRecord]:
        return [
            run(DEEP, SIZES[-1], r, None, family="deep", threads=1, status=status) for r in range(5)
        ]

    assert only(priced([*done, *beyond, *failed(Status.CRASHED)])).overall.pipeline == PCA
    dear = only(priced([*done, *beyond, *failed(Status.TIMEOUT)]))
    assert (dear.overall.pipeline, dear.size) == (DEEP, SIZES[-2]), "fewer samples serve as well"
    assert dear.named(DEEP) == f"{DEEP} on {SIZES[-2]:,} samples"


def test_one_without_a_score_by_some_measure_is_no_candidate_for_it() -> None:
    records = priced(measured({RECALL: {CHEAP: 0.5, PCA: 0.5}, R2: {PCA: 0.5}}))
    found = only(records)
    assert found.overall.pipeline == PCA
    choices = {p: c.pipeline for p, c in found.purposes.items()}
    assert choices == {"keep neighbours": CHEAP, "reconstruct the data": PCA}


def test_a_measure_that_has_too_few_scores_of_anybody_is_silent() -> None:
    both = measured(
        {RECALL: {CHEAP: 0.5, PCA: 0.5, DEEP: 0.5}, R2: {CHEAP: 0.5, PCA: 0.5, DEEP: 0.5}}
    )
    few = [
        r
        if r.spec.repeat < 2
        else r.model_copy(update={"scores": {k: v for k, v in r.scores.items() if k != R2}})
        for r in both
    ]
    found = only(priced(few))
    assert (found.overall.pipeline, found.overall.metrics) == (CHEAP, (RECALL,))
    assert not found.purposes["reconstruct the data"].pipeline


@pytest.mark.parametrize(("repeats", "reason"), [(2, "2 repeats, and"), (1, "1 repeat, and")])
def test_too_few_repeats_recommend_nothing(repeats: int, reason: str) -> None:
    found = only(priced(measured({RECALL: {PCA: 0.5, DEEP: 0.8}}, repeats=repeats)))
    assert not found.overall.pipeline
    assert found.reason.startswith(reason)


def test_without_a_finished_run_or_a_primary_measure_there_is_none() -> None:
    failed = [run(p, 100, r, None) for p in (PCA, OTHER) for r in range(5)]
    assert recommendations(failed) == []
    assert recommendations([]) == []
    secondary = study({PCA: flat(0.5)}, metric="reconstruction_mse")
    assert recommendations(secondary) == []


def test_cost_is_cpu_time_where_all_know_it_and_unknown_costs_come_last() -> None:
    records = measured({RECALL: {CHEAP: 0.5, PCA: 0.5, DEEP: 0.5}})
    by_cpu, by_clock = only(priced(records)), only(priced(records, cpu=False))
    assert (by_cpu.by_cpu, by_cpu.seconds[PCA]) == (True, 0.5)
    assert (by_clock.by_cpu, by_clock.seconds[PCA]) == (False, 1.0)
    elsewhere = [
        r.model_copy(update={"contamination": "unseen"} if r.spec.pipeline == CHEAP else {})
        for r in priced(records)
    ]
    found = only(elsewhere)
    assert (list(found.families), found.seconds[CHEAP]) == ([PCA, CHEAP, DEEP], None)
    assert found.overall.pipeline == PCA
    assert found.times(DEEP, CHEAP) is None


def test_of_costs_that_no_clock_tells_apart_the_reference_comes_first() -> None:
    alike = measured({RECALL: {CHEAP: 0.5, PCA: 0.5, OTHER: 0.5, DEEP: 0.5}})
    tiny = {CHEAP: 0.002, PCA: 0.02, OTHER: 0.001, DEEP: 5.0}  # wall time, twice the CPU time
    (with_reference,) = recommendations(priced(alike, tiny), Analysis(reference="pca"))
    assert [*with_reference.families] == [PCA, OTHER, CHEAP, DEEP]
    assert with_reference.overall.pipeline == PCA
    assert only(priced(alike, tiny)).overall.pipeline == OTHER, "without one, the cheapest"
    (dearer,) = recommendations(priced(alike, tiny | {PCA: 0.022}), Analysis(reference="pca"))
    assert dearer.overall.pipeline == OTHER


def test_dimensions_and_tunings_are_recommended_apart() -> None:
    ten = study({PCA: flat(0.5), DEEP: flat(0.5)}, metric=RECALL, threads=1)
    two = study({"map(n_components=2)": flat(0.5)}, metric=RECALL, output_dim=2, threads=1)
    found = recommendations(priced([*ten, *two], COSTS | {"map(n_components=2)": 0.01}))
    assert {f.output_dim: f.overall.pipeline for f in found} == {10: PCA, 2: "map(n_components=2)"}


def test_times_of_another_machine_are_not_compared() -> None:
    records = priced(measured({RECALL: {CHEAP: 0.5, PCA: 0.5, DEEP: 0.5}}))
    other = Environment(cpu="another", cores=64)
    moved = [
        r.model_copy(update={"environment": other} if r.spec.pipeline == CHEAP else {})
        for r in records
    ]
    found = only(moved)
    assert found.seconds[CHEAP] is None
    assert found.overall.pipeline == PCA


def test_simple_ones_are_tried_first_be_a_deep_one_cheaper_or_a_cost_unknown() -> None:
    records = measured({RECALL: {PCA: 0.5, DEEP: 0.5}})
    cheaper = priced(records, {PCA: 10.0, DEEP: 1.0})
    assert only(cheaper).overall.pipeline == PCA
    unknown = [
        r.model_copy(update={"contamination": "unseen"} if r.spec.pipeline == PCA else {})
        for r in cheaper
    ]
    assert only(unknown).overall.pipeline == PCA
