"""Rules that a regressor keeps, on small made-up data of known structure."""

from __future__ import annotations

import pickle
from functools import cached_property
from typing import Any

import numpy as np

from omicsbench.contract.task_rules import (
    NEW_ROWS,
    ROWS,
    Rules,
    beside,
    documented,
    taken,
    unchanged,
)
from omicsbench.registry.pipeline import Stage

FEATURES = 30
LEVELS = (0.5, 0.9)


class Regressor:
    """A regressor under examination: a number that follows the first feature, far from zero."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        rng = np.random.default_rng(0)
        X = rng.standard_normal((ROWS + NEW_ROWS, FEATURES)).astype(np.float32)
        self.y = (50 + 3 * X[:ROWS, 0] + rng.standard_normal(ROWS)).astype(np.float32)
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
        return self.stage.build(0, "cpu").fit(self.train, self.y.copy(), **beside_train)

    @property
    def asked(self) -> dict[str, Any]:
        """What is handed beside new rows."""
        return beside(self.stage.info, NEW_ROWS, new=True)

    def predicted(self, model: Any) -> Any:
        return model.predict(self.new, **self.asked)


def _predicts(s: Regressor) -> str | None:
    values = np.asarray(s.predicted(s.model))
    if values.shape != (NEW_ROWS,) or values.dtype.kind != "f" or not np.isfinite(values).all():
        return (
            f"predict must return finite numbers ({NEW_ROWS},), got {values.dtype} {values.shape}"
        )
    off = float(np.abs(values - 50).max())
    return None if off < 50 else f"predict must be in the units of y: {off:.3g} off y's mean of 50"


def _intervals(s: Regressor) -> str | None:
    if not s.stage.info.intervals:
        return None
    widths = []
    for level in LEVELS:
        ends = np.asarray(s.model.predict_interval(s.new, level, **s.asked))
        if ends.shape != (NEW_ROWS, 2) or not np.isfinite(ends).all():
            return f"predict_interval must return finite ({NEW_ROWS}, 2), got {ends.shape}"
        widths.append(ends[:, 1] - ends[:, 0])
    narrow, wide = widths
    ordered = (narrow >= 0).all() and (wide >= narrow).all()
    return None if ordered else "ends must be in order, and farther apart at a higher level"


def _seeded(s: Regressor) -> str | None:
    same = np.allclose(s.predicted(s.model), s.predicted(s.fitted()), atol=1e-3)
    return None if same else "equal seeds give unequal results"


def _untouched(s: Regressor) -> str | None:
    s.predicted(s.model)
    return None if unchanged(s) else "fit or predict changed its input"


def _picklable(s: Regressor) -> str | None:
    copy = pickle.loads(pickle.dumps(s.model))  # noqa: S301 - its own
    same = np.allclose(s.predicted(s.model), s.predicted(copy), atol=1e-3)
    return None if same else "a pickled copy gives other results"


REGRESSOR: Rules = {
    "says what it is": documented,
    "predict gives one finite number for each row, in the units of y": _predicts,
    "predict_interval, where declared, gives ordered ends, wider at a higher level": _intervals,
    "equal seeds give equal results": _seeded,
    "the input is left unchanged": _untouched,
    "a fitted method survives pickling": _picklable,
}
