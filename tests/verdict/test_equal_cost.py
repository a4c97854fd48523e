"""Quality at equal cost from records: who competes with whom, and what a run costs."""

from __future__ import annotations

from typing import Any

import pytest

import builders
from omicsbench.errors import RegistryError
from omicsbench.planning.contestants import resolve_metrics
from omicsbench.planning.suite import make_suite
from omicsbench.records.analysis import Analysis
from omicsbench.records.spec import Phases, RunRecord, Tuning
from omicsbench.registry.discover import discover
from omicsbench.verdict.equal_cost import at_equal_cost, cost_of, seconds_of

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
    assert [b.at.budget for b in found][:: len(found) - 1] == [1.5, 40.5]
    named = {b.at.deep.pipeline if b.at.deep else "" for b in found}
    assert named == {"", "net", f"net ({TUNED})"}
    last = found[-1]
    assert last.at.mean == pytest.approx(0.2)
    assert last.scores == pytest.approx((0.702, 0.502))
    assert found[0].at.mean is None


def test_what_a_run_costs() -> None:
    record = run("net", "deep", 0.6, 10.0, 0, tuning=TUNED, energy_j=7.0)
    assert seconds_of(record) == 40.5
    assert cost_of(record, "price", {"cpu": 3600.0}) == 40.5
    assert cost_of(record, "price", {"cuda": 1.0}) is None
    assert cost_of(record, "joules", {}) is None, "the energy of a search is not known"
    assert cost_of(run("net", "deep", 0.6, 1.0, 0, energy_j=7.0), "joules", {}) == 7.0


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
