"""Quality at equal cost from records: who competes with whom, and what a run costs."""

from __future__ import annotations

from typing import Any

import pytest

import builders
from omicsbench.errors import RegistryError
from omicsbench.metrics import METRICS
from omicsbench.metrics.known import facts
from omicsbench.planning.contestants import resolve_metrics
from omicsbench.planning.suite import make_suite
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import OwnMetric, Phases, RunRecord, Status, Tuning
from omicsbench.registry.discover import discover
from omicsbench.verdict.equal_cost import at_equal_cost, cost_of, cpu_seconds_of, seconds_of

PRICED = Analysis(price_per_hour={"cpu": 0.1, "cuda": 2.5})
TUNED = Tuning(trials=3, metric="knn_recall")


def run(
    pipeline: str,
    family: str,
    score: float,
    seconds: float,
    repeat: int,
    size: int = 100,
    tuning: Tuning | None = None,
    **changes: Any,
) -> RunRecord:
    where = {
        "device": changes.pop("device", "cpu"),
        "features_per_size": changes.pop("features_per_size", False),
    }
    spec = builders.spec(
        dataset="cells", pipeline=pipeline, size=size, repeat=repeat, tuning=tuning, **where
    )
    score += 0.001 * repeat
    fields: dict[str, Any] = {
        "family": family,
        "output_dim": 10,
        "scores": {"knn_recall": score, "reconstruction_mse": 1 - score},
        "validation": {"knn_recall": score, "reconstruction_mse": 1 - score},
        "phases": Phases(fit_s=seconds, transform_s=0.5, tuning_s=3 * seconds if tuning else 0.0),
    }
    return builders.record(spec, **(fields | changes))


def study(**changes: Any) -> list[RunRecord]:
    """A cheap simple pipeline, a dear deep one, and the deep one tuned."""
    return [
        record
        for repeat in range(5)
        for record in (
            run("linear", "simple", 0.5, 1.0, repeat, **changes),
            run("net", "deep", 0.6, 10.0, repeat, **changes),
            run("net", "deep", 0.7, 10.0, repeat, tuning=TUNED, **changes),
        )
    ]


def test_a_tuned_pipeline_is_a_dearer_one_of_the_same_comparison() -> None:
    found = at_equal_cost(study(), budgets=5)
    assert {b.metric for b in found} == {"knn_recall"}, "secondary metrics are left out"
    assert len(found) == 5
    assert [b.at.budget for b in found][:: len(found) - 1] == [1.5, 40.5]
    named = {b.at.deep.pipeline if b.at.deep else "" for b in found}
    assert named == {"", "net", f"net ({TUNED})"}
    last = found[-1]
    assert last.at.mean == pytest.approx(0.2)
    assert last.scores == pytest.approx((0.702, 0.502))
    assert found[0].at.mean is None


def test_a_comparison_names_its_terms_and_its_unit() -> None:
    first = at_equal_cost(study(), budgets=2)[0]
    assert (first.dataset, first.task, first.device) == ("cells", "embed", "cpu")
    assert (first.output_dim, first.metric, first.currency) == (10, "knn_recall", "seconds")
    assert first.own_metric is None
    assert first.scored_by is METRICS["knn_recall"]
    assert first.scores == (None, pytest.approx(0.502)), "deep costs more than this budget"
    assert first.at.pairs == 0


def test_errors_are_told_as_they_are_and_the_lowest_is_chosen() -> None:
    records = [
        run(name, family, 0.0, cost, repeat, scores={"brier": brier}, validation={"brier": brier})
        for repeat in range(5)
        for name, family, cost, brier in (
            ("linear", "simple", 1.0, 0.4),
            ("net", "deep", 2.0, 0.3),
            ("large", "deep", 2.0, 0.7),
        )
    ]
    last = at_equal_cost(records)[-1]
    assert last.at.deep is not None
    assert last.at.deep.pipeline == "net"
    assert last.scores == pytest.approx((0.3, 0.4))
    assert last.at.mean == pytest.approx(0.1), "positive where deep is better"


def test_comparisons_come_by_metric_and_dimension_one_of_which_may_be_unknown() -> None:
    names = ("trustworthiness", "continuity", "knn_recall", "distance_spearman")
    both = dict.fromkeys(names, 0.5)
    records = [
        run(f"{name}({dim})", family, 0.5, 1.0, r, scores=both, validation=both, output_dim=dim)
        for r in range(5)
        for name, family in (("linear", "simple"), ("net", "deep"))
        for dim in (10, None)
    ]
    found = [(b.metric, b.output_dim) for b in at_equal_cost(records)]
    assert found == [(name, dim) for name in sorted(names) for dim in (10, None)]


