"""Rules that a predictor and an integrator keep, on small made-up data of known structure."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from omicsbench.plugin import MethodInfo, Modality, Values
from omicsbench.registry.pipeline import Stage
from omicsbench.stream import Counts

ROWS, NEW_ROWS, IMAGE = 80, 11, (5, 6)


def taken(rows: NDArray[np.float32], info: MethodInfo) -> Any:
    """Rows (n, p) in the form in which a method takes them: counts, CSR or dense."""
    from scipy.sparse import csr_matrix

    if info.reads == "counts":
        return Counts.held(rows)
    return csr_matrix(rows) if info.accepts_sparse else rows


def beside(info: MethodInfo, rows: int, new: bool = False) -> dict[str, NDArray[np.int32]]:
    """What else a method is handed of so many rows: two batches, and one more of ``new`` rows."""
    if "batch" not in info.uses:
        return {}
    own = {"batch": (np.arange(rows) % (3 if new else 2)).astype(np.int32)}
    if info.task == "batch" and "labels" in info.uses and not new:
        own["labels"] = np.where(np.arange(rows) % 5, np.arange(rows) // 2 % 3, -1).astype(np.int32)
    return own


def named(info: MethodInfo, parameters: Collection[str]) -> str:
    """A method as a pipeline names it, with the parameters that it cannot be without."""
    if "image" in parameters:
        return f"{info.name}(image={IMAGE})"
    return f"{info.name}(key='X_made_up')" if info.reads == "embedding" else info.name


def unchanged(subject: Any) -> bool:
    """Whether the rows that a subject holds are as they were made, ``given``."""
    arrays = (subject.train, subject.new)
    dense = [X if isinstance(X, np.ndarray) else X.toarray() for X in arrays]
    return all(map(np.array_equal, dense, subject.given))


class Predictor:
    """A predictor under examination: classes 0, 2 and 5, and a fourth with one member."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        rng = np.random.default_rng(0)
        self.y = np.array([0, 2, 5])[np.arange(ROWS) % 3]
        self.y[-1] = 7
        X = rng.standard_normal((ROWS + NEW_ROWS, IMAGE[0] * IMAGE[1])).astype(np.float32)
        X[:ROWS, 0] += self.y
        if stage.info.reads == "counts":
            X = rng.poisson(np.exp(X)).astype(np.float32)
        self.given = X[:ROWS].copy(), X[ROWS:].copy()
        self.train, self.new = (taken(rows, stage.info) for rows in (X[:ROWS], X[ROWS:]))

    @cached_property
    def model(self) -> Any:
        """One fitted method for all rules: fits may take seconds."""
        return self.fitted()

    def fitted(self) -> Any:
        beside_train = beside(self.stage.info, ROWS)
        return self.stage.build(0, "cpu").fit(self.train, self.y, **beside_train)

    @property
    def asked(self) -> dict[str, Any]:
        """What is handed beside new rows."""
        return beside(self.stage.info, NEW_ROWS, new=True)


def documented(s: Any) -> str | None:
    """Whether the method says what it is; the reason if it does not."""
    if not (s.stage.make.__doc__ or "").strip():
        return "the class has no docstring"
    return None if s.stage.info.summary and s.stage.info.source else "say what it is and its source"


def _proba(s: Predictor) -> str | None:
    model = s.model
    P = np.asarray(model.predict_proba(s.new, **s.asked))
    if list(model.classes_) != [0, 2, 5, 7]:
        return f"classes_ must be the codes seen, ascending, got {list(model.classes_)}"
    if P.shape != (NEW_ROWS, 4) or not np.isfinite(P).all():
        return f"predict_proba must return finite ({NEW_ROWS}, 4), got {P.shape}"
    sums = P.min() >= 0 and np.allclose(P.sum(axis=1), 1, atol=1e-3)
    return None if sums else "rows of predict_proba must be probabilities that sum to 1"


def _samples(s: Predictor) -> str | None:
    if not s.stage.info.samples:
        return None
    model = s.model
    drawn = np.asarray(model.sample_proba(s.new, **s.asked))
    if drawn.ndim != 3 or drawn.shape[1:] != (NEW_ROWS, 4):
        return f"sample_proba must return (s, {NEW_ROWS}, 4), got {drawn.shape}"
    same = np.allclose(drawn.mean(axis=0), model.predict_proba(s.new, **s.asked), atol=1e-3)
    return None if same else "predict_proba must be the mean of sample_proba"


def _seeded(s: Predictor) -> str | None:
    first, second = (model.predict_proba(s.new, **s.asked) for model in (s.model, s.fitted()))
    return None if np.allclose(first, second, atol=1e-4) else "equal seeds give unequal results"


def _untouched(s: Predictor) -> str | None:
    s.model.predict_proba(s.new, **s.asked)
    return None if unchanged(s) else "fit or predict_proba changed its input"


def _picklable(s: Predictor) -> str | None:
    model = s.model
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301 - its own
    same = np.allclose(
        model.predict_proba(s.new, **s.asked), copy.predict_proba(s.new, **s.asked), atol=1e-4
    )
    return None if same else "a pickled copy gives other results"


