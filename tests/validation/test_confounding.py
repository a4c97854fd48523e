"""Labels and batches that cannot be told apart are told of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats.contingency import association

from omicsbench.datasets import simulated_batches
from omicsbench.validation.check import check
from omicsbench.validation.confounding import confounding, cramers_v


def notes(**parameters: object) -> str:
    loaded = simulated_batches.load(n=400, genes=30, **parameters)
    return " ".join(check(loaded, "cell_type", "counts", batch="batch").notes)


def test_it_is_said_of_a_confounded_simulation_and_of_no_balanced_one() -> None:
    told = notes(composition="confounded", effect="none")
    assert "cannot be told apart" in told
    assert "Cramer's V 1.00" in told
    assert "Cramer" not in notes(composition="balanced", effect="cell_type")


def test_where_they_go_together_in_part() -> None:
    batches = np.repeat([0, 1], 50)
    codes = np.where(np.arange(100) % 8 == 0, 1 - batches, batches)
    (told,) = confounding(codes, batches, "kind", "run")
    assert "go together" in told
    assert confounding(np.arange(100) % 2, batches, "kind", "run") == []


@pytest.mark.parametrize("codes", [np.full(20, -1), np.zeros(20, int)])
def test_without_classes_there_is_nothing_to_say(codes: np.ndarray) -> None:
    assert confounding(codes, np.arange(20) % 2, "kind", "run") == []


def test_cramers_v_is_scipys() -> None:
    table = np.array([[30, 5, 10], [2, 40, 8]])
    assert cramers_v(table) == pytest.approx(association(table, method="cramer"))
