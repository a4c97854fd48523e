"""Metrics of batch removal and of biology: against scib-metrics and harmonypy, and by behaviour."""

from __future__ import annotations

import contextlib
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omicsbench.metrics import METRICS, MetricUndefined, batches
from omicsbench.metrics.neighbors import Neighbors

REFERENCES = Path(__file__).parent / "references" / "batches.py"
KNOWN: dict[str, Any] = json.loads(REFERENCES.with_suffix(".json").read_text())


def _made() -> Any:
    spec = importlib.util.spec_from_file_location("batch_references", REFERENCES)
    assert spec is not None and spec.loader is not None  # noqa: PT018
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = _made()
cases = pytest.mark.parametrize("case", MADE.CASES)


def drawn(n: int = 300, shift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Three labels far apart in two batches, moved against each other by ``shift``."""
    rng = np.random.default_rng(seed)
    labels, codes = rng.integers(0, 3, n), rng.integers(0, 2, n)
    Z = 8 * np.eye(4)[labels] + shift * np.eye(4)[3] * codes[:, None]
    return (Z + rng.normal(size=Z.shape)).astype(np.float32), codes, labels


def score(name: str, Z: np.ndarray, codes: Any = None, labels: Any = None) -> Any:
    """The metric of rows that are looked at among themselves."""
    mixed = {"mixed_embedding": Z, "mixed_batches": codes, "mixed_labels": labels}
    return METRICS[name](embedding=Z, **mixed)


@cases
@pytest.mark.parametrize("library", ["lisi", "harmonypy_lisi"])
def test_lisi_is_that_of_the_libraries(case: str, library: str) -> None:
    Z, codes, _ = MADE.embedding(MADE.CASES[case])
    np.testing.assert_allclose(batches.lisi(Z, codes), KNOWN[case][library], atol=1e-4)


@cases
def test_scaled_lisi_is_that_of_scib_metrics_but_for_the_mean(case: str) -> None:
    Z, codes, labels = MADE.embedding(MADE.CASES[case])
    mixed = (batches.lisi(Z, codes) - 1) / 2
    assert np.median(mixed) == pytest.approx(KNOWN[case]["ilisi_knn"], abs=1e-4)
    assert score("ilisi", Z, codes) == pytest.approx(mixed.mean())
    alike = (3 - batches.lisi(Z, labels)) / 2
    assert np.median(alike) == pytest.approx(KNOWN[case]["clisi_knn"], abs=1e-4)
    assert score("clisi", Z, labels=labels) == pytest.approx(alike.mean())


@cases
def test_the_share_accepted_is_that_of_scib_metrics(case: str) -> None:
    Z, codes, labels = MADE.embedding(MADE.CASES[case])
    own = labels == 0
    near = np.column_stack([np.arange(own.sum()), Neighbors.of(Z[own], 9).indices])
    assert batches.accepted(near, codes[own]).mean() == pytest.approx(KNOWN[case]["kbet"])


@cases
def test_graph_connectivity_is_that_of_scib_metrics(case: str) -> None:
    Z, _, labels = MADE.embedding(MADE.CASES[case])
    expected = KNOWN[case]["graph_connectivity"]
    assert score("graph_connectivity", Z, labels=labels) == pytest.approx(expected)


def test_batches_that_are_alike_are_mixed_and_those_apart_are_not() -> None:
    Z, codes, labels = drawn()
    assert score("ilisi", Z, codes) > 0.9
    assert score("kbet", Z, codes, labels) > 0.9
    apart, codes, labels = drawn(shift=30)
    assert score("ilisi", apart, codes) < 0.01
    assert score("kbet", apart, codes, labels) < 0.01
    assert score("graph_connectivity", apart, labels=labels) < 0.7


def test_noise_mixes_batches_and_loses_biology() -> None:
    Z, codes, labels = drawn()
    noise = np.random.default_rng(1).normal(size=Z.shape).astype(np.float32)
    assert score("ilisi", noise, codes) > 0.85
    assert score("clisi", noise, labels=labels) < 0.25 < 0.9 < score("clisi", Z, labels=labels)
    assert score("cross_batch_balanced_accuracy", noise, codes, labels) < 0.45
    assert score("cross_batch_balanced_accuracy", Z, codes, labels) > 0.95


def test_labels_are_learnt_in_other_batches_only() -> None:
    """A batch effect that turns labels round deceives it, however well labels lie apart."""
    Z, codes, labels = drawn()
    turned = Z.copy()
    turned[codes == 1] = Z[codes == 1][:, [1, 2, 0, 3]]
    assert score("clisi", turned[codes == 1], labels=labels[codes == 1]) > 0.9
    assert score("cross_batch_balanced_accuracy", turned, codes, labels) < 0.05


def test_cells_without_a_label_count_for_batches_alone() -> None:
    Z, codes, labels = drawn()
    some = np.where(np.arange(len(labels)) % 3, labels, -1)
    known = some >= 0
    assert score("clisi", Z, labels=some) == pytest.approx(
        score("clisi", Z[known], labels=some[known])
    )
    found = score("cross_batch_balanced_accuracy", Z, codes, some)
    assert found.per_cell is not None
    assert np.isnan(found.per_cell[~known]).all()


def test_where_label_and_batch_are_one_it_is_said() -> None:
    Z, _, labels = drawn()
    with pytest.raises(MetricUndefined, match="two batches"):
        score("kbet", Z, labels, labels)
    with pytest.raises(MetricUndefined, match="two batches"):
        score("cross_batch_balanced_accuracy", Z, labels, labels)
    with pytest.raises(MetricUndefined, match="fewer than 2 batches"):
        score("ilisi", Z, np.zeros(len(Z), dtype=int))


@pytest.mark.parametrize("name", [n for n, m in METRICS.items() if m.tasks == ("batch",)])
def test_of_a_constant_embedding_and_a_few_rows(name: str) -> None:
    _, codes, labels = drawn(60)
    assert 0 <= score(name, np.ones((60, 3), np.float32), codes, labels) <= 1
    with contextlib.suppress(MetricUndefined):
        assert 0 <= score(name, np.eye(3, dtype=np.float32), codes[:3], labels[:3]) <= 1


def test_cells_of_a_new_batch_are_looked_at_among_training_cells() -> None:
    """Scored are the first rows, all of one batch; what lies beside them is of others."""
    Z, _, labels = drawn()
    codes = np.repeat([0, 1], 150)
    given = {"mixed_embedding": Z, "mixed_batches": codes, "mixed_labels": labels}
    for name in ("ilisi", "clisi", "cross_batch_balanced_accuracy"):
        found = METRICS[name](embedding=Z[:150], **given)
        assert found > 0.85
        assert found.per_cell is not None
        assert found.per_cell.shape == (150,)
