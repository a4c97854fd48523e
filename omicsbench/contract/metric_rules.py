"""Rules that every metric keeps, on made-up output: at random, perfect, tiny and without labels."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from omicsbench.metrics import Estimate, Metric, MetricUndefined, Neighbors

CLASSES, ROWS, TRAIN, NEIGHBORS = 4, 120, 160, 10
RARE = 9  # one cell in so many is of the last class
FEW = 3  # rows of an output that is too small for most metrics
ROUNDING = 1e-9


class Scored:
    """A metric under examination, with all that a metric may ask for, of each kind of output."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.random = _inputs(metric, noise=True)
        self.perfect = _inputs(metric)

    def value(self, inputs: dict[str, Any]) -> Estimate | str:
        """The score, or the reason why there is none."""
        try:
            return self.metric(**inputs)
        except MetricUndefined as reason:
            return str(reason)


def _inputs(metric: Metric, noise: bool = False, rows: int = ROWS) -> dict[str, Any]:
    """Cells of four classes far apart, one of them rare, and an output that is the data, or noise.

    Of task ``predict`` the last class was held out of training: its cells have no label.
    """
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(0)
    means = 8 * rng.standard_normal((CLASSES, 6))
    last = CLASSES - 1
    labels, train_labels = (
        np.where(np.arange(n) % RARE, np.arange(n) % last, last) for n in (rows, TRAIN)
    )
    X, train = (
        (means[codes] + rng.standard_normal((len(codes), 6))).astype(np.float32)
        for codes in (labels, train_labels)
    )
    outliers = labels == CLASSES - 1
    certain = np.where(outliers[:, None], 1 / CLASSES, np.eye(CLASSES)[labels])

    def output(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        drawn = rng.standard_normal(values.shape) if noise else values
        return drawn.astype(np.float32)

    target = X[:, 0].astype(np.float64)
    ends = rng.standard_normal((rows, 2)) if noise else target[:, None] + [-0.1, 0.1]
    ends[::10] += 0 if noise else 1  # one in ten lies outside of an interval of 90 %
    mixed = rng.standard_normal((X.shape[1], 2)).astype(np.float32)
    near = Neighbors.of(X, min(NEIGHBORS, rows - 1))
    Z = output(X)
    rates = rng.gamma(0.5, 20.0, (CLASSES, 6))
    molecules, seen = (rng.poisson(rates[codes]) for codes in (labels, train_labels))
    decoded = np.abs(output(rates[labels]))
    if metric.tasks == ("predict",):
        labels = np.where(outliers, -1, labels)
    return {
        "expression": X,
        "reconstruction": output(X),
        "gene_neighbors": near,
        "embedding": Z,
        "background": Z.copy(),
        "train_embedding": output(train),
        "latent": X @ mixed,
        "train_latent": train @ mixed,
        "labels": labels,
        "train_labels": train_labels,
        "probe_labels": labels.copy(),
        "molecules": molecules.astype(np.float32),
        "reference_embedding": output(train),
        "reference_counts": csr_matrix(seen.astype(np.float32)),
        "half_embedding": output(X),
        "decoded": decoded,
        "validation_molecules": molecules.astype(np.float32),
        "validation_decoded": decoded.copy(),
        "held_out_values": X[:, :4].copy(),
        "learning_embedding": output(train),
        "learning_values": train[:, :4].copy(),
        "probabilities": rng.dirichlet(np.ones(CLASSES), rows) if noise else certain,
        "outliers": outliers,
        "mixed_embedding": Z.copy(),
        "mixed_batches": np.arange(rows) // CLASSES % 2,
        "mixed_labels": labels.copy(),
        "prediction": output(target).astype(np.float64),
        "target": target,
        "interval": np.sort(ends, axis=1),
        "modality_expression": {"rna": X, "protein": 2 * X},
        "modality_neighbors": {"rna": near, "protein": near},
        "modality_embeddings": {"rna": output(X), "protein": output(X)},
        "cross_modal": {"protein": output(2 * X)},
    }


def _documented(s: Scored) -> str | None:
    m = s.metric
    if not (m.function.__doc__ or "").strip():
        return "the function has no docstring"
    return None if m.title and m.source else "title and source must say what it is"


def _scores(s: Scored) -> str | None:
    for kind, inputs in (("random", s.random), ("perfect", s.perfect)):
        try:
            found = s.value(inputs)
        except ValueError as error:
            return f"a {kind} output: {error}"
        if isinstance(found, str):
            return f"no score of a {kind} output: {found}"
    return None


def _prefers(s: Scored) -> str | None:
    chance, best = s.value(s.random), s.value(s.perfect)
    if isinstance(chance, str) or isinstance(best, str):
        return None  # told by the rule that asks for a score
    worse = (chance - best) * (1 if s.metric.direction == "max" else -1)
    if worse <= s.metric.margin:
        return None
    return (
        f"a perfect output scores {best:g}, a random one {chance:g}: is {s.metric.direction} "
        "the direction in which it is better?"
    )


def _repeatable(s: Scored) -> str | None:
    first, second = s.value(s.random), s.value(copy.deepcopy(s.random))
    return None if first == second else f"scored {first}, then {second}; draw from a fixed seed"


def _untouched(s: Scored) -> str | None:
    given = copy.deepcopy(s.random)
    s.value(given)
    pairs = zip(_arrays(given), _arrays(s.random), strict=True)
    same = all(np.array_equal(after, before) for after, before in pairs)
    return None if same else "it changed its input"


def _reasons(s: Scored) -> str | None:
    """Whatever cannot be scored raises MetricUndefined: the text is shown to the user."""
    none = np.full(ROWS, -1)
    unlabelled = s.perfect | {
        "labels": none,
        "probe_labels": none,
        "train_labels": np.full(TRAIN, -1),
        "target": np.full(ROWS, np.nan),
    }
    for kind, inputs in (
        (f"{FEW} cells", _inputs(s.metric, noise=True, rows=FEW)),
        ("cells without labels", unlabelled),
    ):
        try:
            found = s.value(inputs)
        except Exception as error:
            return f"of {kind} it raises {type(error).__name__}: {error}; raise MetricUndefined"
        if found == "":
            return f"of {kind} it raises MetricUndefined without a reason"
    return None


def _per_cell(s: Scored) -> str | None:
    found = s.value(s.random)
    if isinstance(found, str) or found.per_cell is None:
        return None
    if np.shape(found.per_cell) != (ROWS,):
        return f"per_cell must have {ROWS} numbers, got {np.shape(found.per_cell)}"
    mean = float(np.nanmean(found.per_cell))
    if not math.isclose(mean, found, rel_tol=ROUNDING, abs_tol=ROUNDING):
        return f"the mean of per_cell is {mean:g}, the score {found:g}"
    return None


def _arrays(inputs: dict[str, Any]) -> Iterator[np.ndarray[Any, Any]]:
    for value in inputs.values():
        if isinstance(value, dict):
            yield from _arrays(value)
        elif isinstance(value, Neighbors):
            yield from (value.indices, value.ranks)
        elif not isinstance(value, np.ndarray):
            yield value.toarray()
        else:
            yield value


METRIC: dict[str, Callable[[Scored], str | None]] = {
    "says what it is": _documented,
    "scores a random and a perfect output, within the declared range": _scores,
    "a perfect output scores no worse than a random one": _prefers,
    "the same input has the same score": _repeatable,
    "the input is left unchanged": _untouched,
    "what it cannot score raises MetricUndefined": _reasons,
    "numbers of single cells, where given, have the score as their mean": _per_cell,
}