def test_a_family_that_lacks_a_metric_stops_no_other_comparison() -> None:
    """Of two metrics and two dimensions, the later ones by name are compared all the same."""
    both = {"knn_recall": 0.5, "trustworthiness": 0.5}
    records = [
        run(name, family, 0.5, cost, repeat, scores=scores, validation=scores, output_dim=dim)
        for repeat in range(5)
        for name, family, cost, scores, dim in (
            ("linear", "simple", 1.0, both, 2),
            ("net", "deep", 2.0, {"trustworthiness": 0.5}, 2),
            ("map", "simple", 1.0, both, 10),
        )
    ]
    found = at_equal_cost(records)
    assert {(b.metric, b.output_dim) for b in found} == {("trustworthiness", 2)}
    untold = [r.model_copy(update={"validation": {}}) for r in records]
    assert at_equal_cost(untold) == []


@pytest.mark.parametrize("term", ["threads", "dataset_id", "features", "scored", "split"])
def test_unlike_terms_do_not_compete(term: str) -> None:
    other = "kfold" if term == "split" else "2" if term == "dataset_id" else 99
    deep = [r for r in study() if r.family == "deep"]
    moved = [r.model_copy(update={"spec": r.spec.model_copy(update={term: other})}) for r in deep]
    assert at_equal_cost([*moved, *(r for r in study() if r.family == "simple")]) == []


def test_repeats_that_did_not_finish_cost_nothing() -> None:
    """What failed is neither among the costs nor among the pairs."""
    failed = {"status": Status.TIMEOUT, "scores": {}, "validation": {}}
    records = [
        r.model_copy(update=failed) if (r.spec.repeat, r.family) == (0, "deep") else r
        for r in study()
    ]
    assert at_equal_cost(records) == [], "four of five"
    found = at_equal_cost(records, min_repeats=4)
    assert {b.at.pairs for b in found} == {0, 4}
    assert len(found) == 12


def test_sizes_of_one_pipeline_compete_with_each_other() -> None:
    large = [run("linear", "simple", 0.8, 4.0, repeat, size=1_000) for repeat in range(5)]
    last = at_equal_cost([*study(), *large], budgets=2)[-1]
    assert last.at.simple is not None
    assert (last.at.simple.size, last.at.simple.cost) == (1_000, 4.5)


def test_a_metric_of_ones_own_is_compared_as_its_runs_describe_it() -> None:
    own = {"own": OwnMetric(**facts(METRICS["brier"]) | {"title": "Own error"})}
    records = [
        run(name, family, 0.0, 1.0, r, scores={"own": at}, validation={"own": at}, own_metrics=own)
        for r in range(5)
        for name, family, at in (("linear", "simple", 0.4), ("net", "deep", 0.3))
    ]
    (found,) = at_equal_cost(records)
    assert found.own_metric is not None
    assert (found.metric, found.scored_by.title) == ("own", "Own error")
    assert found.scores == pytest.approx((0.3, 0.4)), "lower is better, and told as it is"


def test_what_a_run_costs() -> None:
    record = run("net", "deep", 0.6, 10.0, 0, tuning=TUNED, energy_j=7.0)
    assert seconds_of(record) == 40.5
    assert cost_of(record, "price", {"cpu": 3600.0}) == 40.5
    assert cost_of(record, "price", {"cuda": 1.0}) is None
    assert cost_of(record, "joules", {}) is None, "the energy of a search is not known"
    assert cost_of(run("net", "deep", 0.6, 1.0, 0, energy_j=7.0), "joules", {}) == 7.0


def busy(**changes: Any) -> list[RunRecord]:
    """The study on a busy machine: the linear one waited a minute for its second of CPU."""
    wall = {"linear": 60.0, "net": 10.0}
    cpu = {"cpu_s": 1.0, "tuning_cpu_s": 5.0} | changes
    return [
        r.model_copy(
            update={
                "phases": r.phases.model_copy(update={"fit_s": wall[r.spec.pipeline]}),
                "cpu_s": cpu["cpu_s"] * (1 if r.spec.pipeline == "linear" else 4),
                "tuning_cpu_s": cpu["tuning_cpu_s"] if r.spec.tuning else None,
            }
        )
        for r in study()
    ]


