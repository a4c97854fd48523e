"""Controls whose answer is known, through the whole harness with its own settings."""

from __future__ import annotations

import numpy as np
import pytest

from omicsbench.planning.suite import load_suite
from omicsbench.records.spec import RunRecord
from omicsbench.running.runner import run_suite
from omicsbench.verdict.judge import verdicts
from omicsbench.verdict.recommend import recommendations
from omicsbench.verdict.verdict import Outcome

SUITE = load_suite("controls")
JUDGED = SUITE.analysis


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[RunRecord]:
    return run_suite(SUITE, tmp_path_factory.mktemp("controls"))


@pytest.mark.slow
def test_no_autoencoder_is_ahead_on_linear_data(records: list[RunRecord]) -> None:
    found = [
        v
        for v in verdicts(records, JUDGED)
        if v.dataset.startswith("linear_control") and v.metric == "reconstruction_r2"
    ]
    assert len(found) == 8, "three depths and all; the reference and every simple pipeline"
    assert all(v.not_ahead for v in found), [v.sentence for v in found]
    assert not any(v.outcome.ahead for v in found)


@pytest.mark.slow
def test_autoencoders_overtake_on_curved_data(records: list[RunRecord]) -> None:
    found = {
        v.deep: v
        for v in verdicts(records, JUDGED)
        if v.dataset.startswith("nonlinear_control")
        and v.metric == "reconstruction_r2"
        and v.against == "reference"
        and not (v.best and v.contenders > 1)
    }
    deep, linear = found["autoencoder(10, depth=8)"], found["autoencoder(10, depth=0)"]
    assert deep.outcome is Outcome.AHEAD_FROM
    assert deep.n_star is not None
    assert 50 < deep.n_star <= 1_000
    best = [
        v
        for v in verdicts(records, JUDGED)
        if v.dataset == deep.dataset and v.best and v.metric == "reconstruction_r2"
    ]
    assert {v.outcome for v in best} <= {Outcome.AHEAD_FROM, Outcome.AHEAD_FROM_SMALLEST}
    assert linear.not_ahead, "without non-linearity there is nothing to win"


@pytest.mark.slow
def test_random_is_never_ahead_and_the_oracle_is_at_the_top(records: list[RunRecord]) -> None:
    from omicsbench.metrics import METRICS

    def mean(name: str, dataset: str, size: int, metric: str) -> float:
        return float(
            np.mean(
                [
                    r.scores[metric]
                    for r in records
                    if r.spec.pipeline.startswith(name)
                    and r.spec.size == size
                    and r.spec.dataset == dataset
                ]
            )
        )

    assert {r.status for r in records} == {"ok"}
    cases = {(r.spec.dataset, r.spec.size) for r in records}
    assert len(cases) == 8
    for dataset, size in cases:
        for metric in ("knn_recall", "distance_spearman", "knn_probe_balanced_accuracy"):
            assert METRICS[metric].direction == "max"
            pca = mean("pca", dataset, size, metric)
            assert mean("random_embedding", dataset, size, metric) < pca
        assert mean("label_oracle", dataset, size, "knn_probe_balanced_accuracy") > 0.99


@pytest.mark.slow
def test_pca_is_recommended_on_linear_data_and_a_deep_pipeline_on_curved(
    records: list[RunRecord],
) -> None:
    found = {r.dataset.partition("(")[0]: r for r in recommendations(records, JUDGED)}
    linear, curved = found["linear_control"], found["nonlinear_control"]
    assert linear.overall.clear
    assert linear.overall.pipeline == "pca(10)"
    assert curved.overall.clear
    assert curved.families[curved.overall.pipeline] == "deep"
    truth = curved.purposes["recover the simulated truth"]
    assert truth.clear
    assert curved.families[truth.pipeline] == "deep"
    for one in found.values():
        sizes = {r.spec.size for r in records if r.spec.dataset == one.dataset}
        assert one.size == max(sizes)
