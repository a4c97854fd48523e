"""How often the cheapest pipeline is given up falsely."""

from __future__ import annotations

import numpy as np
import pytest

from headlines import counted
from omicsbench.metrics.base import METRICS
from omicsbench.records.spec import Phases, RunRecord
from omicsbench.verdict.recommend import recommendations
from studies import run

CHEAP = "cheap(n_components=10)"
MEASURES = ("knn_recall", "trustworthiness", "continuity", "ari", "nmi", "linear_probe_macro_f1")
STUDIES = 200


def study(rng: np.random.Generator, rivals: int, measures: int, repeats: int) -> list[RunRecord]:
    """Rivals that are better than the cheapest by the margin exactly, half of them deep."""
    names = [CHEAP, *(f"{'net' if i % 2 else 'other'}_{i}(n_components=10)" for i in range(rivals))]
    made = []
    for repeat in range(repeats):
        for place, name in enumerate(names):
            scores = {
                m: 0.3 + METRICS[m].margin * (place > 0) + float(rng.normal(0, 0.05))
                for m in MEASURES[:measures]
            }
            family = "deep" if name.startswith("net") else "simple"
            record = run(name, 100, repeat, scores, family=family, scored=2_000, threads=1)
            made.append(record.model_copy(update={"phases": Phases(fit_s=1.0 + place)}))
    return made


@pytest.mark.slow
@pytest.mark.parametrize(("rivals", "measures"), [(1, 1), (1, 6), (8, 1), (8, 6)])
@pytest.mark.parametrize("repeats", [5, 10])
def test_the_cheapest_is_given_up_falsely_in_few_studies(
    rivals: int, measures: int, repeats: int
) -> None:
    rng = np.random.default_rng([rivals, measures, repeats])
    with counted(MEASURES):
        every = [recommendations(study(rng, rivals, measures, repeats)) for _ in range(STUDIES)]
    wrong = sum(found.overall.pipeline != CHEAP for (found,) in every)
    # 2.5 % of 200 are 5; 11 or more come up in 1.3 % of such counts.
    assert wrong <= 10, f"{wrong} of {STUDIES}"