def test_cost_is_cpu_time_where_it_is_known_and_wall_time_is_told_beside() -> None:
    found = at_equal_cost(busy(), budgets=5)
    assert {b.currency for b in found} == {"cpu_seconds"}
    assert [found[0].at.budget, found[-1].at.budget] == [1.0, 9.0]
    first, last = found[0].at.simple, found[-1].at.deep
    assert first is not None
    assert (first.cost, first.wall_s) == (1.0, 60.5)
    assert last is not None
    assert (last.cost, last.wall_s) == (9.0, 40.5), "a search is part of both"


@pytest.mark.parametrize(
    "unknown",
    [
        {"tuning_cpu_s": None},
        {"threads": 2},
        {"device": "cuda"},
    ],
)
def test_cost_is_wall_time_where_cpu_time_is_unknown_or_tells_nothing(
    unknown: dict[str, Any],
) -> None:
    """The search of an older record; several threads; a GPU: for all that compete with it."""
    of_spec = {name: value for name, value in unknown.items() if name != "tuning_cpu_s"}
    records = [
        r.model_copy(update={"spec": r.spec.model_copy(update=of_spec)})
        for r in busy(**{name: v for name, v in unknown.items() if name not in of_spec})
    ]
    found = at_equal_cost(records, budgets=5)
    assert {b.currency for b in found} == {"seconds"}
    assert found[-1].at.budget == 60.5


def test_what_a_coarse_clock_counted_as_nothing_cost_its_wall_time() -> None:
    record = run("linear", "simple", 0.5, 0.004, 0, cpu_s=0.0)
    assert cpu_seconds_of(record) == seconds_of(record) == 0.504
    assert cpu_seconds_of(run("linear", "simple", 0.5, 1.0, 0)) is None


def test_money_lets_devices_compete() -> None:
    fast = [run("net", "deep", 0.6, 0.5, repeat, device="cuda") for repeat in range(5)]
    records = [*study(), *fast]
    assert {b.device for b in at_equal_cost(records)} == {"cpu"}, (
        "on one device there is one family"
    )
    priced = [b for b in at_equal_cost(records, PRICED) if b.currency == "price"]
    assert {b.device for b in priced} == {"cpu + cuda"}
    named = {b.at.deep.pipeline for b in priced if b.at.deep}
    assert "net on cpu" in named
    assert f"net ({TUNED}) on cpu" in named
    assert all(b.at.simple.pipeline == "linear on cpu" for b in priced if b.at.simple)


def test_energy_is_compared_where_it_is_known() -> None:
    assert {b.currency for b in at_equal_cost(study(energy_j=2.0))} == {"seconds", "joules"}


def test_what_cannot_be_compared_is_left_out() -> None:
    assert at_equal_cost(study(features_per_size=True)) == []
    assert at_equal_cost([r for r in study() if r.family == "deep"]) == []
    assert at_equal_cost(study(is_control=True)) == []
    assert at_equal_cost([r for r in study() if r.spec.repeat < 4]) == []
    assert at_equal_cost(study()[:1]) == []
    assert at_equal_cost([]) == []


@pytest.mark.parametrize(("field", "key"), [("margins", "knn_recall"), ("price_per_hour", "cpu")])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "dear"])
def test_margins_and_prices_are_sound_numbers(field: str, key: str, value: Any) -> None:
    with pytest.raises(RegistryError, match=rf"suite: analysis.{field}.{key}: "):
        make_suite({"name": "s", "pipelines": ["pca"], "analysis": {field: {key: value}}})


def test_a_price_is_that_of_a_device() -> None:
    with pytest.raises(RegistryError, match=r"price_per_hour.tpu.*'cpu', 'cuda' or 'mps'"):
        make_suite(
            {"name": "s", "pipelines": ["pca"], "analysis": {"price_per_hour": {"tpu": 1.0}}}
        )


def test_margins_are_those_of_known_metrics() -> None:
    suite = make_suite(
        {
            "name": "s",
            "pipelines": ["pca"],
            "metrics": ["knn_recall"],
            "analysis": {"margins": {"knn_recal": 0.1}},
        }
    )
    with pytest.raises(RegistryError, match=r"analysis.margins: .*knn_recal"):
        resolve_metrics(suite, discover())
    known = suite.model_copy(update={"analysis": Analysis(margins={"trustworthiness": 0.0})})
    assert resolve_metrics(known, discover()) == ("knn_recall",)