class Integrator:
    """An integrator under examination: counts, presence and continuous values of the same cells.

    One that says what it takes is given such modalities, and presence besides.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        rng = np.random.default_rng(0)
        n = ROWS + NEW_ROWS
        z = rng.standard_normal((n, 2))
        counts = rng.poisson(np.exp(0.5 * z @ rng.standard_normal((2, 12)))).astype(np.float32)
        there = (z @ rng.standard_normal((2, 15)) > 0).astype(np.float32)
        values = (z @ rng.standard_normal((2, 10))).astype(np.float32)
        whole = {
            "rna": _counted(counts, "counts"),
            "atac": Modality(there, "bernoulli", there, holds="binary"),
            "lipids": Modality(values + 0.1 * rng.standard_normal((n, 10)).astype(np.float32)),
        }
        if stage.info.takes:
            whole["protein"] = _counted(rng.poisson(np.exp(values)).astype(np.float32), "proteins")
        self.train = {name: modality[:ROWS] for name, modality in whole.items()}
        self.new = {name: modality[ROWS:] for name, modality in whole.items()}
        self.given = self.measured()

    @cached_property
    def model(self) -> Any:
        """One fitted method for all rules: fits may take seconds."""
        return self.fitted()

    def fitted(self) -> Any:
        return self.stage.build(0, "cpu").fit(self.train, **beside(self.stage.info, ROWS))

    @property
    def asked(self) -> dict[str, Any]:
        """What is handed beside new cells."""
        return beside(self.stage.info, NEW_ROWS, new=True)

    def measured(self) -> list[np.ndarray[Any, Any]]:
        """A copy of every array that a method is handed."""
        cells = [*self.train.values(), *self.new.values()]
        arrays = [(own.values, own.raw, own.depth) for own in cells]
        return [array.copy() for own in arrays for array in own if array is not None]


def _counted(counts: NDArray[np.float32], holds: Values) -> Modality:
    return Modality(np.log1p(counts), "negative_binomial", counts, counts.sum(axis=1), holds)


def _joint(s: Integrator) -> str | None:
    Z, d = s.model.transform(s.new, **s.asked), s.stage.n_components
    if not isinstance(Z, np.ndarray) or Z.shape != (NEW_ROWS, d) or Z.dtype != np.float32:
        return f"transform must return float32 ({NEW_ROWS}, {d}), got {np.shape(Z)}"
    return None if np.isfinite(Z).all() else "transform returned non-finite values"


def _partial(s: Integrator) -> str | None:
    if not s.stage.info.partial:
        return None
    model = s.model
    for name, own in s.new.items():
        Z = np.asarray(model.transform({name: own}, **s.asked))
        if Z.shape != (NEW_ROWS, s.stage.n_components) or not np.isfinite(Z).all():
            return f"transform of {name} alone must be finite and of the same shape, got {Z.shape}"
    return None


def _inverts(s: Integrator) -> str | None:
    if not s.stage.info.invertible:
        return None
    model = s.model
    rebuilt = model.inverse_transform(model.transform(s.new, **s.asked))
    for name, own in s.new.items():
        if np.shape(rebuilt.get(name)) != own.values.shape or not np.isfinite(rebuilt[name]).all():
            return f"inverse_transform must give finite {own.values.shape} for {name}"
    return None


def _seeded_joint(s: Integrator) -> str | None:
    first, second = (model.transform(s.new, **s.asked) for model in (s.model, s.fitted()))
    return None if np.allclose(first, second, atol=1e-4) else "equal seeds give unequal results"


def _untouched_joint(s: Integrator) -> str | None:
    s.model.transform(s.new, **s.asked)
    same = all(map(np.array_equal, s.given, s.measured()))
    return None if same else "fit or transform changed its input"


def _picklable_joint(s: Integrator) -> str | None:
    model = s.model
    copy = pickle.loads(pickle.dumps(model))  # noqa: S301 - its own
    same = np.allclose(
        model.transform(s.new, **s.asked), copy.transform(s.new, **s.asked), atol=1e-4
    )
    return None if same else "a pickled copy gives other results"


Rules = dict[str, Callable[[Any], str | None]]
PREDICTOR: Rules = {
    "says what it is": documented,
    "predict_proba gives probabilities of the classes seen, by their codes": _proba,
    "sample_proba, where declared, averages to predict_proba": _samples,
    "equal seeds give equal results": _seeded,
    "the input is left unchanged": _untouched,
    "a fitted method survives pickling": _picklable,
}
INTEGRATOR: Rules = {
    "says what it is": documented,
    "transform gives a finite (n, d) float32 embedding of unseen cells": _joint,
    "transform takes each modality alone, where declared": _partial,
    "inverse_transform, where declared, gives every modality back": _inverts,
    "equal seeds give equal results": _seeded_joint,
    "the input is left unchanged": _untouched_joint,
    "a fitted method survives pickling": _picklable_joint,
}
