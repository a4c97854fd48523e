"""Where the right answer of a regression is known, the whole chain finds it."""

from __future__ import annotations

import pytest

from omicsbench.planning.suite import make_suite
from omicsbench.records.spec import Status
from omicsbench.registry.discover import discover
from omicsbench.running.runner import run_suite
from omicsbench.verdict.judge import verdicts

DEEP = "mlp_regressor(width=128, max_steps=3000)"
BOTH = "epistatic_trait(n=5000, variants=8, pairs=4)"


@pytest.fixture(scope="module")
def standings(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """Of each data set and metric, where the deep pipelines stand to the linear ones."""
    chosen = make_suite(
        {
            "name": "traits",
            "task": "regress",
            "pipelines": [DEEP, "ridge", "pls_regressor", "mean_predictor"],
            "repeats": 5,
            "threads": 1,
            "scored": 600,
            "metrics": ["r2", "spearman"],
            "datasets": [
                {"name": "additive_trait(n=3000)", "sizes": [600]},
                {"name": BOTH, "sizes": [2500]},
                {"name": "additive_trait(n=2000, permuted=True)", "sizes": [600]},
            ],
        }
    )
    records = run_suite(chosen, tmp_path_factory.mktemp("traits"), registry=discover())
    assert {record.status for record in records} == {Status.OK}
    found = verdicts(records)
    return {(v.dataset, v.metric): v.standing for v in found if v.best and not v.is_control}


@pytest.mark.slow
@pytest.mark.promise
def test_deep_is_ahead_where_variants_act_in_pairs_and_nowhere_else(
    standings: dict[tuple[str, str], str],
) -> None:
    ahead = {dataset for (dataset, _), standing in standings.items() if standing == "ahead"}
    assert ahead == {BOTH}
    additive = {s for (dataset, _), s in standings.items() if dataset.startswith("additive")}
    assert additive <= {"behind", "equal", "open"}
